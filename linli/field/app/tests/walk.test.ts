/** What the screens work out of the pack: search, the rows of a stairwell, its tally, the buildings, special situations. */
import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { EMPTY, readPack, whereIs, type Door } from '../src/work/data';
import { blocksOf, columnsFor, count, nextStair, tallyOf, type Stairwell } from '../src/work/figures';
import { lay, type Standing } from '../src/work/overlay';
import { search, type Somebody } from '../src/work/search';

const door = (id: number, number: string, unit = 'l1'): Door => ({ id, unit, number, label: `6号楼 3单元 ${number}`, pos: id, kind: 'dwelling' });
const doors = new Map([door(1, '1703'), door(2, '703'), door(3, '7031'), door(4, '101')].map((each) => [each.id, each]));
const people: Somebody[] = [
  { door: 4, names: ['王芳'], phone: '13800137031', title: '王芳' },
  { door: 2, names: ['李静', '李家'], phone: undefined, title: '李静' },
  { door: 99, names: ['王五'], phone: undefined, title: '王五' },
];
const titles = (text: string): string[] => search(text, doors, people).map((hit) => hit.title);

test.each([
  ['703', ['703', '7031', '1703']], // the very door first; three digits are no phone number
  ['7031', ['7031', '王芳']],
  ['王', ['王芳']], // whoever lives behind no door of the pack is not found
  ['李家', ['李静']],
  ['3单元 101', ['101']],
  ['3单元 102', []],
  ['  ', []],
])('%s', (text, found) => {
  expect(titles(text)).toEqual(found);
});

test('whatever is typed finds doors of the pack alone, and a number finds its door first', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      for (const hit of search(text, doors, people)) expect(doors.get(hit.door)?.unit).toBe(hit.unit);
    }),
  );
  for (const { number } of doors.values()) expect(titles(number)[0]).toBe(number);
});

test('rows of a floor are of one length, as far as they can be, and never of more than four', () => {
  expect([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12].map(columnsFor)).toEqual([1, 2, 3, 4, 3, 3, 4, 4, 3, 4, 4]);
});

const states = ['not_reached', 'absent', 'refused', 'done', 'exempt', 'moved_out', 'vacant'] as const;
const standing = (state: (typeof states)[number], id: number): Standing => ({ round: 'r', id: `p${id}`, household: 'h1', door: id % 3, state, own: false });

test('a tally has everybody who is due, once', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...states)), (found) => {
      const figures = count(found.map(standing));
      const due = found.filter((state) => state !== 'moved_out' && state !== 'vacant').length;
      expect(tallyOf(figures).reduce((sum, [, n]) => sum + n, 0)).toBe(due);
      for (const [state, n] of tallyOf(figures)) expect(n).toBe(found.filter((each) => each === state).length);
    }),
  );
});

test('stairwells by building, in walking order, with the figures of all of it', () => {
  const place = (id: string) => ({ id, code: id, name: id, kind: 'building', row: { section: 'places', id, open: {} } });
  const stair = (building: string, unit: string, found: Standing[]): Stairwell => ({
    unit: place(unit),
    building: place(building),
    compound: undefined,
    tiles: [{ door: door(1, '101'), state: null, people: 0, standings: found, own: false }],
    figures: count(found),
  });
  const blocks = blocksOf([stair('b1', 'u1', [standing('absent', 1)]), stair('b1', 'u2', [standing('done', 2)]), stair('b2', 'u3', [])]);
  expect(blocks.map((block) => [block.building?.id, block.stairs.map((each) => each.unit.id)])).toEqual([['b1', ['u1', 'u2']], ['b2', ['u3']]]);
  expect(blocks[0]!.figures).toMatchObject({ due: 2, done: 1, absent: 1 });
});

