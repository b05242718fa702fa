import { beforeEach, describe, expect, it } from 'vitest';
import { open, seal, sealToServer } from '../src/store/crypto';
import { fromBase64, newId, toBase64 } from '../src/store/bytes';
import type { FieldDb } from '../src/store/db';
import { isOutOfContact, offsetOf } from '../src/store/clock';
import { Destroyed, makeKeys, MOST_WRONG_PINS, Vault, WrongPin } from '../src/store/vault';
import { Phone } from './ground';

let phone: Phone;
let db: FieldDb;
let vault: Vault;

beforeEach(() => {
  phone = new Phone();
  db = phone.openDb();
  vault = new Vault(db, 1000);
});

describe('the vault', () => {
  it('gives the same keys after a restart, for the PIN alone', async () => {
    const fresh = await makeKeys('s1', 'token-1');
    const box = await seal(fresh.keys.pack, { name: '巴特尔' }, 'x');
    await vault.close(fresh.secrets, '246810');
    db.close();

    const again = new Vault(phone.openDb(), 1000);
    await expect(again.unlock('000000')).rejects.toBeInstanceOf(WrongPin);
    const keys = await again.unlock('246810');
    expect(keys).toMatchObject({ session: 's1', token: 'token-1' });
    expect(await open(keys.pack, box, 'x')).toEqual({ name: '巴特尔' });
  });

  it('keeps nothing readable in the store', async () => {
    const fresh = await makeKeys('s1', 'token-very-secret');
    await vault.close(fresh.secrets, '246810');
    const kept = JSON.stringify(await db.meta.toArray());
    for (const secret of ['token-very-secret', '246810', fresh.secrets.packKey, fresh.secrets.sessionKey]) {
      expect(kept).not.toContain(secret);
    }
    const row = (await db.read<{ device: CryptoKey }>('vault'))!;
    expect(row.device.extractable).toBe(false);
  });

  it('destroys itself and the pack after ten wrong PINs, and says how many are left', async () => {
    await vault.close((await makeKeys('s1', 't')).secrets, '246810');
    await db.pack.put({ section: 'people', id: 'p1', open: {} });
    for (let left = MOST_WRONG_PINS - 1; left > 0; left--) {
      await expect(vault.unlock('111111')).rejects.toMatchObject({ triesLeft: left });
    }
    await expect(vault.unlock('111111')).rejects.toBeInstanceOf(Destroyed);
    await expect(vault.unlock('246810')).rejects.toBeInstanceOf(Destroyed);
    expect(await db.pack.count()).toBe(0);
  });

  it('forgets wrong tries after a right one', async () => {
    await vault.close((await makeKeys('s1', 't')).secrets, '246810');
    for (let round = 0; round < 3; round++) {
      for (let wrong = 0; wrong < 5; wrong++) await expect(vault.unlock('111111')).rejects.toBeInstanceOf(WrongPin);
      await vault.unlock('246810');
    }
  });

  it('changes its PIN only for who knows the old one', async () => {
    await vault.close((await makeKeys('s1', 't')).secrets, '246810');
    await expect(vault.changePin('111111', '999999')).rejects.toBeInstanceOf(WrongPin);
    await vault.changePin('246810', '135790');
    await expect(vault.unlock('246810')).rejects.toBeInstanceOf(WrongPin);
    expect((await vault.unlock('135790')).token).toBe('t');
  });
});

describe('sealing', () => {
  it('binds a box to what it was made for', async () => {
    const { keys } = await makeKeys('s1', 't');
    const box = await seal(keys.work, { a: 1 }, 's1id1');
    expect(await open(keys.work, box, 's1id1')).toEqual({ a: 1 });
    await expect(open(keys.work, box, 's1id2')).rejects.toThrow();
  });

  it('seals the session key so that the server alone opens it', async () => {
    const pair = await crypto.subtle.generateKey(
      { name: 'RSA-OAEP', modulusLength: 3072, publicExponent: new Uint8Array([1, 0, 1]), hash: 'SHA-256' },
      true,
      ['encrypt', 'decrypt'],
    );
    const { rawSessionKey } = await makeKeys('s1', 't');
    const spki = toBase64(new Uint8Array(await crypto.subtle.exportKey('spki', pair.publicKey)));
    const sealed = fromBase64(await sealToServer(rawSessionKey, spki));
    const opened = await crypto.subtle.decrypt({ name: 'RSA-OAEP' }, pair.privateKey, sealed);
    expect(toBase64(new Uint8Array(opened))).toBe(toBase64(rawSessionKey));
  });

  it('makes ids where the browser cannot', () => {
    const original = crypto.randomUUID;
    Object.defineProperty(crypto, 'randomUUID', { value: undefined, configurable: true });
    try {
      expect(newId()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    } finally {
      Object.defineProperty(crypto, 'randomUUID', { value: original, configurable: true });
    }
  });
});

describe('contact', () => {
  const hour = 3_600_000;

  it('is lost after 72 hours by the latest the clock ever said', () => {
    const heardAt = phone.time;
    expect(isOutOfContact({ heardAt, latest: heardAt }, heardAt + 72 * hour)).toBe(false);
    expect(isOutOfContact({ heardAt, latest: heardAt }, heardAt + 73 * hour)).toBe(true);
    expect(isOutOfContact({ heardAt, latest: heardAt + 73 * hour }, heardAt)).toBe(true);
    expect(isOutOfContact({ heardAt, latest: heardAt }, 0)).toBe(false);
  });

  it('is not lost by setting a clock right that stood in 1970', () => {
    const [heardAt, right] = [0, phone.time];
    const lost = (latest: number, now = latest) => isOutOfContact({ heardAt, latest }, now, 72, right - heardAt);
    expect(lost(heardAt + 72 * hour)).toBe(false); // goes on as it is
    expect(lost(heardAt + 73 * hour)).toBe(true);
    expect(lost(heardAt + 2 * hour, right + 2 * hour)).toBe(false); // set right, by hand a little short as well
    expect(lost(heardAt + 2 * hour, right - hour)).toBe(false);
    expect(lost(right + 73 * hour)).toBe(true);
    expect(lost(right + 73 * hour, heardAt)).toBe(true); // and back again
    expect(isOutOfContact({ heardAt, latest: heardAt }, heardAt + 90 * hour, 72, 80 * hour)).toBe(true); // may be time
  });

  it('knows how far the device is off, also in 1970', () => {
    expect(offsetOf(1000, 3000, new Date(phone.time).toISOString())).toBe(phone.time - 2000);
    expect(offsetOf(phone.time - 100, phone.time + 100, new Date(phone.time).toISOString())).toBe(0);
  });
});
