/** The ways to settle a conflict, each as the commands it sends. Pure. */
import type { Entry } from '../store/outbox';
import type { Word } from '../words';

export type Keep = 'mine' | 'theirs' | 'both';
type Payload = Record<string, unknown>;

export interface Choice {
  keep: Keep;
  word: Word;
  commands: { kind: string; payload: Payload }[];
  /** Ids this phone made that will not come: who stands for them, or nobody. */
  stands: Map<string, string | null>;
}

interface Theirs {
  person?: string;
  household?: string;
  door?: number;
  label?: string;
  seen_at?: string;
}

interface Mine extends Payload {
  person: string;
}

const NUMBERED = /^(.*?)(\d*)$/;
const LABEL_LENGTH = 40;

/** The next name after one that is taken: "合租" -> "合租2", "" -> "2". */
export function nextLabel(label: string): string {
  const [, stem, number] = NUMBERED.exec(label) as unknown as [string, string, string];
  const next = String(number ? Number(number) + 1 : 2);
  return stem.slice(0, LABEL_LENGTH - next.length) + next;
}

export function choicesOf(entry: Entry, may: (permission: string) => boolean): Choice[] {
  const { command, answer } = entry;
  if (entry.state !== 'conflict' || !command || !answer) return [];
  const { payload } = command;
  const theirs = (answer.theirs ?? {}) as Theirs;
  const yours = (answer.yours ?? {}) as Payload;
  if (answer.code === 'residents.label_taken') return ofLabel(payload, theirs);
  if (answer.code === 'residents.changed_meanwhile') return [correct(payload, theirs, new Map()), nothing('keep_theirs', new Map())];
  if (command.kind === 'residents.person') return ofPerson(payload as Mine, theirs, answer.code === 'residents.person_twice', may);
  if (command.kind === 'residents.household') return ofOneOf(payload, yours, theirs, may);
  return [];
}

const nothing = (word: Word, stands: Choice['stands']): Choice => ({ keep: 'theirs', word, commands: [], stands });

function ofLabel(payload: Payload, theirs: Theirs): Choice[] {
  const people = (payload.people ?? []) as Mine[];
  const own = payload.household as string;
  const apart = { kind: 'residents.household', payload: { ...payload, label: nextLabel(String(payload.label ?? '')) } };
  const choices: Choice[] = [
    { keep: 'mine', word: 'keep_apart', commands: [apart], stands: new Map() },
    nothing('keep_theirs', new Map([[own, theirs.household ?? null], ...people.map(({ person }): [string, null] => [person, null])])),
  ];
  if (!theirs.household) return choices;
  const household = theirs.household;
  const joined = people.map((person) => ({ kind: 'residents.person', payload: { ...person, household } }));
  return [{ keep: 'both', word: 'keep_joined', commands: joined, stands: new Map([[own, household]]) }, ...choices];
}

/** One person, into a household that is there. */
function ofPerson(mine: Mine, theirs: Theirs, isHere: boolean, may: (permission: string) => boolean): Choice[] {
  const stands = new Map([[mine.person, theirs.person ?? null]]);
  const edits = may('residents.edit') && theirs.person !== undefined;
  const choices = [nothing(isHere ? 'keep_theirs' : 'keep_there', new Map([[mine.person, isHere ? (theirs.person ?? null) : null]]))];
  if (isHere) return edits ? [correct(mine, theirs, stands), ...choices] : choices;
  if (edits) {
    const move = { kind: 'residents.move', payload: { person: theirs.person, household: mine.household } };
    return [{ keep: 'mine', word: 'keep_moved', commands: [move], stands }, ...choices];
  }
  const commands = [{ kind: 'residents.person', payload: withoutNumber(mine) }];
  return [{ keep: 'mine', word: 'keep_unnumbered', commands, stands: new Map() }, ...choices];
}

/** One of several in a household that was registered: the others come as they were said. */
function ofOneOf(payload: Payload, yours: Payload, theirs: Theirs, may: (permission: string) => boolean): Choice[] {
  const people = (payload.people ?? []) as Mine[];
  const meant = people.find(({ person }) => person === yours.person);
  if (!meant) return [];
  const others = { kind: 'residents.household', payload: { ...payload, people: people.filter((person) => person !== meant) } };
  const there: Choice = { keep: 'theirs', word: 'keep_there', commands: [others], stands: new Map([[meant.person, null]]) };
  if (may('residents.edit') && theirs.person) {
    const move = { kind: 'residents.move', payload: { person: theirs.person, household: payload.household } };
    const stands = new Map([[meant.person, theirs.person]]);
    return [{ keep: 'mine', word: 'keep_moved', commands: [others, move], stands }, there];
  }
  const unnumbered = people.map((person) => (person === meant ? withoutNumber(person) : person));
  const commands = [{ kind: 'residents.household', payload: { ...payload, people: unnumbered } }];
  return [{ keep: 'mine', word: 'keep_unnumbered', commands, stands: new Map() }, there];
}

const withoutNumber = <T extends Payload>({ id_number: _number, ...rest }: T): Payload => rest;

const CORRECTED = ['name', 'phone', 'sex', 'born_on', 'relation', 'needs', 'note'] as const;

function correct(mine: Payload, theirs: Theirs, stands: Choice['stands']): Choice {
  const said = Object.fromEntries(CORRECTED.filter((name) => mine[name] !== undefined).map((name) => [name, mine[name]]));
  const payload = { person: theirs.person, seen_at: theirs.seen_at, ...said };
  return { keep: 'mine', word: 'keep_mine', commands: [{ kind: 'residents.correct', payload }], stands };
}

interface Anew {
  old: Entry;
  /** null: it goes with whom it speaks of. */
  payload: Payload | null;
}

/** What kinds of commands say about somebody by id; registering says its own. */
const NAMING: Record<string, readonly ('person' | 'household')[]> = { 'residents.household': [], 'residents.person': ['household'] };

/** What waits for somebody who will not come under that id: to be said anew, or set aside. In the order it was done. */
export function followUps(stands: Choice['stands'], entries: readonly Entry[]): Anew[] {
  const known = new Map(stands);
  const found: Anew[] = [];
  for (const entry of entries) {
    if (entry.state !== 'waiting' || !entry.command) continue;
    const { kind, payload } = entry.command;
    const name = (NAMING[kind] ?? (['person', 'household'] as const)).find((each) => known.has(payload[each] as string));
    if (!name) continue;
    const other = known.get(payload[name] as string)!;
    if (other === null && kind === 'residents.person') known.set(payload.person as string, null);
    found.push({ old: entry, payload: other === null ? null : { ...payload, [name]: other } });
  }
  return found;
}

// --- in words ----------------------------------------------------------------------------------------------------

export interface Line {
  field: string;
  yours: unknown;
  theirs: unknown;
}

const FIELDS = ['where', 'label', 'people', 'name', 'sex', 'born_on', 'relation', 'phone', 'needs', 'note'];

/** Both values of a conflict, field by field; what neither says is left out. */
export function compare(yours: Payload, theirs: Payload): Line[] {
  // Of a household that was registered, the one person meant is said field by field.
  const fields = FIELDS.filter((field) => field !== 'people' || !isSaid(theirs.name));
  return fields.filter((field) => isSaid(yours[field]) || isSaid(theirs[field])).map((field) => ({
    field,
    yours: yours[field],
    theirs: theirs[field],
  }));
}

const isSaid = (value: unknown): boolean => value !== undefined && value !== null && value !== '' && !(Array.isArray(value) && !value.length);