test('a special situation of the pack keeps its words shut; one of this phone lies beside it', () => {
  const shut = { nonce: 'n', box: 'b' };
  const pack = readPack([{ section: 'specials', id: 's5', open: { id: 's5', door: 1, what: 'ill', at: '2022-10-04T01:00:00Z' }, shut }]);
  const command = { kind: 'notices.special', at: '2022-10-04T02:00:00Z', payload: { what: 'fire', place: 'l1', text: '冒烟' } };
  const entry = { id: 'c1', seq: 1, session: 's', state: 'waiting' as const, command };
  const { specials } = lay({ ...EMPTY, specials: pack.specials }, [entry as never]);
  expect(specials.map(({ id, what, door: at, place, row, fresh }) => [id, what, at, place, row?.shut, fresh])).toEqual([
    ['s5', 'ill', 1, undefined, shut, undefined],
    ['c1', 'fire', undefined, 'l1', undefined, { text: '冒烟' }],
  ]);
});

test('people stand in the order in which they were registered, whatever the store makes of their ids', () => {
  const rows = ['p10', 'p100', 'p9', 'p99'].map((id) => ({ section: 'people', id, open: { id, household: 'h1', door: 1 } }));
  expect([...readPack(rows).people.keys()]).toEqual(['p9', 'p10', 'p99', 'p100']);
});

test('where there are several compounds, a door says in which it is; in one alone it does not', () => {
  const place = (id: string, kind: string, parent?: string) => ({ section: 'places', id, open: { id, code: id, name: id, kind, parent } });
  const at = (id: number, unit: string) => ({ section: 'doors', id: String(id), open: { id, unit, number: '101', label: '1号楼 1单元 101', pos: 1, kind: 'dwelling' } });
  const near = [place('东院', 'compound'), place('b1', 'building', '东院'), place('u1', 'unit', 'b1'), at(1, 'u1')];
  const far = [place('西院', 'compound'), place('b2', 'building', '西院'), place('u2', 'unit', 'b2'), at(2, 'u2')];
  const labels = (rows: typeof near) => [...readPack(rows as never).doors.values()].map((each) => each.label);
  expect(labels(near)).toEqual(['1号楼 1单元 101']);
  expect(labels([...near, ...far])).toEqual(['东院 1号楼 1单元 101', '西院 1号楼 1单元 101']);
  const { doors: all } = readPack([...near, ...far] as never);
  expect(whereIs('u1', readPack(near as never).places)).toBe('b1 u1');
  expect(whereIs('u2', readPack([...near, ...far] as never).places)).toBe('西院 b2 u2');
  expect(whereIs('l9', readPack(near as never).places)).toBeUndefined();
  expect(search('西院 101', all, []).map((hit) => hit.door)).toEqual([2]);
});

test('after a stairwell comes the next one in walking order where somebody is open, then from the start', () => {
  const stair = (id: string, doorsOpen: number) => ({ unit: { id }, figures: { doorsOpen } }) as Stairwell;
  const stairs = [stair('u1', 2), stair('u2', 0), stair('u3', 0), stair('u4', 1)];
  expect(['u1', 'u2', 'u4', 'u9'].map((unit) => nextStair(stairs, unit)?.unit.id)).toEqual(['u4', 'u4', 'u1', 'u1']);
  expect(nextStair([stair('u1', 3)], 'u1')).toBeUndefined();
});

test('a mark says at which door it is, also while the household it waits for is disputed or just known', async () => {
  vi.stubGlobal('navigator', { language: 'zh-CN' });
  const { describe } = await import('../src/work/describe');
  const entry = (kind: string, payload: object, state = 'waiting') => ({ id: kind, seq: 1, session: 's', state, command: { kind, at: '2022-10-04T02:00:00Z', payload } });
  const household = entry('residents.household', { household: 'h', door: 2, people: [{ person: 'p', name: '陈先生' }] }, 'conflict');
  const more = entry('residents.person', { person: 'q', household: 'h', name: '小陈' });
  const mark = (person: string) => entry('rounds.mark', { round: 'r', person, mark: 'done' });
  const disputed = lay({ ...EMPTY, doors }, [household, more, mark('p')] as never);
  expect(disputed.people.size).toBe(0);
  for (const person of ['p', 'q']) expect(describe(mark(person) as never, disputed)).toBe('6号楼 3单元 703：完成');
  const known = lay({ ...EMPTY, doors, people: new Map([['p9', { id: 'p9', household: 'h7', door: 4, client: 'p' }]]) }, [mark('p')] as never);
  expect(describe(mark('p') as never, known)).toBe('6号楼 3单元 101：完成');
});
