/**
 * Work that waits to be sent. A command is frozen and sealed when it is queued; it leaves the outbox when the server has
 * taken it and a later pack shows it, or when the worker settles it. Nothing else removes it: not sign-out, not
 * revocation, not a full disk.
 */
import Dexie from 'dexie';
import { newId } from './bytes';
import type { Clock } from './clock';
import { openKept, put, sealCommand, type Answer, type Author, type Command, type When } from './command';
import { seal, type Box } from './crypto';
import { isQuotaError, type FieldDb, type OutboxRow, type OutboxState } from './db';
import { Heard } from './heard';
import { BATCH_BYTES, BATCH_OVERHEAD, measurePlain, type Measure } from './wire';

/** More never fit into a batch: the smallest takes a hundred bytes of the line. The server takes 500. */
const MOST_COMMANDS = 200;

export interface Sealed extends Box {
  id: string;
  device_seq: number;
}

export interface Entry {
  id: string;
  seq: number;
  session: string;
  state: OutboxState;
  urgent: boolean;
  tried: boolean;
  /** Absent where the key is no longer on this phone. */
  command?: Command;
  answer?: Answer;
}

export interface Counts {
  waiting: number;
  refused: number;
  conflict: number;
  /** Of all these: in memory alone, because the phone's storage is full. */
  unstored: number;
}

export class TooLong extends Error {}

export class Outbox extends Heard {
  /** Commands the storage had no room for. They count, they are sent, and they are stored as soon as there is room. */
  private unstored: OutboxRow[] = [];
  /** Queued by this run of the app and in no batch yet: what may still be withdrawn. */
  private fresh = new Set<string>();
  private lastSeq = 0;

  constructor(
    private readonly db: FieldDb,
    private readonly clock: Clock,
  ) {
    super();
  }

  /**
   * Freeze and seal a command and keep it. Resolves when it is in the store; `stored: false` says that there was no room
   * and that it is in memory only. Throws TooLong.
   */
  async queue(
    author: Author,
    kind: string,
    payload: Record<string, unknown>,
    options: When & { urgent?: boolean; id?: string } = {},
  ): Promise<{ id: string; stored: boolean }> {
    const id = options.id ?? newId();
    const command = put(kind, payload, this.clock, options);
    const seq = await this.nextSeq(); // before sealing: the box is bound to it
    const box = await sealCommand(author, command, id, seq);
    if (measurePlain(box) + BATCH_OVERHEAD > BATCH_BYTES) throw new TooLong();
    const urgent = options.urgent ? 1 : 0;
    const row: OutboxRow = { ...box, id, seq, session: author.id, urgent, state: 'waiting', tried: 0 };
    let stored = true;
    try {
      await this.db.outbox.put(row);
    } catch (error) {
      if (!isQuotaError(error)) throw error;
      this.unstored.push(row);
      stored = false;
    }
    this.fresh.add(id);
    this.changed();
    return { id, stored };
  }

  /** The number of the next command of this phone. One that was given and not used leaves a hole; none is used twice. */
  async nextSeq(): Promise<number> {
    try {
      return await this.db.transaction('rw', this.db.meta, async () => {
        const seq = Math.max(this.lastSeq, (await this.db.read<number>('seq')) ?? 0) + 1;
        await this.db.write('seq', seq);
        this.lastSeq = seq;
        return seq;
      });
    } catch (error) {
      if (!isQuotaError(error)) throw error;
      this.lastSeq = Math.max(this.lastSeq, (await this.db.read<number>('seq')) ?? 0) + 1;
      return this.lastSeq;
    }
  }

  /** Try to store what is in memory alone. True when nothing is left there. */
  async storeRest(): Promise<boolean> {
    for (const row of [...this.unstored]) {
      try {
        await this.db.outbox.put(row);
      } catch (error) {
        if (!isQuotaError(error)) throw error;
        return false;
      }
      this.unstored = this.unstored.filter((kept) => kept.id !== row.id);
      this.changed();
    }
    return true;
  }

  /** Exact: what is in the store, and what the store had no room for. */
  async count(): Promise<Counts> {
    const inStore = (state: OutboxState) => this.db.outbox.where('state').equals(state).count();
    const [waiting, refused, conflict] = await Promise.all([
      inStore('waiting'),
      inStore('refused'),
      inStore('conflict'),
    ]);
    const inMemory = (state: OutboxState) => this.unstored.filter((row) => row.state === state).length;
    return {
      waiting: waiting + inMemory('waiting'),
      refused: refused + inMemory('refused'),
      conflict: conflict + inMemory('conflict'),
      unstored: this.unstored.length - inMemory('sent'),
    };
  }

