/** Moments that are proposed to a worker. `now` is the server's time: the phone's own clock may be years wrong. Pure. */

const HOUR = 3_600_000;

export const inAnHour = (now: number): string => new Date(now + HOUR).toISOString();

/** So many days from now, at an hour of the phone's time zone. */
export const atHour = (now: number, days: number, hour: number): string => atTime(now, days, hour, 0);

export const endOfDay = (now: number, days: number): string => atTime(now, days, 23, 59);

function atTime(now: number, days: number, hour: number, minute: number): string {
  const date = new Date(now);
  date.setDate(date.getDate() + days);
  date.setHours(hour, minute, 0, 0);
  return date.toISOString();
}

/** The day in the phone's time zone, as 2022-10-04. */
export function dayOf(now: number): string {
  const date = new Date(now);
  return new Date(now - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 10);
}
