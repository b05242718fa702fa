import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { NoSignal } from '../src/store/api';
import { isRevoked } from '../src/store/account';
import { collect } from '../src/store/handover';
import { Destroyed } from '../src/store/vault';
import { reveal } from '../src/store/pack';
import { BATCH_BYTES } from '../src/store/wire';
import { App, Phone } from './ground';
import { Server } from './server';

let phone: Phone;
let server: Server;
let app: App;
const mark = (door: number) => app.outbox.queue(app.me, 'rounds.mark', { door });

beforeEach(async () => {
  phone = new Phone();
  server = new Server();
  app = new App(phone, server);
  await app.signIn();
});

afterEach(() => vi.unstubAllGlobals());

function restart(): void {
  app.kill();
  app = new App(phone, server);
}

describe('sending', () => {
  it('begins with the key, also when its own request was cut', async () => {
    await mark(1);
    server.plan = ['unheard'];
    await expect(app.run()).rejects.toBeInstanceOf(NoSignal);
    await app.run();
    expect(server.paths).toEqual(['POST session', 'POST session/key', 'POST session/key', 'POST sync', 'GET pack', 'GET session']);
    expect(server.accepted.size).toBe(1);
  });

  it('sends work of an earlier sign-in under its own session, unreadable as it is', async () => {
    await mark(1);
    await app.signOut();
    expect(await app.outbox.count()).toMatchObject({ waiting: 1 });
    await app.signIn();
    await mark(2);
    await app.run();
    expect([...server.heard.values()].map((heard) => heard.session)).toEqual(['s1', 's2']);
    expect(server.accepted.size).toBe(2);
  });

  it('hands in what somebody else left on the phone', async () => {
    await mark(1);
    await app.signOut();
    await app.signIn('somebody');
    await app.run();
    expect(server.paths).toContain('POST handed');
    expect(server.accepted.size).toBe(1);
    expect(await app.outbox.count()).toMatchObject({ waiting: 0 });
  });

  it('goes on with the rest when the server does not take one session', async () => {
    await mark(1);
    await app.signOut();
    await app.signIn();
    await mark(2);
    server.unknown.add('s1');
    const result = await app.run();
    expect(result.stuck).toMatchObject([{ session: 's1', code: 'field.session_unknown' }]);
    expect(server.accepted.size).toBe(1);
    expect(await app.outbox.count()).toMatchObject({ waiting: 1 });
  });
});

describe('a batch', () => {
  const payload = (door: number) => ({ round: '20261122-1', person: `p${1_000_000 + door}`, mark: 'done' });
  const real = (door: number) => app.outbox.queue(app.me, 'rounds.mark', payload(door), { offsetMs: 3120, packAt: '2026-11-22T07:00:00.123456+00:00' });

  it('carries a hundred marks and more in 20 kB', async () => {
    for (let door = 0; door < 300; door++) await real(door);
    await app.run();
    expect(server.accepted.size).toBe(300);
    expect(server.batches.map((batch) => batch.compressed)).toEqual([true, true, true]);
    expect(server.batches[0]!.commands).toBeGreaterThanOrEqual(110);
    expect(server.largestBatch).toBeGreaterThan(19_000);
    expect(server.largestBatch).toBeLessThanOrEqual(BATCH_BYTES);
  });

  it('carries what it can where the browser compresses nothing', async () => {
    vi.stubGlobal('CompressionStream', undefined);
    app = new App(phone, server);
    await app.unlock();
    for (let door = 0; door < 150; door++) await real(door);
    await app.run();
    expect(server.batches.map((batch) => batch.compressed)).toEqual([false, false, false]);
    expect(server.largestBatch).toBeLessThanOrEqual(BATCH_BYTES);
  });

  it('is never too large on the wire, whatever is in it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat({ max: 13_000 }), { minLength: 1, maxLength: 12 }), fc.nat({ max: 250 }), async (sizes, marks) => {
        server.largestBatch = server.largestExpanded = 0;
        for (let door = 0; door < marks; door++) await app.outbox.queue(app.me, 'x', {});
        for (const size of sizes) await app.outbox.queue(app.me, 'x', { text: '门'.repeat(size / 3) });
        await app.run();
        expect(await app.outbox.count()).toMatchObject({ waiting: 0 });
        expect(server.largestBatch).toBeLessThanOrEqual(BATCH_BYTES);
        expect(server.largestExpanded).toBeLessThanOrEqual(64 * 1024);
      }),
      { numRuns: 10 },
    );
    expect(Math.max(...server.batches.map((batch) => batch.commands))).toBeLessThan(200);
  });
});