  /** Sessions that work waits under, the one of the most urgent and oldest first. */
  async waitingSessions(): Promise<string[]> {
    const inMemory = this.unstored.filter((row) => row.state === 'waiting');
    const rows = [...inMemory, ...(await this.db.outbox.where('state').equals('waiting').toArray())];
    return [...new Set(rows.sort(byUrgency).map((row) => row.session))];
  }

  /**
   * The next commands of a session in some `limit` bytes, as `measure` tells: urgent ones first, then as they were
   * queued, but none of `skip`. Marks them tried.
   */
  async nextBatch(session: string, skip: ReadonlySet<string> = new Set(), limit = BATCH_BYTES, measure: Measure = measurePlain): Promise<Sealed[]> {
    const batch: OutboxRow[] = [];
    let size = BATCH_OVERHEAD;
    const take = (row: OutboxRow): boolean => {
      if (row.session !== session || row.state !== 'waiting' || skip.has(row.id)) return true;
      const more = measure(row);
      if (batch.length === MOST_COMMANDS || (size + more > limit && batch.length > 0)) return false;
      size += more;
      batch.push(row);
      return true;
    };
    await this.db.transaction('r', this.db.outbox, async () => {
      for (const row of this.unstored) if (!take(row)) return;
      for (const urgent of [1, 0] as const) {
        const range = this.db.outbox
          .where('[state+urgent+seq]')
          .between(['waiting', urgent, Dexie.minKey], ['waiting', urgent, Dexie.maxKey]);
        for (const row of await range.filter((found) => found.session === session && !skip.has(found.id)).limit(MOST_COMMANDS).toArray()) {
          if (!take(row)) break;
        }
      }
    });
    await this.noteTried(batch);
    return batch.map(({ id, seq, nonce, box }) => ({ id, device_seq: seq, nonce, box }));
  }

  /** Before it is sent, not after: from here on only the server knows whether it arrived. */
  private async noteTried(batch: readonly OutboxRow[]): Promise<void> {
    for (const { id } of batch) this.fresh.delete(id);
    const first = batch.filter((row) => !row.tried).map((row) => row.id);
    for (const row of batch) row.tried = 1;
    if (first.length === 0) return;
    try {
      await this.db.outbox.where('id').anyOf(first).modify({ tried: 1 });
    } catch (error) {
      if (!isQuotaError(error)) throw error; // a full phone still sends; `fresh` keeps it from being withdrawn
    }
  }

  /**
   * What the server said of some commands. Of those it said nothing about, nothing changes. `reader`: the session whose
   * key is at hand; the server's words are sealed under it. Returns those that wait on, because a full phone has no room
   * to note what was said of them: the server knows them, or says it again.
   */
  async settle(answers: readonly Answer[], serverTime: number, reader?: Author): Promise<string[]> {
    const changes = new Map<string, Partial<OutboxRow>>();
    for (const answer of answers) {
      if (isForLater(answer)) continue;
      const change: Partial<OutboxRow> = { answeredAt: serverTime, state: stateOf(answer) };
      if (reader && change.state !== 'sent') {
        change.answer = await seal(reader.key, answer, answer.id);
        change.answerSession = reader.id;
      }
      changes.set(answer.id, change);
    }
    for (const row of this.unstored) if (row.state === 'waiting') Object.assign(row, changes.get(row.id));
    let unnoted: string[] = [];
    try {
      await this.note(changes);
    } catch (error) {
      if (!isQuotaError(error)) throw error;
      unnoted = await this.noteOnFullPhone(changes);
    }
    this.changed();
    return unnoted;
  }

  private note(changes: ReadonlyMap<string, Partial<OutboxRow>>): Promise<void> {
    return this.db.transaction('rw', this.db.outbox, async () => {
      for (const row of await this.db.outbox.bulkGet([...changes.keys()])) {
        if (row?.state === 'waiting') await this.db.outbox.update(row.id, changes.get(row.id)!);
      }
    });
  }

  /** Deleting needs no room: what the server took goes from the store, and stays in memory until a pack shows it. */
  private async noteOnFullPhone(changes: ReadonlyMap<string, Partial<OutboxRow>>): Promise<string[]> {
    const rows = (await this.db.outbox.bulkGet([...changes.keys()])).flatMap((row) => (row?.state === 'waiting' ? row : []));
    const taken = rows.filter((row) => changes.get(row.id)!.state === 'sent');
    await this.db.outbox.bulkDelete(taken.map((row) => row.id));
    this.unstored.push(...taken.map((row) => ({ ...row, ...changes.get(row.id) })));
    return rows.filter((row) => !taken.includes(row)).map((row) => row.id);
  }

