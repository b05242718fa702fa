import { beforeEach, describe, expect, it } from 'vitest';
import type { FieldDb } from '../src/store/db';
import { open, seal } from '../src/store/crypto';
import { boundTo, type Answer } from '../src/store/command';
import { Outbox, TooLong } from '../src/store/outbox';
import { makeKeys, Vault, type Keys } from '../src/store/vault';
import { BATCH_BYTES } from '../src/store/wire';
import { Phone } from './ground';

let phone: Phone;
let db: FieldDb;
let outbox: Outbox;
let keys: Keys;
const me = () => ({ id: keys.session, key: keys.work });
const known = () => new Map([[keys.session, keys.work]]);
const answer = (id: string, result: Answer['result'], more: Partial<Answer> = {}): Answer => ({ id, result, ...more });

beforeEach(async () => {
  phone = new Phone();
  db = phone.openDb();
  outbox = new Outbox(db, phone.clock);
  keys = (await makeKeys('s1', 't')).keys;
});

async function queueMarks(count: number): Promise<string[]> {
  const ids = [];
  for (let index = 0; index < count; index++) {
    const payload = { round: 'r1', door: index, mark: 'done' };
    ids.push((await outbox.queue(me(), 'rounds.mark', payload, { offsetMs: 5 })).id);
  }
  return ids;
}

describe('the outbox', () => {
  it('keeps a command frozen, sealed and bound, over a restart', async () => {
    const [id] = await queueMarks(1);
    const [before] = await outbox.nextBatch('s1');
    db.close();
    outbox = new Outbox((db = phone.openDb()), phone.clock);
    const [after] = await outbox.nextBatch('s1');
    expect(after).toEqual(before);
    expect(JSON.stringify(await db.outbox.toArray())).not.toContain('rounds.mark');
    const payload = { round: 'r1', door: 0, mark: 'done' };
    expect(await open(keys.work, after!, boundTo('s1', id!, 1))).toEqual(['rounds.mark', phone.time, payload, 5, null]);
    const [entry] = await outbox.list(known());
    expect(entry!.command).toEqual({ kind: 'rounds.mark', at: '2026-11-22T08:00:00.000Z', offset_ms: 5, payload });
  });

  it('reads and sends what an older app froze, as it is', async () => {
    const old = { kind: 'rounds.mark', at: '2026-11-21T08:00:00.000Z', pack_at: '2026-11-21T07:00:00.123456+00:00', payload: { door: 7 } };
    const box = await seal(keys.work, old, boundTo('s1', 'old', 9));
    await db.outbox.put({ ...box, id: 'old', seq: 9, session: 's1', urgent: 0, state: 'waiting', tried: 0 });
    expect((await outbox.list(known()))[0]!.command).toEqual(old);
    expect(await outbox.nextBatch('s1')).toEqual([{ ...box, id: 'old', device_seq: 9 }]);
  });

  it('takes times to the millisecond, of the pack too, and none for none', async () => {
    const when = { at: '2026-11-21T08:00:00.007Z', packAt: '2026-11-21T07:00:00.123999+00:00', offsetMs: -3 };
    const { id } = await outbox.queue(me(), 'x', {}, when);
    const [box] = await outbox.nextBatch('s1');
    const inside = ['x', Date.parse(when.at), {}, -3, Date.parse('2026-11-21T07:00:00.123Z')];
    expect(await open(keys.work, box!, boundTo('s1', id, 1))).toEqual(inside);
    expect((await outbox.list(known()))[0]!.command).toEqual({ kind: 'x', at: when.at, offset_ms: -3, pack_at: '2026-11-21T07:00:00.123Z', payload: {} });
  });

  it('says 1970 for a clock before it, which the server clamps, and takes for a time', async () => {
    phone.time = -86_400_000;
    await queueMarks(1);
    expect((await outbox.list(known()))[0]!.command!.at).toBe('1970-01-01T00:00:00.000Z');
  });

  it('numbers commands without a repeat, also across restarts', async () => {
    await queueMarks(3);
    db.close();
    outbox = new Outbox((db = phone.openDb()), phone.clock);
    await queueMarks(2);
    expect((await outbox.list(known())).map((entry) => entry.seq)).toEqual([1, 2, 3, 4, 5]);
  });

  it('sends urgent work first and never more than 20 kB at once', async () => {
    await queueMarks(120);
    const { id } = await outbox.queue(me(), 'notices.special', { what: 'fire' }, { urgent: true });
    const seen: string[] = [];
    for (;;) {
      const batch = await outbox.nextBatch('s1');
      if (batch.length === 0) break;
      if (seen.length === 0) expect(batch[0]!.id).toBe(id);
      const body = JSON.stringify({ session: 's1', device_now: new Date().toISOString(), sealed: batch });
      expect(body.length).toBeLessThanOrEqual(BATCH_BYTES);
      seen.push(...batch.map((command) => command.id));
      await outbox.settle(batch.map((command) => answer(command.id, 'accepted')), phone.time);
    }
    expect(new Set(seen).size).toBe(121);
  });

  it('counts to the one, whatever the answers', async () => {
    const ids = await queueMarks(6);
    await outbox.settle([answer(ids[0]!, 'accepted'), answer(ids[1]!, 'known')], phone.time);
    await outbox.settle([answer(ids[2]!, 'refused', { code: 'rounds.closed' })], phone.time, me());
    await outbox.settle([answer(ids[3]!, 'conflict', { theirs: { label: 'A' } })], phone.time, me());
    await outbox.settle([answer(ids[4]!, 'refused', { code: 'field.comes_first', retry: true })], phone.time, me());
    expect(await outbox.count()).toEqual({ waiting: 2, refused: 1, conflict: 1, unstored: 0 });
  });

  it('keeps what was refused, with the words of the server, until the worker settles it', async () => {
    const [id] = await queueMarks(1);
    const words = { code: 'rounds.closed', message: '轮次已结束', advice: '告诉网格长' };
    await outbox.settle([answer(id!, 'refused', words)], phone.time, me());
    await new Vault(db, 10).destroy();
    expect(JSON.stringify(await db.outbox.toArray())).not.toContain('轮次');
    expect((await outbox.list(known()))[0]).toMatchObject({ state: 'refused', answer: words });
    await outbox.retry(id!);
    expect((await outbox.count()).waiting).toBe(1);
    await outbox.dismiss(id!); // waits again: not the worker's to drop
    expect((await outbox.count()).waiting).toBe(1);
    await outbox.settle([answer(id!, 'refused', words)], phone.time, me());
    await outbox.dismiss(id!);
    expect(await db.outbox.count()).toBe(0);
  });

  it('shows sent work until a pack shows it', async () => {
    const [id] = await queueMarks(1);
    await outbox.settle([answer(id!, 'accepted')], 1000);
    await outbox.forgetSent(999);
    expect((await outbox.list(known()))[0]!.state).toBe('sent');
    await outbox.forgetSent(1000);
    expect(await outbox.list(known())).toEqual([]);
  });

  it('takes back only what was never on its way', async () => {
    const [first, second] = await queueMarks(2);
    expect(await outbox.withdraw(first!)).toBe(true);
    await outbox.nextBatch('s1');
    expect(await outbox.withdraw(second!)).toBe(false);
    expect((await outbox.count()).waiting).toBe(1);
    const [third] = await queueMarks(1);
    outbox = new Outbox(db, phone.clock); // another run of the app cannot know what became of it
    expect(await outbox.withdraw(third!)).toBe(false);
  });

  it('is not opened, but still sent and counted, where the key is gone', async () => {
    await queueMarks(2);
    expect((await outbox.list(new Map())).map((entry) => entry.command)).toEqual([undefined, undefined]);
    expect(await outbox.waitingSessions()).toEqual(['s1']);
    expect(await outbox.nextBatch('s1')).toHaveLength(2);
  });

  it('refuses a command that no batch could hold', async () => {
    await expect(outbox.queue(me(), 'x', { text: 'a'.repeat(20_000) })).rejects.toBeInstanceOf(TooLong);
    expect(await outbox.count()).toMatchObject({ waiting: 0 });
  });

  it('says when something changes', async () => {
    let heard = 0;
    const stop = outbox.onChange(() => heard++);
    await queueMarks(1);
    expect(heard).toBe(1);
    stop();
    await queueMarks(1);
    expect(heard).toBe(1);
  });
});

