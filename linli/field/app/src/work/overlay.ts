/** What this phone has done and no pack shows yet, laid over the pack: the screen shows the worker's own work at once. */
import type { Entry } from '../store/outbox';
import type { Due, Household, Pack, Person, PersonDetails, Special, State } from './data';

/** How somebody stands in a round, and by which command. */
export interface Standing extends Omit<Due, 'state'> {
  state: State;
  /** Own mark that no pack shows yet. */
  own: boolean;
  reason?: string;
}

export interface Work {
  pack: Pack;
  households: Map<string, Household>;
  people: Map<string, Person>;
  /** round -> subject -> standing */
  standings: Map<string, Map<string, Standing>>;
  specials: Special[];
  /** Doors of households and people by the UUID that a phone gave them, also where registering them is disputed. */
  named: Map<string, number>;
}

interface MarkPayload {
  round: string;
  person?: string;
  household?: string;
  door?: number;
  mark: State;
  reason?: string;
  back_at?: string;
  until_at?: string;
}

type Given = Record<string, unknown>;

/** Work counts for the screen while it waits, or was taken and no pack shows it. Refused and disputed work does not. */
const isShown = (entry: Entry): boolean =>
  entry.command !== undefined && (entry.state === 'waiting' || entry.state === 'sent');

const timeOf = (entry: Entry): number => Date.parse(entry.command!.at) + (entry.command!.offset_ms ?? 0);

export function lay(pack: Pack, entries: readonly Entry[]): Work {
  const shown = entries.filter(isShown);
  const work: Work = {
    pack,
    households: new Map(pack.households),
    people: new Map(pack.people),
    standings: new Map(pack.rounds.map((round) => [round.id, new Map()])),
    specials: [...pack.specials],
    named: new Map(),
  };
  const aliases = new Map<string, string>();
  for (const household of pack.households.values()) if (household.client) aliases.set(household.client, household.id);
  for (const person of pack.people.values()) if (person.client) aliases.set(person.client, person.id);
  register(work, shown, aliases);
  name(work, entries);
  stand(work, shown, aliases);
  return work;
}

function register(work: Work, entries: readonly Entry[], aliases: ReadonlyMap<string, string>): void {
  for (const entry of entries) {
    const { kind, payload, at } = entry.command!;
    if (kind === 'residents.household') addHousehold(work, payload, aliases);
    if (kind === 'residents.person') addPerson(work, payload, aliases);
    if (kind === 'notices.special') work.specials.push(freshSpecial(entry.id, at, payload));
  }
}

function name(work: Work, entries: readonly Entry[]): void {
  for (const { client, door } of [...work.pack.households.values(), ...work.pack.people.values()]) if (client) work.named.set(client, door);
  for (const { command } of entries) {
    const { household, person, door, people = [] } = (command?.payload ?? {}) as Given & { people?: Given[] };
    if (command?.kind === 'residents.household') {
      for (const id of [household, ...people.map((each) => each.person)]) work.named.set(id as string, door as number);
    } else if (command?.kind === 'residents.person') {
      const at = work.households.get(household as string)?.door ?? work.named.get(household as string);
      if (at !== undefined) work.named.set(person as string, at);
    }
  }
}

function freshSpecial(id: string, at: string, payload: Given): Special {
  const { what, door, place, text } = payload as { what: string; door?: number; place?: string; text?: string };
  return { id, at, what, ...(door !== undefined && { door }), ...(place && { place }), fresh: { ...(text && { text }) } };
}

function addHousehold(work: Work, payload: Given, aliases: ReadonlyMap<string, string>): void {
  const id = payload.household as string;
  const { label, note } = payload as { label?: string; note?: string };
  const fresh = { ...(label && { label }), ...(note && { note }) };
  if (!aliases.has(id)) work.households.set(id, { id, door: payload.door as number, fresh });
  for (const person of (payload.people ?? []) as Given[]) addPerson(work, { ...person, household: id }, aliases);
}

function addPerson(work: Work, payload: Given, aliases: ReadonlyMap<string, string>): void {
  const id = payload.person as string;
  const household = aliases.get(payload.household as string) ?? (payload.household as string);
  const door = work.households.get(household)?.door;
  if (door === undefined || aliases.has(id)) return;
  work.people.set(id, { id, household, door, fresh: payload as PersonDetails });
}

function stand(work: Work, entries: readonly Entry[], aliases: ReadonlyMap<string, string>): void {
  const undone = new Set<string>();
  for (const { command } of entries) if (command!.kind === 'rounds.unmark') undone.add(command!.payload.mark as string);
  for (const due of work.pack.due) {
    const isUndone = due.mark !== undefined && undone.has(due.mark);
    const { state = 'not_reached', ...rest } = due;
    const { round, id, household, door } = due;
    const standing: Standing = isUndone
      ? { round, id, household, door, state: 'not_reached', own: true }
      : { ...rest, state, own: false };
    work.standings.get(due.round)?.set(due.id, standing);
  }
  addFresh(work);
  for (const entry of entries) {
    if (entry.command!.kind === 'rounds.mark' && !undone.has(entry.id)) markOver(work, entry, aliases);
  }
}

/** Who was registered on this phone is due as soon as the server knows them: they can be marked before. */
function addFresh(work: Work): void {
  for (const round of work.pack.rounds) {
    const standings = work.standings.get(round.id)!;
    const add = (id: string, household: string, door: number): void => {
      standings.set(id, { round: round.id, id, household, door, state: 'not_reached', own: true });
    };
    if (round.per === 'household') {
      for (const household of work.households.values()) if (household.fresh) add(household.id, household.id, household.door);
    } else {
      for (const person of work.people.values()) if (person.fresh) add(person.id, person.household, person.door);
    }
  }
}

function markOver(work: Work, entry: Entry, aliases: ReadonlyMap<string, string>): void {
  const payload = entry.command!.payload as unknown as MarkPayload;
  const standings = work.standings.get(payload.round);
  if (!standings) return;
  const subject = aliases.get(payload.person ?? '') ?? payload.person;
  const household = aliases.get(payload.household ?? '') ?? payload.household;
  const at = timeOf(entry);
  for (const standing of standings.values()) {
    const isMeant =
      (subject !== undefined && standing.id === subject) ||
      (household !== undefined && standing.household === household) ||
      (payload.door !== undefined && standing.door === payload.door);
    if (!isMeant || (standing.at && !standing.own && Date.parse(standing.at) > at)) continue;
    const { round, id, household: home, door } = standing;
    const { mark, reason, back_at, until_at } = payload;
    const next: Standing = { round, id, household: home, door, state: mark, own: true, mark: entry.id };
    next.at = new Date(at).toISOString();
    if (reason) next.reason = reason;
    if (back_at) next.back_at = back_at;
    if (until_at) next.until_at = until_at;
    standings.set(id, next);
  }
}