  /** Drop what the server took before a pack was issued: that pack shows it. */
  async forgetSent(packIssuedAt: number): Promise<void> {
    const isShown = (row: OutboxRow): boolean => row.state === 'sent' && (row.answeredAt ?? 0) <= packIssuedAt;
    this.unstored = this.unstored.filter((row) => !isShown(row));
    await this.db.transaction('rw', this.db.outbox, async () => {
      const sent = await this.db.outbox.where('state').equals('sent').toArray();
      await this.db.outbox.bulkDelete(sent.filter(isShown).map((row) => row.id));
    });
    this.changed();
  }

  /** All that waits, also what is in memory alone, in the order it was done: on its way to another phone. */
  async giveOut(): Promise<OutboxRow[]> {
    const inMemory = this.unstored.filter((row) => row.state === 'waiting');
    const rows = [...inMemory, ...(await this.db.outbox.where('state').equals('waiting').toArray())];
    await this.noteTried(rows); // out of this phone's hands from now on
    return rows.sort((a, b) => a.seq - b.seq);
  }

  /** Take back what was never part of a batch. False when it may have been sent: then an undo has to follow it. */
  async withdraw(id: string): Promise<boolean> {
    if (!this.fresh.delete(id)) return false;
    const inMemory = this.unstored.find((row) => row.id === id);
    if (inMemory) {
      if (inMemory.tried || inMemory.state !== 'waiting') return false;
      this.unstored = this.unstored.filter((row) => row.id !== id);
      this.changed();
      return true;
    }
    const gone = await this.db.transaction('rw', this.db.outbox, async () => {
      const row = await this.db.outbox.get(id);
      if (!row || row.state !== 'waiting' || row.tried) return false;
      await this.db.outbox.delete(id);
      return true;
    });
    if (gone) this.changed();
    return gone;
  }

  /** The worker has settled a refused or disputed command: it goes. */
  async dismiss(id: string): Promise<void> {
    await this.change(id, () => null);
  }

  /** Waiting work goes because it speaks of somebody whom the worker, settling a conflict, gave up or named otherwise. */
  async giveUp(id: string): Promise<void> {
    this.unstored = this.unstored.filter((row) => row.id !== id || row.state !== 'waiting');
    await this.db.transaction('rw', this.db.outbox, async () => {
      if ((await this.db.outbox.get(id))?.state === 'waiting') await this.db.outbox.delete(id);
    });
    this.changed();
  }

  /** Ask the server again about a refused or disputed command. */
  async retry(id: string): Promise<void> {
    await this.change(id, (row) => ({ ...row, state: 'waiting' }));
  }

  /** Change a refused or disputed command, wherever it is; null: it goes. */
  private async change(id: string, changed: (row: OutboxRow) => OutboxRow | null): Promise<void> {
    const isOpen = (row: OutboxRow): boolean => row.id === id && (row.state === 'refused' || row.state === 'conflict');
    this.unstored = this.unstored.flatMap((row) => (isOpen(row) ? (changed(row) ?? []) : row));
    await this.db.transaction('rw', this.db.outbox, async () => {
      const row = await this.db.outbox.get(id);
      if (!row || !isOpen(row)) return;
      const next = changed(row);
      await (next ? this.db.outbox.put(next) : this.db.outbox.delete(id));
    });
    this.changed();
  }

  /** Everything kept, as queued; opened where the key is at hand. */
  async list(keys: ReadonlyMap<string, CryptoKey>): Promise<Entry[]> {
    const rows = [...(await this.db.outbox.toArray()), ...this.unstored];
    const entries = await Promise.all(rows.map((row) => openRow(row, keys)));
    return entries.sort((a, b) => a.seq - b.seq);
  }
}

export const isForLater = (answer: Answer): boolean => answer.result === 'refused' && answer.retry === true;

const stateOf = (answer: Answer): OutboxState =>
  answer.result === 'accepted' || answer.result === 'known' ? 'sent' : answer.result;

const byUrgency = (a: OutboxRow, b: OutboxRow): number => b.urgent - a.urgent || a.seq - b.seq;

async function openRow(row: OutboxRow, keys: ReadonlyMap<string, CryptoKey>): Promise<Entry> {
  return {
    id: row.id,
    seq: row.seq,
    session: row.session,
    state: row.state,
    urgent: row.urgent === 1,
    tried: row.tried === 1,
    ...(await openKept(row, keys)),
  };
}