describe('a full storage', () => {
  const fill = () => {
    const refuse = () => Promise.reject(Object.assign(new Error(), { name: 'QuotaExceededError' }));
    const real = db.outbox.put.bind(db.outbox);
    db.outbox.put = refuse as unknown as typeof db.outbox.put;
    return () => (db.outbox.put = real as typeof db.outbox.put);
  };

  it('loses nothing: counted, sent, answered from memory', async () => {
    await queueMarks(1);
    fill();
    const { id, stored } = await outbox.queue(me(), 'rounds.mark', { door: 9 });
    expect(stored).toBe(false);
    expect(await outbox.count()).toEqual({ waiting: 2, refused: 0, conflict: 0, unstored: 1 });
    const batch = await outbox.nextBatch('s1');
    expect(batch.map((command) => command.id)).toContain(id);
    await outbox.settle(batch.map((command) => answer(command.id, 'accepted')), phone.time);
    expect(await outbox.count()).toEqual({ waiting: 0, refused: 0, conflict: 0, unstored: 0 });
    await outbox.forgetSent(phone.time);
    expect(await outbox.list(known())).toEqual([]);
  });

  it('is made good as soon as there is room', async () => {
    const free = fill();
    await outbox.queue(me(), 'rounds.mark', { door: 1 });
    await outbox.queue(me(), 'rounds.mark', { door: 2 });
    expect(await outbox.storeRest()).toBe(false);
    free();
    expect(await outbox.storeRest()).toBe(true);
    expect(await outbox.count()).toMatchObject({ waiting: 2, unstored: 0 });
    expect((await db.outbox.toArray()).map((row) => row.seq).sort()).toEqual([1, 2]);
  });

  it('keeps a refused command that is in memory alone', async () => {
    fill();
    const { id } = await outbox.queue(me(), 'rounds.mark', { door: 1 });
    await outbox.settle([answer(id, 'refused', { code: 'x' })], phone.time, me());
    expect(await outbox.count()).toEqual({ waiting: 0, refused: 1, conflict: 0, unstored: 1 });
    await outbox.dismiss(id);
    expect(await outbox.count()).toMatchObject({ refused: 0, unstored: 0 });
  });
});
