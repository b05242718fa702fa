/** What the stores hold as the screens read it, and the acts they call. */
import { computed, shallowRef } from 'vue';
import { face } from './face';
import { AccountStore, isRevoked, type Ending, type SignIn } from './store/account';
import { NoSignal, overFetch, Refusal } from './store/api';
import { deviceClock } from './store/clock';
import type { Command } from './store/command';
import { open, seal, type Box } from './store/crypto';
import type { Bytes } from './store/bytes';
import { FieldDb, isQuotaError } from './store/db';
import { FileBox, type About, type FileEntry, type FileKind } from './store/files';
import { Outbox, TooLong, type Entry } from './store/outbox';
import { PackStore, reveal } from './store/pack';
import { Sync } from './store/sync';
import { Upload } from './store/upload';
import { Destroyed, Vault, type FreshKeys, type Keys } from './store/vault';
import { EMPTY, readPack, type Mark, type Pack } from './work/data';
import { listStairs, roundOf } from './work/figures';
import { lay } from './work/overlay';
import { Pace } from './work/pace';
import type { Whom } from './work/whom';
import { lang, t } from './words';

export const db = new FieldDb();
export const outbox = new Outbox(db, deviceClock);
const vault = new Vault(db);
const accounts = new AccountStore(db, vault, overFetch, deviceClock);
const packs = new PackStore(db);
const ground = { db, outbox, packs, accounts, transport: overFetch, clock: deviceClock };
const sync = new Sync(ground);
export const fileBox = new FileBox(db, outbox, deviceClock);
const upload = new Upload(ground, fileBox, sync);

let keys: Keys | undefined;
let fresh: FreshKeys | undefined;
let offset: number | undefined;
let packAt: string | undefined;

const pack = shallowRef<Pack>(EMPTY);
export const entries = shallowRef<Entry[]>([]);
export const fileEntries = shallowRef<FileEntry[]>([]);
export const work = computed(() => lay(pack.value, entries.value));
export const round = computed(() => roundOf(pack.value, face.round));
export const stairs = computed(() => listStairs(work.value, round.value));
export const hasPack = computed(() => pack.value !== EMPTY);

/** The server's time, as well as the phone knows it: its own clock may be years wrong. */
export const serverNow = (): number => deviceClock.now() + (offset ?? 0);

export const may = (permission: string): boolean => face.account?.permissions.includes(permission) ?? false;

// --- reading ---------------------------------------------------------------------------------------------------

const revealed = new Map<string, Promise<unknown>>();

/** The personal fields of a row of the pack, opened once. */
export function read<T>(row: { section: string; id: string; shut?: { nonce: string; box: string } } | undefined): Promise<T> {
  if (!row || !keys) return Promise.resolve({} as T);
  const name = row.shut?.nonce ?? '';
  let found = revealed.get(name);
  if (!found) {
    found = reveal<T>(keys.pack, row);
    revealed.set(name, found);
  }
  return found as Promise<T>;
}

async function readStore(): Promise<void> {
  const head = await packs.head();
  packAt = head?.issued_at;
  pack.value = head ? readPack(await packs.list()) : EMPTY;
}

async function readOutbox(): Promise<void> {
  const [marks, files] = await Promise.all([outbox.count(), fileBox.count()]);
  face.counts = {
    waiting: marks.waiting + files.waiting,
    refused: marks.refused + files.refused,
    conflict: marks.conflict,
    unstored: marks.unstored + files.unstored,
  };
  const known = keys ? new Map([[keys.session, keys.work]]) : new Map<string, CryptoKey>();
  entries.value = await outbox.list(known);
  fileEntries.value = await fileBox.list(known);
}

let reading: Promise<void> = Promise.resolve();

/**
 * Read the store for the screens, after every reading begun before: one that overtook an older one would be overwritten
 * by it, and the count be behind the store.
 */
export function recount(): Promise<void> {
  reading = reading.then(readOutbox, readOutbox);
  return reading;
}

for (const box of [outbox, fileBox]) box.onChange(() => void recount());

// --- a sign-in's life ------------------------------------------------------------------------------------------

