/** What is kept on the phone. Personal fields and commands are only ever here as sealed boxes. */
import Dexie, { type DexieOptions, type Table } from 'dexie';
import type { Bytes } from './bytes';
import type { Box } from './crypto';

/** A sign-in on this phone. Kept for good: its sealed key opens its work on the server, also what comes back on a colleague's phone. */
export interface SessionRow {
  id: string;
  account: string;
  name: string;
  keyId: string;
  /** The session key under the server's public key, base64. */
  sealedKey: string;
  /** 1 when the server has the sealed key. */
  registered: 0 | 1;
  /** How commands of this session arrive: under a token of the same account, or handed in by another one. */
  handed: 0 | 1;
}

export type OutboxState = 'waiting' | 'sent' | 'refused' | 'conflict';

/** One command, frozen when it was queued. */
export interface OutboxRow extends Box {
  id: string;
  seq: number;
  session: string;
  urgent: 0 | 1;
  state: OutboxState;
  /** 1 once it was part of a batch: from then on the server may know it, whatever the phone heard. */
  tried: 0 | 1;
  /** What the server answered, for `refused` and `conflict`: under the key of `answerSession`, who heard it. */
  answer?: Box;
  answerSession?: string;
  /** Server time of the answer, ms; for `sent`. */
  answeredAt?: number;
}

/** A photo or voice note: the command that announces it, frozen when it was taken. Its bytes are in `fileBytes`. */
export interface FileRow extends Box {
  id: string;
  seq: number;
  session: string;
  kind: 'photo' | 'voice';
  size: number;
  state: 'waiting' | 'refused';
  /** Bytes of what is sent that the server has, as last heard. */
  sent: number;
  /** 1: the server is to forget what came before. */
  anew: 0 | 1;
  answer?: Box;
  answerSession?: string;
}

interface FileBytesRow {
  id: string;
  /** Nonce, then box. */
  sealed: Bytes;
}

interface MetaRow {
  name: string;
  value: unknown;
}

/** A row of a section of the work pack: what is not personal in the clear, the rest in a box. */
export interface PackRow {
  section: string;
  id: string;
  open: Record<string, unknown>;
  shut?: Box;
}

export class FieldDb extends Dexie {
  meta!: Table<MetaRow, string>;
  sessions!: Table<SessionRow, string>;
  outbox!: Table<OutboxRow, string>;
  files!: Table<FileRow, string>;
  fileBytes!: Table<FileBytesRow, string>;
  pack!: Table<PackRow, [string, string]>;

  constructor(name = 'linli-field', options: DexieOptions = {}) {
    // What is confirmed on the screen has reached the flash: a battery may be pulled at any time.
    super(name, { chromeTransactionDurability: 'strict', ...options });
    this.version(1).stores({
      meta: 'name',
      sessions: 'id',
      outbox: 'id, state, session, [state+urgent+seq]',
      pack: '[section+id], section',
    });
    this.version(2).stores({ files: 'id, state', fileBytes: 'id' });
  }

  async read<T>(name: string): Promise<T | undefined> {
    return (await this.meta.get(name))?.value as T | undefined;
  }

  async write(name: string, value: unknown): Promise<void> {
    await this.meta.put({ name, value });
  }
}

export const isQuotaError = (error: unknown): boolean => {
  let at: unknown = error;
  while (at instanceof Object) {
    const { name, inner } = at as { name?: string; inner?: unknown };
    if (name === 'QuotaExceededError') return true;
    at = inner;
  }
  return false;
};
