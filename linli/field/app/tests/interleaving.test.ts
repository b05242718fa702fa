/** Whatever the line and the phone do: nothing is lost, nothing is sent as two, and the count is exact. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { NoSignal, Refusal } from '../src/store/api';
import type { Answer, Command } from '../src/store/command';
import { App, Phone } from './ground';
import { Server, type Line } from './server';

const RUNS = Number(import.meta.env.VITE_FIELD_RUNS ?? 100);

type Act =
  | { do: 'mark'; urgent: boolean; size: number; fate: Answer['result'] | 'later' }
  | { do: 'send'; plan: Line[] }
  | { do: 'killed while marking'; after: number }
  | { do: 'killed while sending'; plan: Line[]; after: number }
  | { do: 'restart' }
  | { do: 'sign in again' }
  | { do: 'withdraw' }
  | { do: 'dismiss' };

const line = fc.constantFrom<Line>('ok', 'ok', 'ok', 'lost', 'unheard', 'busy');
const cut = fc.constantFrom<Line>('ok', 'ok', 'never', 'unheard-never');
const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 6, arbitrary: fc.record({
    do: fc.constant('mark' as const),
    urgent: fc.boolean(),
    size: fc.constantFrom(10, 500, 4000),
    fate: fc.constantFrom<Answer['result'] | 'later'>('accepted', 'accepted', 'accepted', 'refused', 'conflict', 'later'),
  }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('send' as const), plan: fc.array(line, { maxLength: 8 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('killed while marking' as const), after: fc.nat(6) }) },
  { weight: 2, arbitrary: fc.record({
    do: fc.constant('killed while sending' as const),
    plan: fc.array(cut, { maxLength: 6 }),
    after: fc.nat(30),
  }) },
  fc.record({ do: fc.constant('restart' as const) }),
  fc.record({ do: fc.constant('sign in again' as const) }),
  fc.record({ do: fc.constant('withdraw' as const) }),
  fc.record({ do: fc.constant('dismiss' as const) }),
);

/** Turns of Node's event loop, in which the store gets on a step at a time. */
const { setImmediate } = globalThis as unknown as { setImmediate(done: () => void): void };
const ticks = async (count: number): Promise<void> => {
  for (let tick = 0; tick < count; tick++) await new Promise<void>((done) => setImmediate(done));
};

class Story {
  readonly phone = new Phone();
  readonly server = new Server();
  app = new App(this.phone, this.server);
  /** Marks that the screen confirmed. */
  readonly confirmed = new Set<string>();
  /** Marks that were under way when the app died: there, or not. */
  readonly uncertain = new Set<string>();
  readonly gone = new Set<string>();
  private number = 0;

  constructor() {
    const tries = new Map<string, number>();
    this.server.judge = (command: Command, id: string): Answer => {
      const fate = command.payload.fate as Answer['result'] | 'later';
      if (fate !== 'later') return { id, result: fate, code: 'test' };
      const before = tries.get(id) ?? 0;
      tries.set(id, before + 1);
      return before < 2 ? { id, result: 'refused', retry: true } : { id, result: 'accepted' };
    };
  }

  async play(act: Act): Promise<void> {
    this.phone.time += 60_000;
    if (act.do === 'mark') await this.mark(act.size, act.fate, act.urgent);
    if (act.do === 'send') await this.send(act.plan);
    if (act.do === 'killed while marking') {
      const id = this.nextId();
      this.uncertain.add(id);
      this.queue(id, 10, 'accepted', false).catch(() => undefined);
      await ticks(act.after);
      await this.restart();
    }
    if (act.do === 'killed while sending') {
      this.server.plan = [...act.plan];
      this.app.run().catch(() => undefined);
      await ticks(act.after);
      this.server.plan = [];
      await this.restart();
    }
    if (act.do === 'restart') await this.restart();
    if (act.do === 'sign in again') {
      await this.app.signOut();
      await this.app.signIn();
    }
    if (act.do === 'withdraw') await this.withdraw();
    if (act.do === 'dismiss') await this.dismiss();
    await this.check();
  }

  private nextId(): string {
    return `id-${++this.number}`;
  }

  private queue(id: string, size: number, fate: string, urgent: boolean) {
    return this.app.outbox.queue(this.app.me, 'test', { fate, text: 'x'.repeat(size) }, { id, urgent });
  }

  private async mark(size: number, fate: string, urgent: boolean): Promise<void> {
    const id = this.nextId();
    await this.queue(id, size, fate, urgent);
    this.confirmed.add(id);
  }

  private async send(plan: Line[]): Promise<void> {
    this.server.plan = [...plan];
    await this.app.run().catch((error: unknown) => {
      if (!(error instanceof NoSignal || error instanceof Refusal)) throw error;
    });
    this.server.plan = [];
  }

  private async restart(): Promise<void> {
    this.app.kill();
    this.app = new App(this.phone, this.server);
    await this.app.unlock();
  }

  private async withdraw(): Promise<void> {
    for (const id of this.confirmed) {
      if (!(await this.app.outbox.withdraw(id))) continue;
      expect(this.server.heard.has(id)).toBe(false);
      this.gone.add(id);
      return;
    }
  }

  private async dismiss(): Promise<void> {
    const refused = (await this.app.db.outbox.toArray()).find((row) => row.state !== 'waiting' && row.state !== 'sent');
    if (!refused) return;
    await this.app.outbox.dismiss(refused.id);
    this.gone.add(refused.id);
  }

  async check(): Promise<void> {
    const rows = await this.app.db.outbox.toArray();
    const ids = new Set(rows.map((row) => row.id));
    expect(ids.size).toBe(rows.length);
    for (const id of this.confirmed) {
      const isSomewhere = ids.has(id) || this.server.accepted.has(id) || this.gone.has(id);
      expect(isSomewhere, `${id} is lost`).toBe(true);
    }
    for (const row of rows) {
      expect(this.confirmed.has(row.id) || this.uncertain.has(row.id)).toBe(true);
      if (row.state === 'sent') expect(this.server.accepted.has(row.id)).toBe(true);
    }
    const inState = (state: string): number => rows.filter((row) => row.state === state).length;
    const expected = { waiting: inState('waiting'), refused: inState('refused'), conflict: inState('conflict') };
    expect(await this.app.outbox.count()).toEqual({ ...expected, unstored: 0 });
    expect(this.server.largestBatch).toBeLessThanOrEqual(20_000);
  }

  /** In the end there is a signal: everything arrives that the server takes, and the phone knows it. */
  async settle(): Promise<void> {
    for (let run = 0; run < 3; run++) await this.app.run();
    await this.check();
    const rows = await this.app.db.outbox.toArray();
    expect(rows.filter((row) => row.state === 'waiting')).toEqual([]);
    for (const id of this.confirmed) {
      const open = rows.find((row) => row.id === id);
      expect(this.server.accepted.has(id) !== (open !== undefined || this.gone.has(id)), `${id} in the end`).toBe(true);
    }
    const seqs = [...this.server.heard.values()].map((heard) => heard.seq);
    expect(new Set(seqs).size).toBe(seqs.length);
  }
}

it(`loses nothing, doubles nothing and counts exactly, in ${RUNS} random stories`, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(act, { minLength: 3, maxLength: 25 }), async (acts) => {
      const story = new Story();
      await story.app.signIn();
      for (const each of acts) await story.play(each);
      await story.settle();
      story.app.kill();
    }),
    { numRuns: RUNS },
  );
}, 600_000);