export async function start(): Promise<void> {
  if (!globalThis.crypto?.subtle || !globalThis.indexedDB) {
    face.phase = 'unsupported';
    return;
  }
  try {
    await db.open();
  } catch {
    face.phase = 'unsupported'; // a private window, or storage switched off
    return;
  }
  await accounts.checkContact();
  face.ended = await accounts.ended();
  face.account = await accounts.get();
  face.heardAt = await accounts.heardAt();
  await recount();
  face.phase = (await vault.exists()) ? 'locked' : 'sign-in';
  setInterval(() => void tick(), 60_000);
  addEventListener('online', () => {
    pace.now();
    void sayGoodbye();
  });
  void sayGoodbye();
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') void tick();
  });
}

/** Once a minute and on every return to the app: is the sign-in still good, is there something to fetch? */
async function tick(): Promise<void> {
  if (await accounts.checkContact()) await close('out-of-contact');
  else if (keys) pace.now();
  void sayGoodbye();
}

export async function signIn(form: Omit<SignIn, 'lang'>): Promise<void> {
  fresh = await accounts.signIn({ ...form, lang: lang.value, device: form.device || deviceName() });
  face.phase = 'choose-pin';
}

function deviceName(): string {
  return (/\(([^)]+)\)/.exec(navigator.userAgent)?.[1] ?? navigator.platform ?? 'phone').slice(0, 60);
}

export async function choosePin(pin: string): Promise<void> {
  if (!fresh) return;
  const opened = await accounts.keep(fresh, pin);
  fresh = undefined;
  await enter(opened);
  void askPersistence();
}

/** Throws WrongPin and Destroyed. */
export async function unlock(pin: string): Promise<void> {
  await enter(await withPin(vault.unlock(pin)));
}

/** Throws WrongPin and Destroyed. */
export const changePin = (old: string, next: string): Promise<void> => withPin(vault.changePin(old, next));

/** The tenth wrong one ends the sign-in, wherever it was given. */
async function withPin<T>(tried: Promise<T>): Promise<T> {
  try {
    return await tried;
  } catch (error) {
    if (error instanceof Destroyed) {
      await close('wrong-pin');
      void sayGoodbye();
    }
    throw error;
  }
}

async function enter(opened: Keys): Promise<void> {
  keys = opened;
  face.account = await accounts.get();
  face.ended = undefined;
  offset = await accounts.offset();
  await readStore();
  await recount();
  await readMine();
  face.phase = 'open';
  pace.now();
}

async function close(why: Ending): Promise<void> {
  forget();
  await accounts.end(why);
  face.ended = why;
  face.farewells = await accounts.farewells();
  face.phase = 'sign-in';
  await recount();
}

function forget(): void {
  keys = undefined;
  revealed.clear();
  pack.value = EMPTY;
  mine.value = [];
  face.account = undefined;
  face.stuck = [];
  face.problem = undefined;
}

export async function signOut(): Promise<void> {
  await close('signed-out');
  await sayGoodbye();
}

/** Sign-ins that ended without a signal end on the server too, as soon as there is one. */
async function sayGoodbye(): Promise<void> {
  await accounts.sendFarewells();
  face.farewells = await accounts.farewells();
}

export async function lock(): Promise<void> {
  forget();
  face.phase = 'locked';
  face.account = await accounts.get();
  await recount();
}

/** Asked for once there is something to lose; browsers decide by themselves, and seldom ask. */
async function askPersistence(): Promise<void> {
  try {
    face.persisted = (await navigator.storage?.persisted?.()) || (await navigator.storage?.persist?.());
  } catch {
    face.persisted = false;
  }
}

// --- the line --------------------------------------------------------------------------------------------------

const pace = new Pace(exchange);
export const exchangeNow = (): void => pace.now();

