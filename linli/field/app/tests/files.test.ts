import fc from 'fast-check';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { NoSignal, Refusal } from '../src/store/api';
import { randomBytes, type Bytes } from '../src/store/bytes';
import type { FieldDb } from '../src/store/db';
import { collect, parse, takeOver } from '../src/store/handover';
import { App, Phone } from './ground';
import { Server, type Line } from './server';

const RUNS = Number(import.meta.env.VITE_FIELD_RUNS ?? 60);
let phone: Phone;
let server: Server;
let app: App;
const take = (content: Bytes, id?: string) => app.files.queue(app.me, 'photo', { door: 7 }, content, id ? { id } : {});
const known = () => new Map([[app.me.id, app.me.key]]);

beforeEach(async () => {
  phone = new Phone();
  server = new Server();
  app = new App(phone, server);
  await app.signIn();
});

async function restart(): Promise<void> {
  app.kill();
  app = new App(phone, server);
  await app.unlock();
}

/** Until it is through: a phone tries again and again. */
async function runAll(times = 40): Promise<void> {
  for (let time = 0; time < times; time++) {
    try {
      await app.run();
      await app.runFiles();
      return;
    } catch (error) {
      if (!(error instanceof NoSignal || error instanceof Refusal)) throw error;
    }
  }
}

/** A full disk: what is put fails, as browsers say it. */
function fill(db: FieldDb): () => void {
  const full = vi.spyOn(db.fileBytes, 'put').mockRejectedValue(Object.assign(new Error(), { name: 'QuotaExceededError' }));
  return () => full.mockRestore();
}

describe('photos and voice notes', () => {
  it('are sealed when they are taken, counted, and sent whole after a restart', async () => {
    const content = randomBytes(45_000);
    const { id } = await take(content);
    expect(await app.files.count()).toEqual({ waiting: 1, refused: 0, conflict: 0, unstored: 0 });
    const [stored] = await app.db.fileBytes.toArray();
    expect(stored!.sealed.length).toBe(45_028);
    expect([...stored!.sealed].join().includes([...content.subarray(0, 16)].join())).toBe(false);
    expect(JSON.stringify(await app.db.files.toArray())).not.toContain('sha256');
    await restart();
    await runAll();
    expect(server.whole.get(id)).toEqual(content);
    expect(server.starts).toEqual([0, 20_000, 40_000]);
    expect(await app.files.count()).toMatchObject({ waiting: 0 });
    expect(await app.db.fileBytes.count()).toBe(0);
  });

  it('go on where they were cut', async () => {
    const { id } = await take(randomBytes(65_000));
    await app.run();
    server.plan = ['ok', 'ok', 'unheard'];
    await expect(app.runFiles()).rejects.toBeInstanceOf(NoSignal);
    expect((await app.files.list(known()))[0]).toMatchObject({ id, sent: 20_000 });
    await restart();
    await runAll();
    expect(server.starts).toEqual([0, 20_000, 20_000, 40_000, 60_000]);
    expect(server.whole.has(id)).toBe(true);
  });

  it('begin anew where the server knows less than the phone remembers', async () => {
    const { id } = await take(randomBytes(50_000));
    await app.run();
    server.plan = ['ok', 'ok', 'ok', 'lost'];
    await expect(app.runFiles()).rejects.toBeInstanceOf(NoSignal);
    server.pieces.clear(); // put back from a backup
    server.accepted.clear();
    await runAll();
    expect(server.whole.has(id)).toBe(true);
  });

  it('give way to marks that were given meanwhile', async () => {
    await take(randomBytes(65_000));
    await app.run();
    let pieces = 0;
    vi.spyOn(app.outbox, 'count').mockImplementation(async () => ({ waiting: pieces++ < 3 ? 0 : 1, refused: 0, conflict: 0, unstored: 0 }));
    expect(await app.runFiles()).toEqual({ sent: 0, stuck: [] });
    expect(server.starts.length).toBeLessThan(4);
    vi.restoreAllMocks();
    await runAll();
    expect(server.whole.size).toBe(1);
  });

  it('stay when they are refused, until the worker settles them', async () => {
    const { id } = await take(randomBytes(100));
    const other = await take(randomBytes(100));
    server.inspect = (each) => (each === id ? 'notices.file_wrong_kind' : undefined);
    await runAll();
    expect(server.whole.has(other.id)).toBe(true);
    expect(await app.files.count()).toEqual({ waiting: 0, refused: 1, conflict: 0, unstored: 0 });
    const [entry] = await app.files.list(known());
    expect(entry).toMatchObject({ state: 'refused', answer: { code: 'notices.file_wrong_kind', advice: 'take it anew' } });
    server.inspect = () => undefined;
    await app.files.retry(id);
    await runAll();
    expect(server.whole.has(id)).toBe(true);
  });

  it('stay when the announcement is refused, and go when they are set aside', async () => {
    const { id } = await take(randomBytes(100));
    server.judge = (_command, each) => ({ id: each, result: 'refused', code: 'core.forbidden', message: 'no' });
    await runAll();
    expect((await app.files.list(known()))[0]).toMatchObject({ state: 'refused', answer: { code: 'core.forbidden' } });
    await app.files.dismiss(id);
    expect([await app.db.files.count(), await app.db.fileBytes.count()]).toEqual([0, 0]);
  });

  it('are kept in memory when the phone is full, counted, sent, and stored when there is room', async () => {
    const free = fill(app.db);
    const { stored } = await take(randomBytes(100));
    expect(stored).toBe(false);
    expect(await app.files.count()).toEqual({ waiting: 1, refused: 0, conflict: 0, unstored: 1 });
    expect([await app.db.files.count(), await app.db.fileBytes.count()]).toEqual([0, 0]);
    free();
    await app.files.storeRest();
    expect(await app.files.count()).toEqual({ waiting: 1, refused: 0, conflict: 0, unstored: 0 });
    const again = fill(app.db);
    await take(randomBytes(100));
    await runAll();
    again();
    expect([server.whole.size, (await app.files.count()).waiting]).toEqual([2, 0]);
  });

  it('go under their own session after signing in again, unreadable as they are', async () => {
    const { id } = await take(randomBytes(100));
    await app.signOut();
    await app.signIn('somebody');
    expect((await app.files.list(known()))[0]).not.toHaveProperty('command');
    await runAll();
    expect(server.whole.has(id)).toBe(true);
    expect(server.paths).toContain('POST handed');
  });

  it('follow somebody who is known under another id', async () => {
    const about = { person: '0193a5c2-7b1e-4c3a-9d52-1f0e6a8b4c11' };
    const { id } = await app.files.queue(app.me, 'voice', about, randomBytes(100));
    server.judge = (command, each) =>
      command.payload.person === 'p7' ? { id: each, result: 'accepted' } : { id: each, result: 'refused', code: 'field.comes_first', retry: true };
    await runAll();
    expect(await app.files.count()).toMatchObject({ waiting: 1 });
    await app.files.follow(new Map([['another', 'p1'], [about.person, 'p7']]), app.me);
    server.heard.delete(id);
    await runAll();
    expect([server.accepted.get(id)!.payload.person, server.whole.has(id)]).toEqual(['p7', true]);
  });

  it('go by a colleague’s phone as a file, not as codes, and once', async () => {
    const { id } = await take(randomBytes(30_000));
    expect(await collect(app.db, app.outbox)).not.toHaveProperty('files');
    const handed = parse(JSON.stringify(await collect(app.db, app.outbox, app.files)));
    const other = new App(new Phone(), server);
    await other.signIn('colleague');
    expect([await takeOver(other.db, handed), await takeOver(other.db, handed)]).toEqual([1, 0]);
    await app.run(); // the key is registered
    await other.run();
    await other.runFiles();
    expect(server.whole.has(id)).toBe(true);
    await runAll();
    expect([(await app.files.count()).waiting, (await other.files.count()).waiting]).toEqual([0, 0]);
  });
});

