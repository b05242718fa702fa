/**
 * Photos and voice notes that wait to be sent: sealed and frozen when they are taken, like commands, each with the
 * command that announces it. One leaves when the server has all of it, or when the worker sets it aside. Nothing else
 * removes it.
 */
import { newId, type Bytes } from './bytes';
import type { Clock } from './clock';
import { openKept, put, sealCommand, type Answer, type Author, type Command, type When } from './command';
import { seal, sealBytes } from './crypto';
import { isQuotaError, type FieldDb, type FileRow } from './db';
import { Heard } from './heard';
import type { Counts, Outbox } from './outbox';

/** One piece on its way: less than half a second on a slow line, and not much lost when it is cut. */
export const PIECE_BYTES = 20_000;
const ANNOUNCED_AS = 'notices.file';

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

export class FileBox extends Heard {
  /** What the storage had no room for: it counts, is sent, and is stored as soon as there is room. */
  private unstored: Unsent[] = [];

  constructor(
    private readonly db: FieldDb,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {
    super();
  }

  /** Seal a file with its announcement and keep both. `stored: false`: in memory only, there was no room. */
  async queue(
    author: Author,
    kind: FileKind,
    about: About,
    content: Bytes,
    options: When & { id?: string } = {},
  ): Promise<{ id: string; stored: boolean }> {
    const id = options.id ?? newId();
    const sha256 = toHex(await crypto.subtle.digest('SHA-256', content));
    const payload = { ...about, kind, sha256, size: content.length };
    const command = put(ANNOUNCED_AS, payload, this.clock, options);
    const seq = await this.outbox.nextSeq();
    const box = await sealCommand(author, command, id, seq);
    const sealed = await sealBytes(author.key, content, `${author.id}|${id}|file`);
    const row: FileRow = { ...box, id, seq, session: author.id, kind, size: content.length, state: 'waiting', sent: 0, anew: 0 };
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

  /** All that waits, also what is in memory alone: on its way to another phone. */
  async giveOut(): Promise<Unsent[]> {
    const given = this.unstored.filter(({ row }) => row.state === 'waiting');
    for (const row of await this.db.files.where('state').equals('waiting').toArray()) {
      const bytes = await this.db.fileBytes.get(row.id);
      if (bytes) given.push({ row, sealed: bytes.sealed });
    }
    return given.sort((a, b) => a.row.seq - b.row.seq);
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
  async refuse(id: string, answer: Answer, reader: Author): Promise<void> {
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
  async follow(stands: ReadonlyMap<string, string | null>, author: Author): Promise<void> {
    for (const entry of await this.list(new Map([[author.id, author.key]]))) {
      if (!entry.command) continue;
      const { payload } = entry.command;
      const named = (['person', 'household'] as const).find((name) => stands.get(payload[name] as string));
      if (!named) continue;
      const command: Command = { ...entry.command, payload: { ...payload, [named]: stands.get(payload[named] as string) } };
      await this.change(entry.id, { ...(await sealCommand(author, command, entry.id, entry.seq)), state: 'waiting' });
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

async function openRow(row: FileRow, keys: ReadonlyMap<string, CryptoKey>): Promise<FileEntry> {
  const { id, seq, kind, size, state, sent } = row;
  return { id, seq, kind, size, state, sent, ...(await openKept(row, keys)) };
}
