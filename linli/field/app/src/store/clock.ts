/** Device time, and what is known of its error. Server time decides; the phone only says what it saw. */
export interface Clock {
  /** Milliseconds since 1970, by the device. */
  now(): number;
}

export const deviceClock: Clock = { now: () => Date.now() };

/** Server minus device, from one exchange; the answer is taken to be made in the middle of it. */
export function offsetOf(sentAt: number, heardAt: number, serverTime: string): number {
  return Math.round(Date.parse(serverTime) - (sentAt + heardAt) / 2);
}

const CONTACT_HOURS = 72;
const HOUR = 3_600_000;

/** When the server was last heard, and the latest that the device's clock ever said, so that setting it back does not
 * prolong anything. */
export interface Contact {
  heardAt: number;
  latest: number;
}

/** A clock that is years behind (1970, after an empty battery) is set right sooner or later: the leap to the server's time
 * is no time that went by. Less than a year might be. */
const LOST = 365 * 24 * HOUR;

/** `offset`: server minus device, as of that contact. */
export function isOutOfContact(contact: Contact, now: number, hours: number = CONTACT_HOURS, offset = 0): boolean {
  const latest = Math.max(contact.latest, now);
  const heardAt = contact.heardAt + offset; // by a clock that is right
  const since = offset > LOST && latest > heardAt - 24 * HOUR ? heardAt : contact.heardAt;
  return latest - since > hours * HOUR;
}
