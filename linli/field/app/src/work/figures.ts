/** Figures and the order of doors, from what lies over the pack. Pure. */
import type { Door, Mark, Pack, Place, Round, State } from './data';
import type { Standing, Work } from './overlay';

export const isOpen = (state: State): boolean => state === 'not_reached' || state === 'absent' || state === 'refused';
const hasLeft = (state: State): boolean => state === 'moved_out' || state === 'vacant';

export interface Figures {
  due: number;
  done: number;
  exempt: number;
  absent: number;
  refused: number;
  doorsOpen: number;
}

export const openOf = (figures: Figures): number => figures.due - figures.done - figures.exempt;

/** One stairwell's people (or households) by state, in the order of the legend. */
export const tallyOf = (figures: Figures): ['done' | 'absent' | 'refused' | 'exempt' | 'not_reached', number][] => [
  ['done', figures.done],
  ['absent', figures.absent],
  ['refused', figures.refused],
  ['exempt', figures.exempt],
  ['not_reached', openOf(figures) - figures.absent - figures.refused],
];

export interface Tile {
  door: Door;
  /** null: nobody is due behind it. */
  state: State | null;
  people: number;
  standings: Standing[];
  own: boolean;
}

/** The state of a door: open while anyone behind it is; of several the one that needs a walk most. As the desk has it. */
function doorState(states: readonly State[]): State | null {
  const due = states.filter((state) => !hasLeft(state));
  if (due.length === 0) return states.length ? 'vacant' : null;
  for (const state of ['not_reached', 'refused', 'absent'] as const) if (due.includes(state)) return state;
  return due.includes('done') ? 'done' : 'exempt';
}

export function count(standings: Iterable<Standing>): Figures {
  const figures: Figures = { due: 0, done: 0, exempt: 0, absent: 0, refused: 0, doorsOpen: 0 };
  const doors = new Set<number>();
  for (const { state, door } of standings) {
    if (hasLeft(state)) continue;
    figures.due++;
    if (state !== 'not_reached') figures[state as 'done' | 'exempt' | 'absent' | 'refused']++;
    if (isOpen(state)) doors.add(door);
  }
  figures.doorsOpen = doors.size;
  return figures;
}

/** The word of a door, as a part of a key of the words. */
export function stateWord(tile: Tile): State | 'none' | 'empty' {
  if (tile.state) return tile.state;
  if (tile.door.vacant) return 'vacant';
  return tile.people ? 'none' : 'empty';
}

export interface Stairwell {
  unit: Place;
  building: Place | undefined;
  compound: Place | undefined;
  tiles: Tile[];
  figures: Figures;
}

/** A stairwell's name where its compound is said elsewhere. */
export const nameOf = (stair: Stairwell): string => [stair.building?.name, stair.unit.name].filter(Boolean).join(' ');

export interface Block {
  building: Place | undefined;
  stairs: Stairwell[];
  figures: Figures;
}

/** Stairwells by building, in walking order. */
export const blocksOf = (stairs: readonly Stairwell[]): Block[] =>
  [...groupBy(stairs, (stair) => stair.building?.id).values()].map((inside) => ({
    building: inside[0]!.building,
    stairs: inside,
    figures: count(inside.flatMap((stair) => stair.tiles.flatMap((tile) => tile.standings))),
  }));

/** Every stairwell with doors of this worker, in walking order. */
export function listStairs(work: Work, round: Round | undefined): Stairwell[] {
  const { pack } = work;
  const standings = round ? work.standings.get(round.id) : undefined;
  const atDoor = groupBy(standings?.values() ?? [], (standing) => standing.door);
  const peopleAt = groupBy(work.people.values(), (person) => person.door);
  const stairs = [];
  for (const [unitId, doors] of groupBy(pack.doors.values(), (door) => door.unit)) {
    const unit = pack.places.get(unitId);
    if (!unit) continue;
    const tiles = doors.sort((a, b) => a.pos - b.pos || a.id - b.id).map((door): Tile => {
      const here = atDoor.get(door.id) ?? [];
      const people = (peopleAt.get(door.id) ?? []).length;
      return { door, state: doorState(here.map((each) => each.state)), people, standings: here, own: here.some((each) => each.own) };
    });
    const building = pack.places.get(unit.parent ?? '');
    const compound = pack.places.get(building?.parent ?? '');
    stairs.push({ unit, building, compound, tiles, figures: count(tiles.flatMap((tile) => tile.standings)) });
  }
  return stairs.sort((a, b) => (a.unit.lo ?? 0) - (b.unit.lo ?? 0));
}

/** Floors from the top; nothing where any floor is unknown: then only a list is right. */
export function floorsOf(tiles: readonly Tile[]): { floor: number; tiles: Tile[] }[] | null {
  if (tiles.length === 0 || tiles.some((tile) => tile.door.floor === undefined)) return null;
  const floors = groupBy(tiles, (tile) => tile.door.floor!);
  return [...floors].sort(([a], [b]) => b - a).map(([floor, found]) => ({ floor, tiles: found }));
}

/** Doors side by side: up to four; more are laid in rows of the same length. */
export function columnsFor(doors: number): number {
  if (doors <= 4) return doors;
  return doors <= 6 || doors === 9 ? 3 : 4;
}

/** The next door with somebody open, after `key` in walking order; then from the start. */
export function nextOpen(tiles: readonly Tile[], key: number | undefined): Tile | undefined {
  const at = tiles.findIndex((tile) => tile.door.id === key);
  const isNext = (tile: Tile): boolean => tile.state !== null && isOpen(tile.state) && tile.door.id !== key;
  return tiles.slice(at + 1).find(isNext) ?? tiles.slice(0, Math.max(at, 0)).find(isNext);
}

/** The next stairwell with somebody open, after this one in walking order; then from the start. */
export function nextStair(stairs: readonly Stairwell[], unit: string | undefined): Stairwell | undefined {
  const at = stairs.findIndex((stair) => stair.unit.id === unit);
  const isNext = (stair: Stairwell): boolean => stair.figures.doorsOpen > 0 && stair.unit.id !== unit;
  return stairs.slice(at + 1).find(isNext) ?? stairs.slice(0, Math.max(at, 0)).find(isNext);
}

interface Return {
  door: Door;
  at: string | undefined;
  reason: string | undefined;
}

/** Doors where nobody answered, by when to come back; those without a time last, in walking order. */
export function listReturns(work: Work, round: Round | undefined): Return[] {
  const doors = new Map<number, Return>();
  for (const standing of (round && work.standings.get(round.id)?.values()) ?? []) {
    const door = work.pack.doors.get(standing.door);
    if (standing.state !== 'absent' || !door) continue;
    const before = doors.get(door.id);
    if (!before || (standing.back_at && (!before.at || standing.back_at < before.at))) {
      doors.set(door.id, { door, at: standing.back_at, reason: standing.reason });
    }
  }
  return [...doors.values()].sort((a, b) => timeOrEnd(a.at) - timeOrEnd(b.at) || a.door.id - b.door.id);
}

const timeOrEnd = (at: string | undefined): number => (at ? Date.parse(at) : Number.MAX_SAFE_INTEGER);

/** The marks a worker gives; the last two correct the register. */
export const MARKS: readonly Mark[] = ['done', 'absent', 'refused', 'exempt', 'moved_out', 'vacant'];

export function roundOf(pack: Pack, chosen: string | null): Round | undefined {
  return pack.rounds.find((round) => round.id === chosen) ?? pack.rounds[0];
}

export function groupBy<K, T>(items: Iterable<T>, key: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group) group.push(item);
    else groups.set(key(item), [item]);
  }
  return groups;
}
