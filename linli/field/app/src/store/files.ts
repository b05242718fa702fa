/**
 * Photos and voice notes that wait to be sent: sealed and frozen when they are taken, like commands, each with the
 * command that announces it. One leaves when the server has all of it, or when the worker sets it aside. Nothing else
 * removes it.
 */
import { newId, randomBytes, toBytes, type Bytes } from './bytes';
import type { Clock } from './clock';
import { open, seal } from './crypto';
import { isQuotaError, type FieldDb, type FileRow } from './db';
import { boundTo, type Answer, type Command, type Counts, type Outbox } from './outbox';

/** One piece on its way: less than half a second on a slow line, and not much lost when it is cut. */
export const PIECE_BYTES = 20_000;
export const ANNOUNCED_AS = 'notices.file';
const NONCE_BYTES = 12;

export type FileKind = 'photo' | 'voice';
export type About = { person: string } | { household: string } | { door: number } | { special: string };

export interface FileEntry {
  id: string;
  seq: number;
  kind: FileKind;
  size: number;
  state: FileRow['state'];
  sent: number;
  /** Absent where the key is no longer on this phone. */
  command?: Command;
  answer?: Answer;
}

export interface Unsent {
  row: FileRow;
  sealed: Bytes;
}

export class FileBox {
  /** What the storage had no room for: it counts, is sent, and is stored as soon as there is room. */
  private unstored: Unsent[] = [];
  private listeners = new Set<() => void>();

