/** Requests to the server, and the two ways they fail: no answer, or a problem with words. */
/** Without a sign of life for so long the line is taken to be dead. A whole pack may take minutes where signal is poor. */
const SILENCE_MS = 30_000;

export interface Reply<T = unknown> {
  status: number;
  data: T;
  etag: string | null;
}

export interface Ask {
  token?: string | undefined;
  body?: unknown;
  /** Instead of a body: its JSON, compressed with gzip. */
  compressed?: Uint8Array | undefined;
  /** Instead of a body: bytes as they are. */
  bytes?: Uint8Array | undefined;
  etag?: string | undefined;
  csrf?: string | undefined;
  lang?: string | undefined;
}

interface Problem {
  code?: string;
  detail?: string;
  advice?: string;
}

export type Transport = <T>(method: string, path: string, ask?: Ask) => Promise<Reply<T>>;

/** Nobody answered: no signal, or the server is down. */
export class NoSignal extends Error {}

/** Somebody in between answered: a hotel's sign-in, a firewall, a proxy. As good as no answer. */
export class Stranger extends NoSignal {
  constructor(readonly status: number) {
    super();
  }
}

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
  if (ask.body !== undefined || ask.compressed) headers['Content-Type'] = 'application/json';
  if (ask.compressed) headers['Content-Encoding'] = 'gzip';
  if (ask.bytes) headers['Content-Type'] = 'application/octet-stream';
  const cut = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const heard = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => cut.abort(), SILENCE_MS);
  };
  heard();
  let response: Response;
  let text: string;
  try {
    response = await fetch(`/api/field/${path}`, {
      method,
      headers,
      body: (ask.bytes ?? ask.compressed ?? (ask.body === undefined ? null : JSON.stringify(ask.body))) as BodyInit | null,
      credentials: ask.csrf ? 'same-origin' : 'omit',
      cache: 'no-store',
      signal: cut.signal,
    });
    text = await readText(response, heard);
  } catch {
    throw new NoSignal();
  } finally {
    clearTimeout(timer);
  }
  const data = parse(text);
  // A page of something in between is no answer of this server: it must neither end the sign-in nor take the pack away.
  if (isForeign(response.status, data)) throw new Stranger(response.status);
  if (response.status >= 400) throw refusalOf(response, data);
  return { status: response.status, data: data as T, etag: response.headers.get('ETag') };
};

async function readText(response: Response, heard: () => void): Promise<string> {
  const reader = response.body?.getReader();
  if (!reader) return response.text();
  const decoder = new TextDecoder();
  let text = '';
  for (;;) {
    heard();
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    text += decoder.decode(value, { stream: true });
  }
}

/** Of what passes by itself, or is too large for a proxy, the status says enough; all else bears a code of ours. */
function isForeign(status: number, data: unknown): boolean {
  if (status === 200) return data === undefined;
  return status >= 400 && status < 500 && status !== 413 && status !== 429 && typeof (data as Problem | undefined)?.code !== 'string';
}

function parse(text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

function refusalOf(response: Response, data: unknown): Refusal {
  const problem = (data ?? {}) as Problem;
  const wait = Number(response.headers.get('Retry-After'));
  const code = problem.code ?? `http.${response.status}`;
  const retryAfter = Number.isFinite(wait) && wait > 0 ? wait : undefined;
  return new Refusal(response.status, code, problem.detail ?? code, problem.advice ?? '', retryAfter);
}
