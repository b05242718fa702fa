/** A server as docs/sync.md describes it, on a line that fails as it is told. For tests alone. */
import { NoSignal, Refusal, Stranger, type Ask, type Reply, type Transport } from '../src/store/api';
import { boundTo, openCommand, type Answer, type Command } from '../src/store/command';
import type { Sealed } from '../src/store/outbox';
import { toBase64, toBytes, type Bytes } from '../src/store/bytes';

/** `lost`: the request did not arrive. `unheard`: it was carried out, the answer did not arrive. `never`: no end. */
export type Line = 'ok' | 'lost' | 'unheard' | 'busy' | 'never' | 'unheard-never';

interface Batch {
  session: string;
  key?: { sealed: string };
  sealed: Sealed[];
}

const expand = (compressed: Uint8Array): Promise<string> =>
  new Response(new Blob([compressed as BlobPart]).stream().pipeThrough(new DecompressionStream('gzip'))).text();

const pair = crypto.subtle.generateKey(
  { name: 'RSA-OAEP', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: 'SHA-256' },
  true,
  ['encrypt', 'decrypt'],
);

export class Server {
  plan: Line[] = [];
  now = Date.parse('2026-11-22T08:00:00Z');
  /** id -> what it was, as first heard. */
  readonly heard = new Map<string, { box: string; seq: number; session: string }>();
  readonly accepted = new Map<string, Command>();
  readonly paths: string[] = [];
  readonly sessions = new Map<string, { account: number; key?: CryptoKey; ended: boolean }>();
  forbidsPack = false;
  /** Bytes of announced files as they came, and the files that came whole. */
  readonly pieces = new Map<string, Uint8Array>();
  readonly whole = new Map<string, Uint8Array>();
  /** What is wrong with a file that has come whole, if anything. */
  inspect: (id: string) => string | undefined = () => undefined;
  /** Where each piece that came began. */
  readonly starts: number[] = [];
  /** Sessions that this server has never heard of. */
  readonly unknown = new Set<string>();
  pack: Record<string, unknown> = {};
  /** Of what came: bytes on the wire, bytes when expanded, commands. */
  largestBatch = 0;
  largestExpanded = 0;
  readonly batches: { compressed: boolean; commands: number }[] = [];
  /** Compressed batches are answered so: by an older server, or by somebody in between who says no code. */
  withoutExpanding: { status: number; code?: string } | undefined;
  /** More commands than that in one batch are answered so. */
  most: { commands: number; status: number; code: string } | undefined;
  judge: (command: Command, id: string) => Answer = (_command, id) => ({ id, result: 'accepted' });
  private count = 0;

  readonly transport: Transport = async <T>(method: string, path: string, ask: Ask = {}): Promise<Reply<T>> => {
    const line = this.plan.shift() ?? 'ok';
    if (line === 'lost') throw new NoSignal();
    if (line === 'never') return new Promise<never>(() => undefined);
    if (line === 'busy') throw new Refusal(503, 'core.busy', 'busy', '', 1);
    const data = (await this.answer(method, path, ask)) as T;
    if (line === 'unheard') throw new NoSignal();
    if (line === 'unheard-never') return new Promise<never>(() => undefined);
    return { status: 200, data, etag: null };
  };

  private async answer(method: string, path: string, ask: Ask): Promise<unknown> {
    this.now += 1000;
    this.paths.push(`${method} ${path.split('?')[0]}`);
    const server_time = new Date(this.now).toISOString();
    if (method === 'POST' && path === 'session') return this.signIn(ask, server_time);
    if (path === 'session/end') return this.end(ask.body as { session: string; proof: string });
    const session = ask.token?.replace('token-', '') ?? '';
    const known = this.sessions.get(session);
    if (!known || known.ended) throw new Refusal(401, 'field.signed_out', 'signed out', '', undefined);
    if (path.startsWith('files/')) return this.takePiece(path, ask.bytes);
    if (path === 'session/key') return this.register(session, (ask.body as { sealed: string }).sealed);
    if (path === 'session') return { posts: [], permissions: [], server_time };
    if (path === 'sync' || path === 'handed') {
      return { server_time, results: await this.take(await this.expand(ask), known.account, path) };
    }
    if (this.forbidsPack) throw new Refusal(403, 'core.forbidden', '', '', undefined);
    return { cursor: String(this.now), issued_at: server_time, until: '', full: true, extent: [], gone: [], sections: {}, personal: {}, ...this.pack };
  }