describe('a batch that does not get through', () => {
  it.each([
    [413, 'field.batch_too_large'],
    [413, 'http.413'], // of a proxy
    [400, 'field.not_json'], // cut on its way
  ])('is halved until it does: %i %s', async (status, code) => {
    for (let door = 0; door < 40; door++) await mark(door);
    server.most = { commands: 4, status, code };
    await app.run();
    expect(server.accepted.size).toBe(40);
  });

  it.each([
    [400, 'field.not_json'], // of an older server, or where a header was lost
    [415, 'field.encoding_unknown'],
    [415, undefined], // of somebody in between
    [403, undefined],
  ])('because it is compressed goes as it is from then on: %i %s', async (status, code) => {
    for (let door = 0; door < 150; door++) await mark(door);
    server.withoutExpanding = { status, ...(code && { code }) };
    expect((await app.run()).stuck).toEqual([]);
    expect(server.accepted.size).toBe(150);
    expect(server.batches.map((batch) => batch.compressed)).toEqual([false, false]);
    expect(server.largestBatch).toBeLessThanOrEqual(BATCH_BYTES);
    await mark(150);
    await app.run();
    expect(server.paths.filter((path) => path === 'POST sync')).toHaveLength(4); // compressed once alone
  });

  it('whatever was answered to it compressed is tried smaller, as it is, too', async () => {
    for (let door = 0; door < 40; door++) await mark(door);
    server.withoutExpanding = { status: 400, code: 'field.not_json' };
    server.most = { commands: 4, status: 413, code: 'http.413' };
    await app.run();
    expect(server.accepted.size).toBe(40);
  });

  it('is no answer where nothing goes through in between', async () => {
    await mark(1);
    server.withoutExpanding = { status: 403 };
    server.plan = ['ok', 'ok', 'lost'];
    await expect(app.run()).rejects.toBeInstanceOf(NoSignal);
    expect(await app.outbox.count()).toMatchObject({ waiting: 1 });
  });

  it('is shown when it is a single command', async () => {
    await mark(1);
    server.most = { commands: 0, status: 413, code: 'field.batch_too_large' };
    expect((await app.run()).stuck).toMatchObject([{ session: 's1', message: 'too large less' }]);
    expect(await app.outbox.count()).toMatchObject({ waiting: 1 });
  });
});

describe('a full phone', () => {
  /** As a browser says it: whatever writes fails, and what deletes does not. */
  function fill(): void {
    const refuse = (): never => {
      throw Object.assign(new Error(), { name: 'QuotaExceededError' });
    };
    for (const table of [app.db.outbox, app.db.meta, app.db.pack]) {
      table.hook('creating', refuse);
      table.hook('updating', refuse);
    }
  }

  it('sends all that it has, and then its photos, with no room to note what came of it', async () => {
    for (let door = 0; door < 150; door++) await mark(door); // more than one batch
    server.judge = (command, id) =>
      command.payload.door === 7 ? { id, result: 'refused', code: 'rounds.closed', message: 'closed' } : { id, result: 'accepted' };
    fill();
    const result = await app.run();
    expect(result).toMatchObject({ isFull: true, stuck: [] });
    expect(server.accepted.size).toBe(149);
    // What was refused waits on, to be answered again when there is room to keep the answer; the rest still shows.
    expect(await app.outbox.count()).toEqual({ waiting: 1, refused: 0, conflict: 0, unstored: 0 });
    expect((await app.outbox.list(new Map())).map((entry) => entry.state).filter((state) => state === 'sent')).toHaveLength(149);
    restart();
    await app.unlock();
    await app.run();
    expect(await app.outbox.count()).toEqual({ waiting: 0, refused: 1, conflict: 0, unstored: 0 });
  });

  it('gives up keys and pack all the same when the sign-in ends, and keeps the work', async () => {
    await mark(1);
    await app.db.pack.put({ section: 'people', id: 'p1', open: {} });
    fill();
    phone.time += 80 * 3_600_000;
    expect(await app.accounts.checkContact()).toBe(true);
    expect([await app.vault.exists(), await app.accounts.get(), await app.db.pack.count()]).toEqual([false, undefined, 0]);
    expect(await app.outbox.count()).toMatchObject({ waiting: 1 });
    restart();
    await app.signIn(); // says goodbye for the one before
    await app.accounts.sendFarewells();
    expect(server.sessions.get('s1')!.ended).toBe(true);
  });

  it('counts wrong PINs as long as the app is open', async () => {
    fill();
    for (let left = 9; left > 0; left--) await expect(app.vault.unlock('000000')).rejects.toMatchObject({ triesLeft: left });
    await expect(app.vault.unlock('000000')).rejects.toBeInstanceOf(Destroyed);
    expect(await app.vault.exists()).toBe(false);
  });

  it('hands over what is in memory alone', async () => {
    await mark(1);
    fill();
    await mark(2);
    expect(await app.outbox.count()).toMatchObject({ waiting: 2, unstored: 1 });
    const handed = await collect(app.db, app.outbox, app.files);
    expect(handed.work.map((each) => each.seq)).toEqual([1, 2]);
    expect(handed.sessions).toHaveLength(1);
  });
});

