/** The pack as it is read: rows by what they are asked for. Personal fields stay shut until a screen shows them. */
import type { PackRow } from '../store/db';

export type State = 'not_reached' | 'absent' | 'refused' | 'done' | 'exempt' | 'moved_out' | 'vacant';
export type Mark = Exclude<State, 'not_reached'>;

export interface Place {
  id: string;
  code: string;
  name: string;
  kind: string;
  parent?: string;
  lo?: number;
  hi?: number;
  sort?: number;
  row: PackRow;
}

export interface Door {
  id: number;
  unit: string;
  number: string;
  label: string;
  floor?: number;
  pos: number;
  kind: string;
  vacant?: boolean;
}

export interface Household {
  id: string;
  door: number;
  client?: string;
  row?: PackRow;
  /** Registered on this phone and not in a pack yet. */
  fresh?: HouseholdDetails;
}

export interface Person {
  id: string;
  household: string;
  door: number;
  client?: string;
  row?: PackRow;
  fresh?: PersonDetails;
}

export interface HouseholdDetails {
  label?: string;
  note?: string;
}

export interface PersonDetails {
  name?: string;
  sex?: string;
  age?: number;
  relation?: string;
  needs?: string[];
  phone?: string;
  note?: string;
  /** `away`; nothing: present. */
  presence?: string;
  back_on?: string;
}

export interface Lead {
  name: string;
  phone?: string;
  deputy?: boolean;
}

export interface Round {
  id: string;
  name: string;
  kind: string;
  per: 'person' | 'household';
  opened: string;
  deadline?: string;
}

export interface Due {
  round: string;
  id: string;
  household: string;
  door: number;
  state?: State;
  at?: string;
  back_at?: string;
  until_at?: string;
  mark?: string;
}

export interface Special {
  id: string;
  door?: number;
  place?: string;
  what: string;
  at: string;
  row?: PackRow;
  /** Reported on this phone and not in a pack yet. */
  fresh?: SpecialDetails;
}

export interface SpecialDetails {
  text?: string;
  by?: string;
}

export interface Pack {
  places: Map<string, Place>;
  doors: Map<number, Door>;
  households: Map<string, Household>;
  people: Map<string, Person>;
  rounds: Round[];
  due: Due[];
  needs: Map<string, string>;
  specials: Special[];
}

export const EMPTY: Pack = {
  places: new Map(),
  doors: new Map(),
  households: new Map(),
  people: new Map(),
  rounds: [],
  due: [],
  needs: new Map(),
  specials: [],
};

/** In the order in which the server gave the ids: the store gives `p10` before `p9`. */
const inTurn = <T extends { id: string }>(found: T[]): T[] =>
  found.sort((a, b) => a.id.length - b.id.length || (a.id < b.id ? -1 : 1));

/** A stairwell or building by name, with its compound where there are several; nothing of a place that the pack has not. */
export function whereIs(id: string | undefined, places: ReadonlyMap<string, Place>): string | undefined {
  const names: string[] = [];
  const isAlone = [...places.values()].filter((each) => each.kind === 'compound').length < 2;
  for (let place = places.get(id ?? ''); place; place = places.get(place.parent ?? '')) {
    if (names.length && place.kind !== 'building' && (isAlone || place.kind !== 'compound')) break;
    names.unshift(place.name);
  }
  return names.join(' ') || undefined;
}

/** Where a worker walks several compounds, each with a "1号楼 1单元 101", a door's label says in which it is. */
function addressed(doors: Map<number, Door>, places: ReadonlyMap<string, Place>): Map<number, Door> {
  const compoundOf = (door: Door): Place | undefined => {
    let place = places.get(door.unit);
    while (place && place.kind !== 'compound') place = places.get(place.parent ?? '');
    return place;
  };
  const found = [...doors.values()].map((door) => [door, compoundOf(door)] as const);
  if (new Set(found.map(([, compound]) => compound?.id)).size < 2) return doors;
  return new Map(found.map(([door, compound]) => [door.id, compound ? { ...door, label: `${compound.name} ${door.label}` } : door]));
}

export function readPack(rows: readonly PackRow[]): Pack {
  const sections = new Map<string, PackRow[]>();
  for (const row of rows) {
    const section = sections.get(row.section);
    if (section) section.push(row);
    else sections.set(row.section, [row]);
  }
  const plain = <T>(name: string): T[] => (sections.get(name) ?? []).map((row) => row.open as T);
  const shut = <T>(name: string): (T & { row: PackRow })[] =>
    (sections.get(name) ?? []).map((row) => ({ ...(row.open as T), row }));
  const byId = <K, T extends { id: K }>(found: T[]): Map<K, T> => new Map(found.map((each) => [each.id, each]));
  const rounds = plain<Round>('rounds').sort((a, b) => (a.opened < b.opened ? 1 : -1));
  const known = new Set(rounds.map((round) => round.id));
  const places: Map<string, Place> = byId(shut<Omit<Place, 'row'>>('places'));
  return {
    places,
    doors: addressed(byId(plain<Door>('doors')), places),
    households: byId(inTurn(shut<Household>('households'))),
    people: byId(inTurn(shut<Person>('people'))),
    rounds,
    due: plain<Due>('due').filter((due) => known.has(due.round)),
    needs: new Map(plain<{ id: string; name: string }>('needs').map((need) => [need.id, need.name])),
    specials: inTurn(shut<Special>('specials')),
  };
}
