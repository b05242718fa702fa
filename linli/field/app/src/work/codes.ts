/** What a code stands for: an address of this app, as the desk prints it for doors and stairwells, or a place's code. */
import type { Pack } from './data';

/** `linli/places/views_codes.py` prints them. Any host: codes hang on doors for years, and only what is behind the hash is used. */
const ADDRESS = /^https?:\/\/[^/]+\/field\/#\/([duhp])\/([^/?#]+)$/;
const TUBE = /^[0-9A-Za-z](?:[0-9A-Za-z._/-]*[0-9A-Za-z])?$/;
const TUBE_LENGTH = 40;

type Meant = 'door' | 'unit' | 'household' | 'person';
const LETTERS: Record<string, Meant> = { d: 'door', u: 'unit', h: 'household', p: 'person' };

export interface Code {
  is: Meant;
  value: string;
}

/** What was scanned or typed; nothing where it is no code of ours. */
export function readCode(text: string): Code | undefined {
  const found = ADDRESS.exec(text.trim());
  if (!found) return undefined;
  try {
    return { is: LETTERS[found[1]!]!, value: decodeURIComponent(found[2]!) };
  } catch {
    return undefined; // not an encoding of anything
  }
}

/** The page of this app to go to; nothing where the worker's pack does not have it. */
export function findPage(code: Code, pack: Pack): string | undefined {
  if (code.is === 'unit') {
    const unit = [...pack.places.values()].find((place) => place.code === code.value && place.kind === 'unit');
    return unit && `/unit/${unit.id}`;
  }
  const key = code.is === 'door' ? Number(code.value) : (code.is === 'household' ? pack.households : pack.people).get(code.value)?.door;
  const door = pack.doors.get(key ?? NaN);
  if (!door) return undefined;
  return code.is === 'door' ? `/unit/${door.unit}?door=${door.id}` : `/door/${door.id}`;
}

/** The code on a sample tube or a kit, as the server takes it; nothing for anything else, such as the code of a door. */
export function readTube(text: string): string | undefined {
  const found = text.trim();
  return found.length <= TUBE_LENGTH && TUBE.test(found) ? found : undefined;
}
