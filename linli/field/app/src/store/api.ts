/** Requests to the server, and the two ways they fail: no answer, or a problem with words. */
const TIMEOUT_MS = 30_000;

export interface Reply<T = unknown> {
  status: number;
  data: T;
  etag: string | null;
}

export interface Ask {
  token?: string | undefined;
  body?: unknown;
  /** Instead of a body: bytes as they are. */
  bytes?: Uint8Array | undefined;
  etag?: string | undefined;
  csrf?: string | undefined;
  lang?: string | undefined;
}

export type Transport = <T>(method: string, path: string, ask?: Ask) => Promise<Reply<T>>;

/** Nobody answered: no signal, or the server is down. */
export class NoSignal extends Error {}

/** The server refused, with a code and what to do. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly advice: string,
    /** Seconds to wait before it is worth trying again. */
    readonly retryAfter: number | undefined,
  ) {
    super(message);
  }

  /** Worth the same request again, later. */
  get isPassing(): boolean {
    return this.status === 429 || this.status >= 500;
  }
}

export const overFetch: Transport = async <T>(method: string, path: string, ask: Ask = {}): Promise<Reply<T>> => {
  const headers: Record<string, string> = { Accept: 'application/json' };
  if (ask.token) headers.Authorization = `Bearer ${ask.token}`;
  if (ask.lang) headers['Accept-Language'] = ask.lang;
  if (ask.etag) headers['If-None-Match'] = ask.etag;
  if (ask.csrf) headers['X-CSRFToken'] = ask.csrf;
  if (ask.body !== undefined) headers['Content-Type'] = 'application/json';
  if (ask.bytes) headers['Content-Type'] = 'application/octet-stream';
  const cut = new AbortController();
  const timer = setTimeout(() => cut.abort(), TIMEOUT_MS);
  let response: Response;
  let text: string;
  try {
    response = await fetch(`/api/field/${path}`, {
      method,
      headers,
      body: ask.bytes ? (ask.bytes as BodyInit) : ask.body === undefined ? null : JSON.stringify(ask.body),
      credentials: ask.csrf ? 'same-origin' : 'omit',
      cache: 'no-store',
      signal: cut.signal,
    });
    text = await response.text();
  } catch {
    throw new NoSignal();
  } finally {
    clearTimeout(timer);
  }
  const data = parse(text);
  if (response.status >= 400) throw refusalOf(response, data);
  // A page of something in between (a hotel's sign-in, a proxy) is no answer of this server.
  if (response.status === 200 && data === undefined) throw new NoSignal();
  return { status: response.status, data: data as T, etag: response.headers.get('ETag') };
};

function parse(text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

function refusalOf(response: Response, data: unknown): Refusal {
  const problem = (data ?? {}) as { code?: string; detail?: string; advice?: string };
  const wait = Number(response.headers.get('Retry-After'));
  const code = problem.code ?? `http.${response.status}`;
  const retryAfter = Number.isFinite(wait) && wait > 0 ? wait : undefined;
  return new Refusal(response.status, code, problem.detail ?? code, problem.advice ?? '', retryAfter);
}