// --- whatever happens ------------------------------------------------------------------------------------------------

type Act = { do: 'take'; size: number } | { do: 'send'; plan: Line[] } | { do: 'killed'; plan: Line[]; after: number } | { do: 'sign in again' } | { do: 'forget' };

const line = fc.constantFrom<Line>('ok', 'ok', 'ok', 'ok', 'lost', 'unheard', 'busy');
const cut = fc.constantFrom<Line>('ok', 'ok', 'ok', 'never', 'unheard-never');
const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('take' as const), size: fc.constantFrom(1, 19_972, 20_000, 41_000) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('send' as const), plan: fc.array(line, { maxLength: 10 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('killed' as const), plan: fc.array(cut, { maxLength: 8 }), after: fc.nat(60) }) },
  fc.record({ do: fc.constant('sign in again' as const) }),
  fc.record({ do: fc.constant('forget' as const) }),
);
const { setImmediate } = globalThis as unknown as { setImmediate(done: () => void): void };

it('loses none and changes none, whatever the line and the phone do', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(act, { minLength: 1, maxLength: 12 }), async (acts) => {
      phone = new Phone();
      server = new Server();
      app = new App(phone, server);
      await app.signIn();
      const taken = new Map<string, Bytes>();
      for (const each of acts) {
        if (each.do === 'take') {
          const content = randomBytes(each.size);
          taken.set((await take(content)).id, content);
        }
        if (each.do === 'send') {
          server.plan = [...each.plan];
          await runAll(1);
          server.plan = [];
        }
        if (each.do === 'killed') {
          server.plan = [...each.plan];
          const running = app;
          running.run().then(() => running.runFiles()).catch(() => undefined);
          for (let tick = 0; tick < each.after; tick++) await new Promise<void>((done) => setImmediate(done));
          server.plan = [];
          await restart();
        }
        if (each.do === 'sign in again') {
          await app.signOut();
          await app.signIn();
        }
        if (each.do === 'forget') server.pieces.clear(); // those that are whole are kept
        const { waiting, refused } = await app.files.count();
        const unsent = [...taken.keys()].filter((id) => !server.whole.has(id)).length;
        expect(waiting).toBeGreaterThanOrEqual(unsent); // more, where the answer was not heard
        expect(waiting).toBeLessThanOrEqual(taken.size);
        expect(refused).toBe(0);
      }
      server.plan = [];
      await runAll();
      expect(new Map([...server.whole].map(([id, content]) => [id, [...content]]))).toEqual(
        new Map([...taken].map(([id, content]) => [id, [...content]])),
      );
      expect(await app.files.count()).toEqual({ waiting: 0, refused: 0, conflict: 0, unstored: 0 });
      expect(await app.db.fileBytes.count()).toBe(0);
      app.kill();
    }),
    { numRuns: RUNS },
  );
});
