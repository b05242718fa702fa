/**
 * Sealing, by WebCrypto alone. Two kinds of keys, both AES-256-GCM: the session key seals commands and is itself
 * sealed to the server's public key, so that work on a lost phone can be read by the server only; the pack key seals
 * what the phone was given.
 */
import { fromBase64, randomBytes, toBase64, toBytes, toText, type Bytes } from './bytes';

const AES = 'AES-GCM';
const NONCE_BYTES = 12;
export const KEY_BYTES = 32;
/** OWASP's figure for PBKDF2-HMAC-SHA256; about a second on a cheap phone. */
export const PIN_ITERATIONS = 600_000;

export interface Box {
  nonce: string;
  box: string;
}

export function importKey(raw: Bytes): Promise<CryptoKey> {
  return crypto.subtle.importKey('raw', raw, AES, false, ['encrypt', 'decrypt']);
}

/** Nonce, then box. */
export async function sealBytes(key: CryptoKey, content: Bytes, bound: string): Promise<Bytes> {
  const nonce = randomBytes(NONCE_BYTES);
  const algorithm = { name: AES, iv: nonce, additionalData: toBytes(bound) };
  const box = await crypto.subtle.encrypt(algorithm, key, content);
  const sealed = new Uint8Array(NONCE_BYTES + box.byteLength);
  sealed.set(nonce);
  sealed.set(new Uint8Array(box), NONCE_BYTES);
  return sealed;
}

export async function seal(key: CryptoKey, content: unknown, bound: string): Promise<Box> {
  const sealed = await sealBytes(key, toBytes(JSON.stringify(content)), bound);
  return { nonce: toBase64(sealed.subarray(0, NONCE_BYTES)), box: toBase64(sealed.subarray(NONCE_BYTES)) };
}

/** Throws when the key is another one or the box was not made for `bound`. */
export async function open<T>(key: CryptoKey, sealed: Box, bound: string): Promise<T> {
  const algorithm = { name: AES, iv: fromBase64(sealed.nonce), additionalData: toBytes(bound) };
  return JSON.parse(toText(await crypto.subtle.decrypt(algorithm, key, fromBase64(sealed.box)))) as T;
}

/** The session key under the server's RSA-OAEP-256 key: base64. */
export async function sealToServer(raw: Bytes, spki: string): Promise<string> {
  const algorithm = { name: 'RSA-OAEP', hash: 'SHA-256' };
  const key = await crypto.subtle.importKey('spki', fromBase64(spki), algorithm, false, ['encrypt']);
  return toBase64(new Uint8Array(await crypto.subtle.encrypt({ name: 'RSA-OAEP' }, key, raw)));
}

export async function keyOfPin(pin: string, salt: Bytes, iterations: number): Promise<CryptoKey> {
  const material = await crypto.subtle.importKey('raw', toBytes(pin), 'PBKDF2', false, ['deriveKey']);
  const algorithm = { name: 'PBKDF2', hash: 'SHA-256', salt, iterations };
  return crypto.subtle.deriveKey(algorithm, material, { name: AES, length: 256 }, false, ['encrypt', 'decrypt']);
}

/** A key that scripts can use and nobody can read: it stays in this browser's store. */
export function newDeviceKey(): Promise<CryptoKey> {
  return crypto.subtle.generateKey({ name: AES, length: 256 }, false, ['encrypt', 'decrypt']);
}
