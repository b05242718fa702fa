/** Sends what waits, then fetches what changed. One run at a time; every step may be cut and is then simply done again. */
import type { AccountStore } from './account';
import { isRevoked, type Account } from './account';
import { Refusal, Stranger, type Ask, type Reply, type Transport } from './api';
import type { Clock } from './clock';
import type { Answer } from './command';
import { isQuotaError, type FieldDb, type SessionRow } from './db';
import { isForLater, type Outbox, type Sealed } from './outbox';
import type { PackAnswer, PackStore } from './pack';
import type { Keys } from './vault';
import { BATCH_BYTES, canCompress, compress, fewer, measureCompressed, measurePlain } from './wire';

interface SyncAnswer {
  server_time: string;
  results: Answer[];
}

export interface Ground {
  db: FieldDb;
  outbox: Outbox;
  packs: PackStore;
  accounts: AccountStore;
  transport: Transport;
  clock: Clock;
}

/** A session whose work the server does not take as it is: it stays, to be handed over. */
export interface Stuck {
  session: string;
  code: string;
  message: string;
}

export interface SyncResult {
  sent: number;
  packChanged: boolean;
  stuck: Stuck[];
  /** The new pack did not fit on the phone: the one before it stays. */
  isFull: boolean;
}

/** Where doors are too many for one phone, the pack of one place is asked for. */
const NARROWED = 'place';
/** The time in a batch is another when it is sent than when it was measured, and may be as much harder to compress. */
const TIME_BYTES = 20;

export class Sync {
  /** Until this app is opened again: once compressed work was not understood, it goes as it is. */
  private compresses = canCompress();

  constructor(private readonly ground: Ground) {}

  /** Throws NoSignal, and Refusal for what concerns the whole phone (401: signed out; 429, 5xx: wait). */
  async run(account: Account, keys: Keys, lang: string): Promise<SyncResult> {
    const result: SyncResult = { sent: 0, packChanged: false, stuck: [], isFull: false };
    await this.ground.outbox.storeRest();
    await this.registerKey(keys);
    for (const id of await this.ground.outbox.waitingSessions()) {
      const session = await this.ground.db.sessions.get(id);
      if (!session) continue;
      try {
        result.sent += await this.sendAll(session, account, keys, lang);
      } catch (error) {
        if (!(error instanceof Refusal) || error.isPassing || isRevoked(error)) throw error;
        result.stuck.push({ session: id, code: error.code, message: [error.message, error.advice].join(' ') });
      }
    }
    try {
      result.packChanged = await this.fetchPack(keys, lang);
    } catch (error) {
      if (!isQuotaError(error)) throw error;
      result.isFull = true; // photos that wait may be what fills it: they are to go all the same
    }
    return result;
  }

  private async registerKey(keys: Keys): Promise<void> {
    const session = await this.ground.db.sessions.get(keys.session);
    if (!session || session.registered) return;
    const body = { session: session.id, key_id: session.keyId, sealed: session.sealedKey };
    await this.ground.transport('POST', 'session/key', { token: keys.token, body });
    await this.ground.db.sessions.update(session.id, { registered: 1 });
  }

  private async sendAll(session: SessionRow, account: Account, keys: Keys, lang: string): Promise<number> {
    const reader = { id: keys.session, key: keys.work };
    const later = new Set<string>();
    /** Answered, and the phone is too full to note it. */
    const unnoted = new Set<string>();
    let sent = 0;
    let limit = BATCH_BYTES;
    for (let pass = 0; pass < 2; pass++) {
      for (;;) {
        const batch = await this.nextBatch(session, new Set([...later, ...unnoted]), limit);
        if (batch.length === 0) break;
        const sentAt = this.ground.clock.now();
        let reply: Reply<SyncAnswer>;
        try {
          reply = await this.post(session, account, keys, lang, batch, this.compresses);
        } catch (error) {
          if (this.compresses && isNotExpanded(error)) {
            this.compresses = false;
            continue;
          }
          if (!(error instanceof Refusal) || !isHalved(error) || batch.length === 1) throw error;
          limit = Math.ceil(limit / 2);
          continue;
        }
        const serverTime = await this.ground.accounts.heard(sentAt, reply.data.server_time);
        for (const id of await this.ground.outbox.settle(reply.data.results, serverTime, reader)) unnoted.add(id);
        for (const answer of reply.data.results) if (isForLater(answer)) later.add(answer.id);
        sent += reply.data.results.length;
        // An answer that left some out would be asked for ever.
        const answered = new Set(reply.data.results.map((answer) => answer.id));
        for (const { id } of batch) if (!answered.has(id)) later.add(id);
      }
      if (later.size === 0) break;
      later.clear(); // what they spoke of may have arrived by now
    }
    return sent;
  }

