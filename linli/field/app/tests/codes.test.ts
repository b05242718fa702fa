import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EMPTY, type Door, type Pack } from '../src/work/data';
import { findPage, readCode, readTube } from '../src/work/codes';

const door = (id: number): Door => ({ id, unit: 'l12', number: '703', label: '6号楼 3单元 703', pos: 1, kind: 'dwelling' });
const pack: Pack = {
  ...EMPTY,
  doors: new Map([[268435457, door(268435457)]]),
  places: new Map([['l12', { id: 'l12', code: 'c1-6-3', name: '3单元', kind: 'unit', row: { section: 'places', id: 'l12', open: {} } }]]),
  households: new Map([['h45', { id: 'h45', door: 268435457 }]]),
  people: new Map([['p48213', { id: 'p48213', household: 'h45', door: 268435457 }]]),
};
const pageOf = (text: string): string | undefined => {
  const code = readCode(text);
  return code && findPage(code, pack);
};

test.each([
  ['https://linli.example/field/#/d/268435457', '/unit/l12?door=268435457'],
  ['http://10.0.0.2:8000/field/#/d/268435457', '/unit/l12?door=268435457'],
  [' https://an.older.host/field/#/u/c1-6-3 ', '/unit/l12'],
  ['https://linli.example/field/#/h/h45', '/door/268435457'],
  ['https://linli.example/field/#/p/p48213', '/door/268435457'],
  ['https://linli.example/field/#/d/999', undefined],
  ['https://linli.example/field/#/u/l12', undefined],
  ['https://linli.example/field/#/d/', undefined],
  ['https://linli.example/field/#/d/%E0%A4%A', undefined],
  ['https://linli.example/field/#/settings', undefined],
  ['javascript:alert(1)//field/#/d/268435457', undefined],
  ['268435457', undefined],
])('%s', (text, page) => {
  expect(pageOf(text)).toBe(page);
});

test('whatever is scanned leads inside the app or nowhere', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.webUrl({ withFragments: true })), (text) => {
      expect(pageOf(text)?.startsWith('/') ?? true).toBe(true);
    }),
    { numRuns: 30 },
  );
});

test('the code of a tube, not that of a door', () => {
  expect(readTube(' A20221004-17 ')).toBe('A20221004-17');
  expect(readTube('6901234567892')).toBe('6901234567892');
  for (const text of ['', 'A 1', '管1', '-1', 'x'.repeat(41), 'https://linli.example/field/#/d/1']) expect(readTube(text)).toBeUndefined();
});
