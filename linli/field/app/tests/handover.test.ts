import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { collect, Frames, NotAHandover, parse, takeOver, toFrames } from '../src/store/handover';
import { App, Phone } from './ground';
import { Server } from './server';

let server: Server;
let mine: App;
let theirs: App;

beforeEach(async () => {
  server = new Server();
  mine = new App(new Phone(), server);
  theirs = new App(new Phone(), server);
  await mine.signIn('wang');
  await theirs.signIn('somebody');
  for (const door of [1, 2, 3]) await mine.outbox.queue(mine.me, 'rounds.mark', { door });
});

describe('handing over', () => {
  it('brings work by another phone, once, and both phones know it in the end', async () => {
    const file = JSON.stringify(await collect(mine.db, mine.outbox));
    expect(file).not.toContain('rounds.mark');
    expect(await takeOver(theirs.db, parse(file))).toBe(3);
    expect(await takeOver(theirs.db, parse(file))).toBe(0);
    expect(await theirs.outbox.count()).toMatchObject({ waiting: 3 });
    await theirs.run();
    expect(server.accepted.size).toBe(3);
    expect(await theirs.outbox.count()).toMatchObject({ waiting: 0 });
    expect(await mine.outbox.count()).toMatchObject({ waiting: 3 });
    await mine.run();
    expect(await mine.outbox.count()).toMatchObject({ waiting: 0 });
    expect(server.accepted.size).toBe(3);
  });

  it('lets nothing be withdrawn that has left the phone', async () => {
    const { work } = await collect(mine.db, mine.outbox);
    expect(await mine.outbox.withdraw(work[0]!.id)).toBe(false);
  });

  it('refuses what is no handover', () => {
    const wrong = ['', 'null', '[]', '{"format":"linli.handover.1"}', '{"format":"x","sessions":[],"work":[]}'];
    wrong.push('{"format":"linli.handover.1","sessions":[],"work":[{"id":"a","session":"s","nonce":"n","box":"b","seq":1}]}');
    for (const text of wrong) expect(() => parse(text)).toThrow(NotAHandover);
  });
});

it('comes through pictures in any order, some seen twice, some missed at first', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1, maxLength: 5000 }), fc.infiniteStream(fc.nat()), (text, order) => {
      const frames = toFrames(text);
      const reader = new Frames();
      let whole: string | null = null;
      for (const pick of order) {
        whole = reader.add(frames[pick % frames.length]!) ?? whole;
        if (whole !== null || reader.seen > 50) break;
        if (pick % 7 === 0) for (const frame of frames) whole = reader.add(frame) ?? whole;
        if (whole !== null) break;
      }
      expect(whole).toBe(text);
      expect(reader.total).toBe(frames.length);
    }),
    { numRuns: 50 },
  );
});
