import { expect, test } from 'vitest';
import type { Answer, Command } from '../src/store/command';
import type { Entry } from '../src/store/outbox';
import { choicesOf, compare, followUps, nextLabel, type Choice, type Keep } from '../src/work/settle';
import { App, Phone } from './ground';
import { Server } from './server';

const everything = (): boolean => true;
const onlyRegister = (permission: string): boolean => permission !== 'residents.edit';
const people = [{ person: 'u1', name: '甲' }, { person: 'u2', name: '乙', id_number: '1501' }];
const household = { household: 'uh', door: 7, label: '合租', people };
const there = { person: 'p9', household: 'h9', where: '1单元 102', name: '王五', seen_at: '2022-10-04T01:00:00Z' };

function entry(kind: string, payload: Record<string, unknown>, answer?: Partial<Answer>, id = 'c1'): Entry {
  const command: Command = { kind, payload, at: '2022-10-04T01:00:00Z' };
  const state = answer ? 'conflict' : 'waiting';
  return { id, seq: 1, session: 's', state, urgent: false, tried: true, command, ...(answer && { answer: { id, result: 'conflict', ...answer } }) };
}
const pick = (choices: Choice[], keep: Keep): Choice => choices.find((each) => each.keep === keep)!;

test('a label that is taken: joined, apart, or theirs alone', () => {
  const disputed = entry('residents.household', household, { code: 'residents.label_taken', theirs: { household: 'h5', label: '合租' } });
  const choices = choicesOf(disputed, onlyRegister);
  expect(pick(choices, 'both').commands).toEqual(people.map((each) => ({ kind: 'residents.person', payload: { ...each, household: 'h5' } })));
  expect(pick(choices, 'both').stands.get('uh')).toBe('h5');
  expect(pick(choices, 'mine').commands).toEqual([{ kind: 'residents.household', payload: { ...household, label: '合租2' } }]);
  expect(pick(choices, 'theirs').commands).toEqual([]);
  expect([...pick(choices, 'theirs').stands.keys()]).toEqual(['uh', 'u1', 'u2']);
});

test.each([['', '2'], ['合租', '合租2'], ['合租2', '合租3'], ['9', '10'], ['x'.repeat(40), `${'x'.repeat(39)}2`]])('after "%s"', (label, next) => {
  expect(nextLabel(label)).toBe(next);
});

test('somebody registered elsewhere, alone', () => {
  const mine = { ...people[1]!, household: 'h1' };
  const answer = { code: 'residents.two_homes', yours: { person: 'u2' }, theirs: there };
  const moved = pick(choicesOf(entry('residents.person', mine, answer), everything), 'mine');
  expect(moved.commands).toEqual([{ kind: 'residents.move', payload: { person: 'p9', household: 'h1' } }]);
  expect(moved.stands.get('u2')).toBe('p9');
  for (const [may, theirs] of [[onlyRegister, there], [everything, {}]] as const) {
    const choices = choicesOf(entry('residents.person', mine, { ...answer, theirs }), may);
    expect(pick(choices, 'mine').commands).toEqual([{ kind: 'residents.person', payload: { person: 'u2', name: '乙', household: 'h1' } }]);
    expect(pick(choices, 'theirs')).toMatchObject({ commands: [], stands: new Map([['u2', null]]) });
  }
});

test('somebody registered elsewhere, one of a household', () => {
  const answer = { code: 'residents.two_homes', yours: { person: 'u2' }, theirs: there };
  const disputed = entry('residents.household', household, answer);
  const others = { kind: 'residents.household', payload: { ...household, people: [people[0]] } };
  expect(pick(choicesOf(disputed, everything), 'mine').commands).toEqual([others, { kind: 'residents.move', payload: { person: 'p9', household: 'uh' } }]);
  expect(pick(choicesOf(disputed, everything), 'theirs').commands).toEqual([others]);
  const unnumbered = pick(choicesOf(disputed, onlyRegister), 'mine').commands[0]!.payload;
  expect(unnumbered).toEqual({ ...household, people: [people[0], { person: 'u2', name: '乙' }] });
});

test('somebody who is there already, or was changed meanwhile', () => {
  const mine = { ...people[1]!, household: 'h9', relation: '父亲' };
  const twice = entry('residents.person', mine, { code: 'residents.person_twice', theirs: there });
  const corrected = { person: 'p9', seen_at: there.seen_at, name: '乙', relation: '父亲' };
  expect(pick(choicesOf(twice, everything), 'mine').commands).toEqual([{ kind: 'residents.correct', payload: corrected }]);
  expect(choicesOf(twice, onlyRegister).map((each) => each.keep)).toEqual(['theirs']);
  const later = entry('residents.correct', corrected, { code: 'residents.changed_meanwhile', theirs: { ...there, seen_at: 'later' } });
  expect(pick(choicesOf(later, everything), 'mine').commands[0]!.payload).toEqual({ ...corrected, seen_at: 'later' });
});

test('what hangs on somebody follows them, or goes with them', () => {
  const entries = [
    entry('residents.person', { person: 'u3', household: 'uh', name: '丙' }, undefined, 'a'),
    entry('rounds.mark', { round: 'r', person: 'u3', mark: 'done' }, undefined, 'b'),
    entry('rounds.mark', { round: 'r', household: 'uh', mark: 'absent' }, undefined, 'c'),
    entry('rounds.mark', { round: 'r', person: 'p1', mark: 'done' }, undefined, 'd'),
    entry('residents.household', { household: 'uh', door: 7 }, undefined, 'e'),
  ];
  const told = (stands: [string, string | null][]) => followUps(new Map(stands), entries).map(({ old, payload }) => [old.id, payload?.household ?? payload?.person]);
  expect(told([['uh', 'h5']])).toEqual([['a', 'h5'], ['c', 'h5']]);
  expect(told([['uh', null]])).toEqual([['a', undefined], ['b', undefined], ['c', undefined]]);
});

test('both values stand side by side, nothing that neither says', () => {
  expect(compare({ name: '甲', needs: [], person: 'u1' }, { name: '乙', phone: '154****0001', person: 'p1' })).toEqual([
    { field: 'name', yours: '甲', theirs: '乙' },
    { field: 'phone', yours: undefined, theirs: '154****0001' },
  ]);
  expect(compare({ people: ['甲', '乙'], name: '乙' }, { name: '丙' })).toEqual([{ field: 'name', yours: '乙', theirs: '丙' }]);
  expect(compare({ people: ['甲'] }, { people: ['丙'] })).toEqual([{ field: 'people', yours: ['甲'], theirs: ['丙'] }]);
});

test('waiting work is given up, what was answered is not', async () => {
  const [phone, server] = [new Phone(), new Server()];
  const app = new App(phone, server);
  await app.signIn();
  const first = await app.outbox.queue(app.me, 'rounds.mark', { person: 'u1' }, { at: '2022-10-04T00:00:00.000Z' });
  const second = await app.outbox.queue(app.me, 'rounds.mark', { person: 'u2' });
  await app.outbox.giveUp(first.id);
  expect((await app.outbox.count()).waiting).toBe(1);
  server.judge = (_command, id) => ({ id, result: 'refused', code: 'x' });
  await app.run();
  await app.outbox.giveUp(second.id);
  expect((await app.outbox.count()).refused).toBe(1);
  app.kill();
});