  constructor(
    private readonly db: FieldDb,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  onChange(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private changed(): void {
    for (const listener of this.listeners) listener();
  }

  /** Seal a file with its announcement and keep both. `stored: false`: in memory only, there was no room. */
  async queue(
    session: { id: string; key: CryptoKey },
    kind: FileKind,
    about: About,
    content: Bytes,
    options: { offsetMs?: number | undefined; packAt?: string | undefined; id?: string } = {},
  ): Promise<{ id: string; stored: boolean }> {
    const id = options.id ?? newId();
    const sha256 = toHex(await crypto.subtle.digest('SHA-256', content));
    const payload = { ...about, kind, sha256, size: content.length };
    const command: Command = { kind: ANNOUNCED_AS, at: new Date(this.clock.now()).toISOString(), payload };
    if (options.offsetMs !== undefined) command.offset_ms = options.offsetMs;
    if (options.packAt !== undefined) command.pack_at = options.packAt;
    const seq = await this.outbox.nextSeq();
    const box = await seal(session.key, command, boundTo(session.id, id, seq));
    const sealed = await sealContent(session, id, content);
    const row: FileRow = { ...box, id, seq, session: session.id, kind, size: content.length, state: 'waiting', sent: 0, anew: 0 };
    const stored = await this.store({ row, sealed });
    if (!stored) this.unstored.push({ row, sealed });
    this.changed();
    return { id, stored };
  }

  /** Both or neither. False when there is no room. */
  private async store({ row, sealed }: Unsent): Promise<boolean> {
    try {
      await this.db.transaction('rw', this.db.files, this.db.fileBytes, async () => {
        await this.db.fileBytes.put({ id: row.id, sealed });
        await this.db.files.put(row);
      });
      return true;
    } catch (error) {
      if (!isQuotaError(error)) throw error;
      return false;
    }
  }

  async storeRest(): Promise<void> {
    for (const kept of [...this.unstored]) {
      if (!(await this.store(kept))) return;
      this.unstored = this.unstored.filter((each) => each !== kept);
      this.changed();
    }
  }

  /** Exact, as the outbox's. */
  async count(): Promise<Counts> {
    const count = async (state: FileRow['state']): Promise<number> =>
      (await this.db.files.where('state').equals(state).count()) + this.unstored.filter(({ row }) => row.state === state).length;
    return { waiting: await count('waiting'), refused: await count('refused'), conflict: 0, unstored: this.unstored.length };
  }

  /** The oldest that waits and is none of `skip`. */
  async next(skip: ReadonlySet<string>): Promise<Unsent | undefined> {
    const isNext = (row: FileRow): boolean => row.state === 'waiting' && !skip.has(row.id);
    const rows = (await this.db.files.where('state').equals('waiting').sortBy('seq')).filter(isNext);
    const memory = this.unstored.filter(({ row }) => isNext(row)).sort((a, b) => a.row.seq - b.row.seq)[0];
    const [row] = rows;
    if (!row || (memory && memory.row.seq < row.seq)) return memory;
    const bytes = await this.db.fileBytes.get(row.id);
    return bytes && { row, sealed: bytes.sealed };
  }

  /** So much of it the server has. */
  async noteSent(id: string, sent: number): Promise<void> {
    await this.change(id, { sent, anew: 0 });
  }

  /** The server has all of it. */
  async finish(id: string): Promise<void> {
    await this.remove(id);
  }

  /** Refused: it stays with the worker. The server's words are sealed under the key at hand. */
  async refuse(id: string, answer: Answer, reader: { id: string; key: CryptoKey }): Promise<void> {
    await this.change(id, { state: 'refused', answer: await seal(reader.key, answer, id), answerSession: reader.id });
  }

  /** The worker asks again: from the first byte. */
  async retry(id: string): Promise<void> {
    await this.change(id, { state: 'waiting', sent: 0, anew: 1 });
  }

  /** The worker does not want it sent. */
  async dismiss(id: string): Promise<void> {
    await this.remove(id);
  }

  /**
   * Somebody of this phone's making is known under another id now: what speaks of them is announced anew. The server
   * cannot have taken the first announcement, because it spoke of nobody.
   */
  async follow(stands: ReadonlyMap<string, string | null>, session: { id: string; key: CryptoKey }): Promise<void> {
    for (const entry of await this.list(new Map([[session.id, session.key]]))) {
      if (!entry.command) continue;
      const { payload } = entry.command;
      const named = (['person', 'household'] as const).find((name) => stands.get(payload[name] as string));
      if (!named) continue;
      const command: Command = { ...entry.command, payload: { ...payload, [named]: stands.get(payload[named] as string) } };
      await this.change(entry.id, { ...(await seal(session.key, command, boundTo(session.id, entry.id, entry.seq))), state: 'waiting' });
    }
  }

  private async change(id: string, change: Partial<FileRow>): Promise<void> {
    for (const { row } of this.unstored) if (row.id === id) Object.assign(row, change);
    try {
      await this.db.files.update(id, change);
    } catch (error) {
      if (!isQuotaError(error)) throw error; // a full phone asks the server again how far it was
    }
    this.changed();
  }

  private async remove(id: string): Promise<void> {
    this.unstored = this.unstored.filter(({ row }) => row.id !== id);
    await this.db.transaction('rw', this.db.files, this.db.fileBytes, async () => {
      await this.db.files.delete(id);
      await this.db.fileBytes.delete(id);
    });
    this.changed();
  }

  async list(keys: ReadonlyMap<string, CryptoKey>): Promise<FileEntry[]> {
    const rows = [...(await this.db.files.toArray()), ...this.unstored.map(({ row }) => row)];
    return (await Promise.all(rows.map((row) => openRow(row, keys)))).sort((a, b) => a.seq - b.seq);
  }
}

const toHex = (bytes: ArrayBuffer): string => Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, '0')).join('');

/** Nonce, then box: what is sent of it, byte by byte. */
async function sealContent(session: { id: string; key: CryptoKey }, id: string, content: Bytes): Promise<Bytes> {
  const nonce = randomBytes(NONCE_BYTES);
  const algorithm = { name: 'AES-GCM', iv: nonce, additionalData: toBytes(`${session.id}|${id}|file`) };
  const box = new Uint8Array(await crypto.subtle.encrypt(algorithm, session.key, content));
  const sealed = new Uint8Array(NONCE_BYTES + box.length);
  sealed.set(nonce);
  sealed.set(box, NONCE_BYTES);
  return sealed;
}

async function openRow(row: FileRow, keys: ReadonlyMap<string, CryptoKey>): Promise<FileEntry> {
  const { id, seq, kind, size, state, sent } = row;
  const entry: FileEntry = { id, seq, kind, size, state, sent };
  const key = keys.get(row.session);
  if (key) entry.command = await open<Command>(key, row, boundTo(row.session, id, seq));
  const reader = keys.get(row.answerSession ?? '');
  if (reader && row.answer) entry.answer = await open<Answer>(reader, row.answer, id);
  return entry;
}
