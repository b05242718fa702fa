/** What is proposed and checked on the phone: moments by the server's time, and people before they are registered. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { faultOf, tidy } from '../src/work/entering';
import { atHour, dayOf, endOfDay, inAnHour } from '../src/work/when';
import { en } from '../src/words/en';
import { fill } from '../src/words/fill';

const TODAY = '2026-11-22';
const check = (more: object): string | undefined => faultOf(tidy({ name: '其其格', ...more }), TODAY);

test.each([
  [{}, undefined],
  [{ name: '  ' }, 'wrong_name'],
  [{ born_on: '2026-11-22' }, undefined],
  [{ born_on: '2026-11-23' }, 'wrong_birth'],
  [{ born_on: '1889-12-31' }, 'wrong_birth'],
  [{ born_on: '2022-02-30' }, 'wrong_birth'],
  [{ phone: '139 1234 5678' }, undefined],
  [{ phone: '+86 13912345678' }, undefined],
  [{ phone: '１３９１２３４５６７８' }, undefined],
  [{ phone: '0471-6912345' }, undefined],
  [{ phone: '（0471）6912345转123' }, undefined],
  [{ phone: '0471-6912345-123' }, undefined],
  [{ phone: '400-123-4567' }, undefined],
  [{ phone: '1391234567' }, 'wrong_phone'],
  [{ phone: '6912345' }, 'wrong_phone'],
  [{ phone: '没有' }, 'wrong_phone'],
  [{ id_number: '150102 19800229 002x' }, undefined],
  [{ id_number: '15010219810229002X' }, 'wrong_id'],
  [{ id_number: '150102198002290' }, 'wrong_id'],
  [{ id_number: '150102209902280021' }, 'wrong_id'],
  [{ id_number: '150102198002290021', born_on: '1980-02-28' }, 'wrong_id_birth'],
  [{ id_number: '150102198002290021', born_on: '1980-02-29', sex: 'female' }, undefined],
  [{ id_number: '150102198002290021', sex: 'male' }, 'wrong_id_sex'],
])('%j', (more, found) => {
  expect(check(more)).toBe(found);
});

test('what is tidied stays as it is, whatever was typed', () => {
  fc.assert(
    fc.property(fc.record({ name: fc.string(), phone: fc.string(), id_number: fc.string(), relation: fc.string() }), (person) => {
      expect(tidy(tidy(person))).toEqual(tidy(person));
    }),
  );
});

test('moments are of the server’s day, whatever the phone’s', () => {
  const now = new Date(2026, 10, 22, 15, 30).getTime();
  const local = (iso: string): string => new Date(iso).toString().slice(0, 24);
  expect(local(inAnHour(now))).toBe('Sun Nov 22 2026 16:30:00');
  expect(local(atHour(now, 1, 9))).toBe('Mon Nov 23 2026 09:00:00');
  expect(local(endOfDay(now, 14))).toBe('Sun Dec 06 2026 23:59:00');
  expect(dayOf(now)).toBe('2026-11-22');
});

test('one is one, and more are more', () => {
  expect(fill(en.doors, { n: 1 })).toBe('1 door');
  expect(fill(en.doors, { n: 2000 })).toBe('2,000 doors');
  expect(fill(en.unstored, { n: 1 })).toContain('1 is in memory only');
  expect(fill(en.found_none, { text: '{n}' })).toContain('“{n}”');
});