describe('the end of a sign-in', () => {
  it('by 72 hours without contact destroys pack and keys, and keeps the work', async () => {
    await mark(1);
    await app.db.pack.put({ section: 'people', id: 'p1', open: {} });
    phone.time += 71 * 3_600_000;
    expect(await app.accounts.checkContact()).toBe(false);
    phone.time += 2 * 3_600_000;
    restart();
    expect(await app.accounts.checkContact()).toBe(true);
    expect(await app.vault.exists()).toBe(false);
    expect(await app.db.pack.count()).toBe(0);
    expect(await app.accounts.ended()).toBe('out-of-contact');
    expect(await app.outbox.count()).toMatchObject({ waiting: 1 });
    await app.signIn();
    await app.run();
    expect(server.accepted.size).toBe(1);
  });

  it('by 72 hours is not put off by setting the clock back', async () => {
    phone.time += 80 * 3_600_000;
    phone.time -= 80 * 3_600_000;
    await app.db.write('contact', { heardAt: phone.time, latest: phone.time + 80 * 3_600_000 });
    expect(await app.accounts.checkContact()).toBe(true);
  });

  it('by revocation is known by the answer', async () => {
    await mark(1);
    server.sessions.get('s1')!.ended = true;
    const error = await app.run().catch((caught: unknown) => caught);
    expect(isRevoked(error)).toBe(true);
    await app.accounts.end('revoked');
    expect(await app.outbox.count()).toMatchObject({ waiting: 1 });
    expect(await app.accounts.get()).toBeUndefined();
  });
});

describe('the pack', () => {
  const people = (...put: Record<string, unknown>[]) => ({ all: false, within: [] as [number, number][], drop: [] as string[], put });

  it('is kept with personal fields in boxes, and read back with the key', async () => {
    server.pack = {
      sections: { people: people({ id: 'p1', door: 7, household: 'h1', name: '其其格', needs: ['alone'] }) },
      personal: { people: ['name', 'needs'] },
    };
    await app.run();
    const [row] = await app.packs.list();
    expect(row!.open).toEqual({ id: 'p1', door: 7, household: 'h1' });
    expect(JSON.stringify(row)).not.toContain('其其格');
    expect(await reveal(app.keys!.pack, row!)).toEqual({ name: '其其格', needs: ['alone'] });
  });

  it('takes increments: put, drop, within, gone', async () => {
    const doors = (...ids: number[]) => ({ all: true, within: [], drop: [], put: ids.map((id) => ({ id })) });
    server.pack = {
      sections: {
        doors: doors(1, 2, 3),
        people: people({ id: 'p1', door: 1 }, { id: 'p2', door: 2 }, { id: 'p3', door: 3 }, { id: 'p4', door: 3 }),
        due: people({ round: 'r1', id: 'p1', door: 1 }, { round: 'r1', id: 'p2', door: 2 }),
      },
    };
    await app.run();
    server.pack = {
      full: false,
      gone: [[1, 2]],
      sections: {
        people: { all: false, within: [[2, 3]], drop: ['p3'], put: [{ id: 'p5', door: 2 }] },
        due: { all: false, within: [], drop: [['r1', 'p2']], put: [] },
      },
    };
    await app.run();
    const left = (await app.packs.list()).map((row) => `${row.section} ${row.id}`).sort();
    expect(left).toEqual(['doors 2', 'doors 3', 'people p4', 'people p5']);
  });

  it('changes nothing when it is cut', async () => {
    server.plan = ['ok', 'unheard'];
    await expect(app.run()).rejects.toBeInstanceOf(NoSignal);
    expect(await app.packs.head()).toBeUndefined();
  });
});

it('takes the pack away from who holds no post any more, and keeps the work', async () => {
  server.pack = { sections: { doors: { all: true, within: [], drop: [], put: [{ id: 1 }] } } };
  await app.run();
  await mark(1);
  server.forbidsPack = true;
  expect((await app.run()).packChanged).toBe(true);
  expect(await app.packs.list()).toEqual([]);
  expect(await app.packs.head()).toBeUndefined();
  expect(server.accepted.size).toBe(1);
});
