/** What a worker does at a door, as commands. */
import { entries, followFiles, keepMine, outbox, queue, withdraw, type OwnMark } from '../field';
import { newId } from '../store/bytes';
import type { Entry } from '../store/outbox';
import type { Mark, Round } from './data';
import type { Standing } from './overlay';
import { followUps, type Choice } from './settle';
import type { Whom } from './whom';

interface MarkMore {
  reason?: string;
  back_at?: string;
  until_at?: string;
  /** Of the tube or kit, in rounds of tests and kits. */
  code?: string;
}

export async function mark(round: Round, whom: Whom, as: Mark, more: MarkMore = {}): Promise<OwnMark> {
  const id = await queue('rounds.mark', { round: round.id, ...whom, mark: as, ...more });
  const own = { id, at: Date.now(), round: round.id, whom, mark: as };
  await keepMine((marks) => [...marks, own]);
  return own;
}

/** The subject of a standing, as a command names it. */
export const whomOf = (round: Round, standing: Standing): Whom =>
  round.per === 'household' ? { household: standing.id } : { person: standing.id };

/** Take a mark back: out of the queue while it never left the phone, else by a command of its own. */
export async function undo(own: OwnMark): Promise<void> {
  if (!(await withdraw(own.id))) await queue('rounds.unmark', { round: own.round, mark: own.id, ...own.whom });
  await keepMine((marks) => marks.filter((mark) => mark.id !== own.id));
}

/** Say more of a mark just given: another one in its place. The first is withdrawn, if it never left, only after that. */
export async function amend(round: Round, own: OwnMark, more: MarkMore): Promise<OwnMark> {
  const next = await mark(round, own.whom, own.mark, more);
  if (await withdraw(own.id)) await keepMine((marks) => marks.filter((each) => each.id !== own.id));
  return next;
}

export interface NewPerson {
  name: string;
  sex?: 'male' | 'female';
  born_on?: string;
  phone?: string;
  id_number?: string;
  relation?: string;
  needs?: string[];
}

const withoutEmpty = <T extends object>(fields: T): Partial<T> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== '' && value !== undefined)) as Partial<T>;

export async function registerHousehold(door: number, label: string, note: string, people: NewPerson[]): Promise<string> {
  const household = newId();
  const named = people.map((person) => ({ person: newId(), ...withoutEmpty(person) }));
  await queue('residents.household', { household, door, ...withoutEmpty({ label, note }), people: named });
  return household;
}

export async function registerPerson(household: string, person: NewPerson): Promise<string> {
  const id = newId();
  await queue('residents.person', { person: id, household, ...withoutEmpty(person) });
  return id;
}

export const report = (what: string, where: { door?: number; place?: string }, text: string): Promise<string> =>
  queue('notices.special', { what, ...where, ...withoutEmpty({ text }) }, true);

/** What was chosen is queued, what hung on it said anew, and only then the disputed command goes: a cut repeats, never loses. */
export async function settle(entry: Entry, choice: Choice): Promise<void> {
  for (const { kind, payload } of choice.commands) await queue(kind, payload);
  const renamed = new Map<unknown, string>();
  for (const { old, payload } of followUps(choice.stands, entries.value)) {
    if (payload) {
      const mark = renamed.get(payload.mark);
      renamed.set(old.id, await queue(old.command!.kind, mark ? { ...payload, mark } : payload, false, old.command));
    }
    await outbox.giveUp(old.id);
  }
  await followFiles(choice.stands);
  await keepMine((marks) => marks.map((each) => renameOwn(each, renamed.get(each.id), choice.stands)));
  await outbox.dismiss(entry.id);
}

function renameOwn(own: OwnMark, id: string | undefined, stands: Choice['stands']): OwnMark {
  if (!id) return own;
  const named = Object.entries(own.whom).map(([name, value]) => [name, stands.get(value as string) ?? value] as const);
  return { ...own, id, whom: Object.fromEntries(named) as Whom };
}
