import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Pace } from '../src/work/pace';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** What each exchange answers, in turn; when each began, in seconds from now. */
function pacing(...answers: (number | 'unknown' | undefined)[]): { pace: Pace; began: number[] } {
  const began: number[] = [];
  const start = Date.now();
  const pace = new Pace(() => {
    began.push((Date.now() - start) / 1000);
    return Promise.resolve(answers.shift());
  });
  return { pace, began };
}

test('comes back when the server asked it to, however often it was told so', async () => {
  const { pace, began } = pacing(30, 40, 20, 50, undefined);
  pace.now();
  await vi.advanceTimersByTimeAsync(150_000);
  expect(began).toHaveLength(5);
  const waited = began.slice(1).map((at, index) => at - began[index]!);
  for (const [index, asked] of [30, 40, 20, 50].entries()) {
    expect(waited[index]).toBeGreaterThanOrEqual(asked);
    expect(waited[index]).toBeLessThanOrEqual(asked + 1.1);
  }
});

test('nobody who presses comes before that', async () => {
  const { pace, began } = pacing(30, undefined);
  pace.now();
  await vi.advanceTimersByTimeAsync(1_000);
  pace.now();
  await vi.advanceTimersByTimeAsync(28_000);
  expect(began).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(3_000);
  expect(began).toHaveLength(2);
});

test('tries a line that is down ever more seldom, and not all at the same time', async () => {
  const { pace, began } = pacing('unknown', 'unknown', 'unknown', 'unknown', undefined);
  pace.now();
  await vi.advanceTimersByTimeAsync(100_000);
  const waited = began.slice(1).map((at, index) => at - began[index]!);
  for (const [index, least] of [2, 4, 8, 16].entries()) {
    expect(waited[index]).toBeGreaterThanOrEqual(least);
    expect(waited[index]).toBeLessThanOrEqual(2 * least + 0.1);
  }
});

test('after work it goes at once', async () => {
  const { pace, began } = pacing(undefined, undefined);
  pace.now();
  await vi.advanceTimersByTimeAsync(10_000);
  pace.soon();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(began).toHaveLength(2);
});

test('a signal that came back while an exchange was failing is not waited out', async () => {
  let cut = (): void => undefined;
  const began: number[] = [];
  const pace = new Pace(() => {
    began.push(Date.now());
    return new Promise((done) => (cut = () => done('unknown')));
  });
  pace.now();
  await vi.advanceTimersByTimeAsync(100);
  pace.now();
  cut();
  await vi.advanceTimersByTimeAsync(100);
  expect(began).toHaveLength(2);
  pace.soon(); // one more mark is no such sign
  cut();
  await vi.advanceTimersByTimeAsync(1_900);
  expect(began).toHaveLength(2);
});