  private async expand(ask: Ask): Promise<Batch> {
    const { status, code } = this.withoutExpanding ?? {};
    if (ask.compressed && status) throw code ? new Refusal(status, code, 'not understood', '', undefined) : new Stranger(status);
    const text = ask.compressed ? await expand(ask.compressed) : JSON.stringify(ask.body);
    const batch = JSON.parse(text) as Batch;
    this.batches.push({ compressed: ask.compressed !== undefined, commands: batch.sealed.length });
    this.largestBatch = Math.max(this.largestBatch, ask.compressed?.length ?? text.length);
    this.largestExpanded = Math.max(this.largestExpanded, text.length);
    return batch;
  }

  private async takePiece(path: string, bytes: Uint8Array | undefined): Promise<unknown> {
    const [name, query] = path.slice('files/'.length).split('?') as [string, string | undefined];
    const command = this.accepted.get(name);
    if (!command) throw new Refusal(404, 'notices.file_unknown', 'unknown', 'say so', undefined);
    const size = command.payload.size as number;
    const stand = () => ({ have: this.pieces.get(name)?.length ?? 0, size, whole: this.whole.has(name) });
    if (!bytes || this.whole.has(name)) return stand();
    const asked = new URLSearchParams(query);
    if (asked.get('anew')) this.pieces.delete(name);
    const [start, before] = [Number(asked.get('start')), this.pieces.get(name) ?? new Uint8Array()];
    this.starts.push(start);
    if (start > before.length) throw new Refusal(409, 'notices.file_gap', '', '', undefined);
    const now = new Uint8Array([...before, ...bytes.subarray(before.length - start)]);
    if (now.length === size + 28) await this.finish(name, asked.get('session')!, now, command);
    this.pieces.set(name, now);
    return stand();
  }

  private async finish(id: string, session: string, sent: Bytes, command: Command): Promise<void> {
    const algorithm = { name: 'AES-GCM', iv: sent.subarray(0, 12), additionalData: toBytes(`${session}|${id}|file`) };
    const plain = await crypto.subtle.decrypt(algorithm, this.sessions.get(session)!.key!, sent.subarray(12));
    const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', plain));
    const hex = Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('');
    const code = hex === command.payload.sha256 ? this.inspect(id) : 'notices.file_altered';
    if (code) throw new Refusal(422, code, 'wrong', 'take it anew', undefined);
    this.whole.set(id, new Uint8Array(plain));
  }

  private async signIn(ask: Ask, server_time: string): Promise<unknown> {
    const { username } = ask.body as { username: string };
    const session = `s${++this.count}`;
    const account = username.length;
    this.sessions.set(session, { account, ended: false });
    const spki = toBase64(new Uint8Array(await crypto.subtle.exportKey('spki', (await pair).publicKey)));
    return {
      token: `token-${session}`,
      session,
      account: { id: account, name: username },
      posts: [],
      permissions: [],
      server_time,
      public_key: { id: '1', spki },
      contact_hours: 72,
    };
  }

  private async end({ session, proof }: { session: string; proof: string }): Promise<void> {
    const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(`token-${session}`));
    if (proof === toBase64(new Uint8Array(digest))) this.sessions.get(session)!.ended = true;
  }

  private async register(session: string, sealed: string): Promise<void> {
    const bytes = Uint8Array.from(atob(sealed), (char) => char.charCodeAt(0));
    const raw = await crypto.subtle.decrypt({ name: 'RSA-OAEP' }, (await pair).privateKey, bytes);
    this.sessions.get(session)!.key = await crypto.subtle.importKey('raw', raw, 'AES-GCM', false, ['decrypt']);
  }

  private async take(batch: Batch, account: number, path: string): Promise<Answer[]> {
    if (this.unknown.has(batch.session)) throw new Refusal(404, 'field.session_unknown', '', '', undefined);
    const author = this.sessions.get(batch.session)!;
    if (path === 'sync' && author.account !== account) throw new Refusal(403, 'field.other_author', '', '', undefined);
    if (!author.key && batch.key) await this.register(batch.session, batch.key.sealed);
    if (!author.key) throw new Refusal(409, 'field.key_missing', '', '', undefined);
    if (this.most && batch.sealed.length > this.most.commands) throw new Refusal(this.most.status, this.most.code, 'too large', 'less', undefined);
    const results = [];
    for (const sealed of batch.sealed) results.push(await this.judgeOne(batch.session, author.key, sealed));
    return results;
  }

  private async judgeOne(session: string, key: CryptoKey, sealed: Sealed): Promise<Answer> {
    const { id, box, device_seq: seq } = sealed;
    const before = this.heard.get(id);
    if (before && (before.box !== box || before.seq !== seq)) throw new Error(`${id} was not frozen`);
    this.heard.set(id, { box, seq, session });
    if (this.accepted.has(id)) return { id, result: 'known' };
    const command = await openCommand(key, sealed, boundTo(session, id, seq));
    const answer = this.judge(command, id);
    if (answer.result === 'accepted') this.accepted.set(id, command);
    return answer;
  }
}
