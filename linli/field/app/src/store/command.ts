/** What a phone says and what the server answers, in the outbox and beside a photo alike: how it is put and sealed. */
import type { Clock } from './clock';
import { open, seal, type Box } from './crypto';

/** What a command says. Never changed once queued. */
export interface Command {
  kind: string;
  /** Device time, ISO 8601. */
  at: string;
  /** Server minus device in ms, if it was known. */
  offset_ms?: number;
  /** When the server issued the pack that was on the phone. */
  pack_at?: string;
  payload: Record<string, unknown>;
}

export interface Answer {
  id: string;
  result: 'accepted' | 'known' | 'refused' | 'conflict';
  code?: string | null;
  message?: string | null;
  advice?: string | null;
  /** Refused only for now: what it speaks of has not arrived yet. It goes again after the others. */
  retry?: boolean;
  yours?: unknown;
  theirs?: unknown;
  given?: Record<string, unknown> | null;
}

/** A sign-in on this phone and the key that its work is sealed under. */
export interface Author {
  id: string;
  key: CryptoKey;
}

export interface When {
  /** Now, if it is not said. */
  at?: string;
  offsetMs?: number | undefined;
  packAt?: string | undefined;
}

export function put(kind: string, payload: Record<string, unknown>, clock: Clock, when: When): Command {
  const command: Command = { kind, at: when.at ?? new Date(clock.now()).toISOString(), payload };
  if (when.offsetMs !== undefined) command.offset_ms = when.offsetMs;
  if (when.packAt !== undefined) command.pack_at = when.packAt;
  return command;
}

/**
 * What its box holds: kind, time, payload, offset and pack, times in milliseconds since 1970. Short, because every byte of
 * it goes over the line as it is. Older apps froze the command itself: such boxes are sent and read as before.
 */
type Inside = [string, number, Record<string, unknown>, number | null, number | null];

function toInside({ kind, at, payload, offset_ms, pack_at }: Command): Inside {
  const time = Math.max(0, Date.parse(at)); // a clock before 1970 says as little as one in 1970
  return [kind, time, payload, offset_ms ?? null, pack_at === undefined ? null : Date.parse(pack_at)];
}

function fromInside([kind, at, payload, offset, packAt]: Inside): Command {
  const command: Command = { kind, at: new Date(at).toISOString(), payload };
  if (offset !== null) command.offset_ms = offset;
  if (packAt !== null) command.pack_at = new Date(packAt).toISOString();
  return command;
}

export const sealCommand = (author: Author, command: Command, id: string, seq: number): Promise<Box> =>
  seal(author.key, toInside(command), boundTo(author.id, id, seq));

/** Throws when the key is another one or the box was not made for `bound`. */
export async function openCommand(key: CryptoKey, box: Box, bound: string): Promise<Command> {
  const found = await open<Inside | Command>(key, box, bound);
  return Array.isArray(found) ? fromInside(found) : found;
}

/** What a command's box is bound to. */
export const boundTo = (session: string, id: string, seq: number): string => `${session}|${id}|${seq}`;

interface Kept extends Box {
  id: string;
  seq: number;
  session: string;
  answer?: Box;
  answerSession?: string;
}

/** A kept row's command and the answer to it, each where its key is at hand. */
export async function openKept(row: Kept, keys: ReadonlyMap<string, CryptoKey>): Promise<{ command?: Command; answer?: Answer }> {
  const [key, reader] = [keys.get(row.session), keys.get(row.answerSession ?? '')];
  return {
    ...(key && { command: await openCommand(key, row, boundTo(row.session, row.id, row.seq)) }),
    ...(reader && row.answer && { answer: await open<Answer>(reader, row.answer, row.id) }),
  };
}
