/** What a worker looks for, in the pack alone: doors by number before people by name or phone. Pure. */
import type { Door } from './data';

/** Fewer digits of a phone number are in everybody's. */
const PHONE_DIGITS = 4;

export interface Hit {
  door: number;
  unit: string;
  title: string;
  detail: string;
}

export interface Somebody {
  door: number;
  names: string[];
  phone: string | undefined;
  title: string;
}

/** 0: the very number; 1: begins with it; 2: has it somewhere. Nothing: does not. */
function rank(door: Door, wanted: string): number | undefined {
  const number = door.number.toLowerCase();
  if (number === wanted) return 0;
  if (number.startsWith(wanted)) return 1;
  return `${door.label} ${number}`.toLowerCase().includes(wanted) ? 2 : undefined;
}

/** Several words narrow: 3单元 703. */
export function search(text: string, doors: ReadonlyMap<number, Door>, people: Iterable<Somebody>): Hit[] {
  const words = text.trim().toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.length) return [];
  const found: { hit: Hit; rank: number }[] = [];
  for (const door of doors.values()) {
    const ranks = words.map((word) => rank(door, word));
    if (ranks.some((each) => each === undefined)) continue;
    found.push({ hit: { door: door.id, unit: door.unit, title: door.number, detail: door.label }, rank: Math.min(...(ranks as number[])) });
  }
  const hits = found.sort((a, b) => a.rank - b.rank || a.hit.door - b.hit.door).map(({ hit }) => hit);
  for (const { door: key, names, phone, title } of people) {
    const door = doors.get(key);
    if (!door) continue;
    const isMeant = (word: string): boolean =>
      names.some((name) => name.toLowerCase().includes(word)) ||
      (word.length >= PHONE_DIGITS && phone !== undefined && phone.replace(/\D/g, '').includes(word));
    if (words.every(isMeant)) hits.push({ door: key, unit: door.unit, title, detail: door.label });
  }
  return hits;
}