/** One exchange. Returns the seconds to wait when it failed in a way that passes, else nothing. */
async function exchange(): Promise<number | 'unknown' | undefined> {
  const account = face.account;
  if (!keys || !account) return undefined;
  const held = keys;
  face.line = 'sending';
  try {
    const [result, files] = await inOneTab(async () => {
      const marks = await sync.run(account, held, lang.value);
      if (marks.packChanged && keys === held) await readStore(); // not only once the last photo is through
      return [marks, await upload.run(account, held, lang.value)] as const;
    });
    if (keys !== held) return undefined;
    face.stuck = [...result.stuck, ...files.stuck];
    face.problem = result.isFull ? { code: 'phone', text: t('full') } : undefined;
    face.heardAt = await accounts.heardAt();
    face.account = await accounts.get();
    offset = await accounts.offset();
    await recount();
    face.line = 'idle'; // last: who reads it takes the count beside it for what is left
    return undefined;
  } catch (error) {
    return failed(error, held);
  }
}

async function failed(error: unknown, held: Keys): Promise<number | 'unknown' | undefined> {
  if (keys !== held) return undefined;
  if (isRevoked(error)) {
    await close('revoked');
    return undefined;
  }
  if (error instanceof NoSignal) {
    face.line = 'no-signal';
    return 'unknown';
  }
  face.line = 'waiting';
  if (error instanceof Refusal) {
    face.problem = { code: error.code, text: [error.message, error.advice].filter(Boolean).join(' ') };
    return error.isPassing ? (error.retryAfter ?? 'unknown') : undefined;
  }
  face.problem = { code: 'phone', text: isQuotaError(error) ? t('full') : String(error) };
  return 'unknown';
}

/** Two tabs of the app do not send the same at once, where the browser can tell. */
function inOneTab<T>(act: () => Promise<T>): Promise<T> {
  return navigator.locks ? (navigator.locks.request('linli-field', act) as Promise<T>) : act();
}

// --- own marks -------------------------------------------------------------------------------------------------

/** A mark given on this phone in the last day: for undoing it and for the worker's own tally. Kept under the pack's key. */
export interface OwnMark {
  id: string;
  at: number;
  round: string;
  whom: Whom;
  mark: Mark;
}

const DAY = 86_400_000;
export const mine = shallowRef<OwnMark[]>([]);

async function readMine(): Promise<void> {
  const box = await db.read<Box>('mine');
  mine.value = box && keys ? await open<OwnMark[]>(keys.pack, box, 'mine') : [];
}

export async function keepMine(change: (marks: OwnMark[]) => OwnMark[]): Promise<void> {
  if (!keys) return;
  mine.value = change(mine.value).filter((mark) => mark.at > deviceClock.now() - DAY);
  try {
    await db.write('mine', await seal(keys.pack, mine.value, 'mine'));
  } catch (error) {
    if (!isQuotaError(error)) throw error; // the marks themselves are safe: this is convenience
  }
}

// --- acts ------------------------------------------------------------------------------------------------------

/** Queue a command. Resolves with its id once it is kept. `as`: it was done when that one was. Throws TooLong. */
export async function queue(kind: string, payload: Record<string, unknown>, urgent = false, as?: Command): Promise<string> {
  if (!keys) throw new Destroyed();
  const me = { id: keys.session, key: keys.work };
  const when = as ? { at: as.at, offsetMs: as.offset_ms, packAt: as.pack_at } : { urgent, offsetMs: offset, packAt };
  const { id } = await outbox.queue(me, kind, payload, when);
  await reading;
  if (urgent) pace.now();
  else pace.soon();
  return id;
}

/** As `Outbox.withdraw`; resolves when the screens show it. */
export async function withdraw(id: string): Promise<boolean> {
  const gone = await outbox.withdraw(id);
  await reading;
  return gone;
}

/** Keep a photo or voice note, to be sent after all marks. */
export async function queueFile(kind: FileKind, about: About, content: Bytes): Promise<void> {
  if (!keys) throw new Destroyed();
  await fileBox.queue({ id: keys.session, key: keys.work }, kind, about, content, { offsetMs: offset, packAt });
  await reading;
  pace.soon();
}

/** Photos and voice notes of somebody who is known under another id now. */
export async function followFiles(stands: ReadonlyMap<string, string | null>): Promise<void> {
  if (keys) await fileBox.follow(stands, { id: keys.session, key: keys.work });
}

export { TooLong };

export async function narrowTo(place: string): Promise<void> {
  await db.write('place', place);
  pace.now();
}
