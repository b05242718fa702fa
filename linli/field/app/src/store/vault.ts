/**
 * The keys of a sign-in, under a PIN. What is inside opens the pack and the worker's own unsent work, and speaks to the
 * server; sign-out, revocation and 72 h without contact destroy it. Unsent work outlives it: that is sealed to the server.
 *
 * A PIN is short: its key is stretched (PBKDF2), bound to a key that never leaves this browser, and gone after ten wrong
 * tries. Someone who takes the browser's own files and its unlocked profile can still try PINs at leisure.
 */
import { fromBase64, randomBytes, toBase64, type Bytes } from './bytes';
import { importKey, KEY_BYTES, keyOfPin, newDeviceKey, open, PIN_ITERATIONS, seal, type Box } from './crypto';
import { isQuotaError, type FieldDb } from './db';

export const MOST_WRONG_PINS = 10;
export const SHORTEST_PIN = 6;
const VAULT = 'vault';

interface VaultRow {
  salt: string;
  iterations: number;
  device: CryptoKey;
  /** The secrets under the PIN's key, under the device's key. */
  shut: Box;
  wrong: number;
}

interface Secrets {
  session: string;
  token: string;
  packKey: string;
  sessionKey: string;
}

/** What is at hand while the app is unlocked. */
export interface Keys {
  session: string;
  token: string;
  pack: CryptoKey;
  work: CryptoKey;
}

/** Keys before a PIN is chosen, raw where they still have to be sealed. */
export interface FreshKeys {
  keys: Keys;
  rawSessionKey: Bytes;
  secrets: Secrets;
}

export class WrongPin extends Error {
  constructor(readonly triesLeft: number) {
    super('wrong PIN');
  }
}

export class Destroyed extends Error {}

export async function makeKeys(session: string, token: string): Promise<FreshKeys> {
  const [packKey, sessionKey] = [randomBytes(KEY_BYTES), randomBytes(KEY_BYTES)];
  const secrets = { session, token, packKey: toBase64(packKey), sessionKey: toBase64(sessionKey) };
  return { keys: await keysOf(secrets), rawSessionKey: sessionKey, secrets };
}

async function keysOf(secrets: Secrets): Promise<Keys> {
  const [pack, work] = await Promise.all([
    importKey(fromBase64(secrets.packKey)),
    importKey(fromBase64(secrets.sessionKey)),
  ]);
  return { session: secrets.session, token: secrets.token, pack, work };
}

export class Vault {
  /** Tries of this run of the app: the store may have no room to note them. */
  private wrong = 0;

  constructor(
    private readonly db: FieldDb,
    private readonly iterations: number = PIN_ITERATIONS,
  ) {}

  async exists(): Promise<boolean> {
    return (await this.db.read(VAULT)) !== undefined;
  }

  async close(secrets: Secrets, pin: string): Promise<void> {
    const salt = randomBytes(16);
    const device = await newDeviceKey();
    const inner = await seal(await keyOfPin(pin, salt, this.iterations), secrets, 'pin');
    const row: VaultRow = {
      salt: toBase64(salt),
      iterations: this.iterations,
      device,
      shut: await seal(device, inner, 'device'),
      wrong: 0,
    };
    await this.db.write(VAULT, row);
    this.wrong = 0;
  }

  /** Throws WrongPin, and Destroyed after the tenth wrong one or when there is nothing to unlock. */
  async unlock(pin: string): Promise<Keys> {
    return keysOf(await this.readSecrets(pin));
  }

  async changePin(old: string, next: string): Promise<void> {
    await this.close(await this.readSecrets(old), next);
  }

  private async readSecrets(pin: string): Promise<Secrets> {
    // Counted before it is tried, so that closing the app at the right moment gives no more tries.
    const row = await this.db.read<VaultRow>(VAULT);
    if (!row) throw new Destroyed();
    const before = Math.max(row.wrong, this.wrong);
    this.wrong = before + 1;
    await this.note({ ...row, wrong: this.wrong });
    if (before >= MOST_WRONG_PINS) {
      await this.destroy();
      throw new Destroyed();
    }
    const inner = await open<Box>(row.device, row.shut, 'device');
    const key = await keyOfPin(pin, fromBase64(row.salt), row.iterations);
    let secrets: Secrets;
    try {
      secrets = await open<Secrets>(key, inner, 'pin');
    } catch {
      const triesLeft = MOST_WRONG_PINS - this.wrong;
      if (triesLeft > 0) throw new WrongPin(triesLeft);
      await this.destroy();
      throw new Destroyed();
    }
    this.wrong = 0;
    await this.note({ ...row, wrong: 0 });
    return secrets;
  }

  /** A full phone must not lock its worker out: there, tries are counted as long as the app is open. */
  private async note(row: VaultRow): Promise<void> {
    try {
      await this.db.write(VAULT, row);
    } catch (error) {
      if (!isQuotaError(error)) throw error;
    }
  }

  /** The keys and all that they open, but not unsent work. */
  async destroy(): Promise<void> {
    await this.db.transaction('rw', this.db.meta, this.db.pack, async () => {
      await this.db.meta.bulkDelete([VAULT, 'pack', 'mine']);
      await this.db.pack.clear();
    });
  }
}
