/** What is an answer of the server, and what is somebody in between. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { NoSignal, overFetch, Refusal } from '../src/store/api';

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

const answer = (status: number, body: string): void => void vi.stubGlobal('fetch', async () => new Response(body, { status }));
const caught = (): Promise<unknown> => overFetch('GET', 'pack').catch((error: unknown) => error);

describe('an answer', () => {
  it.each([400, 401, 403, 404, 409, 422])('of %i without a code of ours is somebody in between: nothing is given up for it', async (status) => {
    for (const body of ['<html>please pay</html>', '{}', '', '[1]', 'null']) {
      answer(status, body);
      expect(await caught()).toBeInstanceOf(NoSignal);
    }
    answer(status, '{"code": "field.signed_out", "detail": "over"}');
    expect(await caught()).toMatchObject({ status, code: 'field.signed_out', message: 'over' });
  });

  it('of 200 that is a page is none', async () => {
    answer(200, '<html>welcome</html>');
    expect(await caught()).toBeInstanceOf(NoSignal);
  });

  it.each([413, 429, 500, 502, 503])('of %i says enough by itself', async (status) => {
    answer(status, '<html></html>');
    const error = await caught();
    expect(error).toBeInstanceOf(Refusal);
    expect((error as Refusal).isPassing).toBe(status !== 413);
  });
});

it('asks with a body that is compressed, and says so', async () => {
  let asked: RequestInit | undefined;
  vi.stubGlobal('fetch', async (_address: string, init: RequestInit) => {
    asked = init;
    return new Response('{}');
  });
  const compressed = new Uint8Array([31, 139]);
  await overFetch('POST', 'sync', { compressed });
  expect(asked).toMatchObject({ body: compressed, headers: { 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' } });
  await overFetch('POST', 'sync', { body: { sealed: [] } });
  expect(asked!.body).toBe('{"sealed":[]}');
  expect(asked!.headers).not.toHaveProperty('Content-Encoding');
});

describe('a slow line', () => {
  /** Pieces of a body, so many seconds apart; then its end, or silence. */
  function drip(pieces: string[], seconds: number, ends: boolean): void {
    vi.useFakeTimers();
    vi.stubGlobal('fetch', async (_address: string, { signal }: RequestInit) => {
      const body = new ReadableStream<Uint8Array>({
        async start(stream) {
          signal!.addEventListener('abort', () => stream.error(new Error('aborted')));
          for (const piece of pieces) {
            await new Promise((done) => setTimeout(done, seconds * 1000));
            stream.enqueue(new TextEncoder().encode(piece));
          }
          if (ends) stream.close();
        },
      });
      return new Response(body);
    });
  }

  it('is waited for as long as something comes', async () => {
    drip(['{"cur', 'sor": ', '"一', '二"}'], 25, true);
    const asked = overFetch('GET', 'pack');
    await vi.advanceTimersByTimeAsync(101_000);
    expect((await asked).data).toEqual({ cursor: '一二' });
  });

  it('is given up after half a minute of silence', async () => {
    drip(['{"cur'], 25, false);
    const asked = caught();
    await vi.advanceTimersByTimeAsync(56_000);
    expect(await asked).toBeInstanceOf(NoSignal);
  });
});
