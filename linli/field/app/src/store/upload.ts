/** Sends photos and voice notes, after all marks: announces each, then its bytes in pieces from where the server is. */
import { isRevoked, type Account } from './account';
import { NoSignal, Refusal } from './api';
import type { Answer } from './command';
import type { SessionRow } from './db';
import { PIECE_BYTES, type FileBox, type Unsent } from './files';
import { isForLater, type Outbox } from './outbox';
import type { Ground, Stuck, Sync } from './sync';
import type { Keys } from './vault';

interface Stand {
  have: number;
  size: number;
  whole: boolean;
}

export interface UploadResult {
  sent: number;
  stuck: Stuck[];
}

/** The day's measure is full: the rest waits, and marks go on being sent. */
const ENOUGH = 'notices.files_enough';

export class Upload {
  constructor(
    private readonly ground: Ground,
    private readonly files: FileBox,
    private readonly sync: Sync,
    private readonly outbox: Outbox = ground.outbox,
  ) {}

  /** Throws NoSignal, and Refusal for what concerns the whole phone. Stops early when new work waits: that goes first. */
  async run(account: Account, keys: Keys, lang: string): Promise<UploadResult> {
    const result: UploadResult = { sent: 0, stuck: [] };
    const skip = new Set<string>();
    await this.files.storeRest();
    const before = (await this.outbox.count()).waiting;
    const hasNewWork = async (): Promise<boolean> => (await this.outbox.count()).waiting > before;
    for (;;) {
      const file = await this.files.next(skip);
      if (!file || (await hasNewWork())) return result;
      skip.add(file.row.id);
      const session = await this.ground.db.sessions.get(file.row.session);
      if (!session) continue;
      try {
        if (await this.announce(file, session, account, keys, lang)) {
          if (await this.sendPieces(file, keys, lang, hasNewWork)) result.sent++;
        }
      } catch (error) {
        if (!(error instanceof Refusal) || isRevoked(error)) throw error;
        if (error.code === ENOUGH) {
          result.stuck.push({ session: session.id, code: error.code, message: [error.message, error.advice].join(' ') });
          return result;
        }
        if (error.isPassing) throw error;
        if (error.code === 'field.not_json') throw new NoSignal(); // cut on the way
        await this.refuse(file, { id: file.row.id, result: 'refused', code: error.code, message: error.message, advice: error.advice }, keys);
      }
    }
  }

  private refuse(file: Unsent, answer: Answer, keys: Keys): Promise<void> {
    return this.files.refuse(file.row.id, answer, { id: keys.session, key: keys.work });
  }

  /** True when the server waits for its bytes. Said again at every attempt: it is known then, and costs half a piece. */
  private async announce(file: Unsent, session: SessionRow, account: Account, keys: Keys, lang: string): Promise<boolean> {
    const { id, seq, nonce, box } = file.row;
    const { data } = await this.sync.post(session, account, keys, lang, [{ id, device_seq: seq, nonce, box }]);
    const answer = data.results.find((each) => each.id === id);
    if (!answer || isForLater(answer)) return false;
    if (answer.result === 'accepted' || answer.result === 'known') return true;
    await this.refuse(file, answer, keys);
    return false;
  }

  /** True when the server has all of it. */
  private async sendPieces({ row, sealed }: Unsent, keys: Keys, lang: string, stop: () => Promise<boolean>): Promise<boolean> {
    let { sent: at, anew } = row;
    let asked = false;
    for (;;) {
      if (at >= sealed.length) [at, anew] = [0, 1];
      let stand: Stand;
      try {
        stand = await this.send(row.id, row.session, sealed, at, anew === 1, keys, lang);
      } catch (error) {
        // It has less than this phone remembers: asked once, then believed.
        if (!(error instanceof Refusal) || error.code !== 'notices.file_gap' || asked) throw error;
        asked = true;
        at = (await this.ground.transport<Stand>('GET', `files/${row.id}`, { token: keys.token, lang })).data.have;
        continue;
      }
      if (stand.whole) {
        await this.files.finish(row.id);
        return true;
      }
      if (stand.have <= at) throw new NoSignal(); // it does not get on
      [at, anew] = [stand.have, 0];
      await this.files.noteSent(row.id, at);
      if (await stop()) return false;
    }
  }

  private async send(id: string, session: string, sealed: Uint8Array, at: number, anew: boolean, keys: Keys, lang: string): Promise<Stand> {
    const query = new URLSearchParams({ start: String(at), session, ...(anew && { anew: 'true' }) });
    const bytes = sealed.subarray(at, at + PIECE_BYTES);
    return (await this.ground.transport<Stand>('POST', `files/${id}?${query.toString()}`, { token: keys.token, bytes, lang })).data;
  }
}