  /** What comes to at most `limit` bytes on the wire; where the measure was out, some of it waits for the next batch. */
  private async nextBatch(session: SessionRow, skip: ReadonlySet<string>, limit: number): Promise<Sealed[]> {
    const measure = this.compresses ? measureCompressed : measurePlain;
    let batch = await this.ground.outbox.nextBatch(session.id, skip, limit, measure);
    while (batch.length > 1) {
      const { compressed, body } = await this.write(session, batch, !session.registered, this.compresses);
      const size = (compressed?.length ?? JSON.stringify(body).length) + TIME_BYTES;
      if (size <= limit) break;
      batch = batch.slice(0, fewer(batch.length, size, limit));
    }
    return batch;
  }

  private async write(session: SessionRow, sealed: Sealed[], withKey: boolean, compresses: boolean): Promise<Pick<Ask, 'body' | 'compressed'>> {
    const key = withKey ? { key: { key_id: session.keyId, sealed: session.sealedKey } } : {};
    const body = { session: session.id, device_now: new Date(this.ground.clock.now()).toISOString(), ...key, sealed };
    return compresses ? { compressed: await compress(JSON.stringify(body)) } : { body };
  }

  async post(
    session: SessionRow,
    account: Account,
    keys: Keys,
    lang: string,
    sealed: Sealed[],
    compresses = false,
  ): Promise<Reply<SyncAnswer>> {
    const own = session.account === account.id && !session.handed;
    const send = async (path: string, withKey: boolean): Promise<Reply<SyncAnswer>> => {
      const written = await this.write(session, sealed, withKey, compresses);
      return this.ground.transport<SyncAnswer>('POST', path, { token: keys.token, lang, ...written });
    };
    const path = own ? 'sync' : 'handed';
    try {
      return await send(path, !session.registered);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (error.code === 'field.other_author' && own) return send('handed', !session.registered);
      if (error.code === 'field.key_missing') return send(path, true);
      throw error;
    }
  }

  /** Whole the first time, then what changed. True when something did. */
  private async fetchPack(keys: Keys, lang: string): Promise<boolean> {
    const { packs, accounts, outbox, clock } = this.ground;
    const head = await packs.head();
    const narrowed = await this.ground.db.read<string>(NARROWED);
    const asked = new URLSearchParams();
    if (head) asked.set('cursor', head.cursor);
    if (narrowed) asked.set('place', narrowed);
    const sentAt = clock.now();
    const query = asked.toString();
    const path = query ? `pack?${query}` : 'pack';
    const reply = await this.askPack(path, keys, head?.etag ?? undefined, lang);
    if (reply === null) {
      await packs.clear();
      await accounts.refresh(keys.token, lang);
      return head !== undefined;
    }
    if (reply.status === 304) {
      await accounts.touched();
      await outbox.forgetSent(Infinity); // the server had taken it before it said that nothing changed
      return false;
    }
    await accounts.heard(sentAt, reply.data.server_time ?? reply.data.issued_at);
    await packs.apply(reply.data, reply.etag, keys.pack);
    await outbox.forgetSent(Date.parse(reply.data.issued_at));
    if (reply.data.full || reply.data.gone.length) await accounts.refresh(keys.token, lang);
    return true;
  }

  /** null: whoever holds no post with doors any more has no pack either. */
  private async askPack(path: string, keys: Keys, etag: string | undefined, lang: string) {
    try {
      const ask = { token: keys.token, etag, lang };
      return await this.ground.transport<PackAnswer & { server_time?: string }>('GET', path, ask);
    } catch (error) {
      if (error instanceof Refusal && error.status === 403) return null;
      throw error;
    }
  }
}

/** Too large for the server or something before it, or cut on its way: half of it may get through. */
const isHalved = (error: Refusal): boolean => error.status === 413 || error.code === 'field.not_json';

/**
 * Perhaps because it came compressed: to an older server, through something in between that loses a header, or that lets
 * nothing through which it cannot read.
 */
const isNotExpanded = (error: unknown): boolean =>
  error instanceof Stranger ? error.status >= 400 : error instanceof Refusal && (error.status === 415 || error.code === 'field.not_json');
