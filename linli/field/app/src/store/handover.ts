/**
 * Unsent work on its way to another phone, by file or by QR codes: sealed boxes with the sealed keys of their sessions.
 * Whoever carries it cannot read it; the server takes it as its author's work, and takes it once.
 */
import { fromBase64, newId, toBase64 } from './bytes';
import type { FieldDb, FileRow, OutboxRow, SessionRow } from './db';
import type { FileBox, Unsent } from './files';
import type { Outbox } from './outbox';

const FORMAT = 'linli.handover.1';

type HandedSession = Pick<SessionRow, 'id' | 'account' | 'name' | 'keyId' | 'sealedKey'>;
type HandedWork = Pick<OutboxRow, 'id' | 'seq' | 'session' | 'urgent' | 'nonce' | 'box'>;
type HandedFile = Pick<FileRow, 'id' | 'seq' | 'session' | 'kind' | 'size' | 'nonce' | 'box'> & { sealed: string };

interface Handover {
  format: typeof FORMAT;
  sessions: HandedSession[];
  work: HandedWork[];
  /** Photos and voice notes: in a file alone, they are too large for codes. Absent in what older apps wrote. */
  files?: HandedFile[];
}

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

export class NotAHandover extends Error {}

/** Everything that waits. It stays on this phone too: the server knows it again when it comes twice. */
export async function collect(db: FieldDb, outbox: Outbox, files?: FileBox): Promise<Handover> {
  const rows = await outbox.giveOut();
  const handed = (await files?.giveOut())?.map(handFile) ?? [];
  const wanted = new Set([...rows, ...handed].map((row) => row.session));
  const sessions = (await db.sessions.toArray()).filter((session) => wanted.has(session.id));
  return {
    format: FORMAT,
    sessions: sessions.map(({ id, account, name, keyId, sealedKey }) => ({ id, account, name, keyId, sealedKey })),
    work: rows.map(({ id, seq, session, urgent, nonce, box }) => ({ id, seq, session, urgent, nonce, box })),
    ...(handed.length && { files: handed }),
  };
}

function handFile({ row, sealed }: Unsent): HandedFile {
  const { id, seq, session, kind, size, nonce, box } = row;
  return { id, seq, session, kind, size, nonce, box, sealed: toBase64(sealed) };
}

const areTexts = (each: unknown, ...names: string[]): boolean =>
  typeof each === 'object' && each !== null && names.every((name) => typeof (each as Record<string, unknown>)[name] === 'string');

/** Throws NotAHandover. */
export function parse(text: string): Handover {
  let found: Partial<Handover> | null;
  try {
    found = JSON.parse(text) as Partial<Handover> | null;
  } catch {
    throw new NotAHandover();
  }
  const { sessions, work, files = [] } = found ?? {};
  const isWhole =
    found?.format === FORMAT &&
    Array.isArray(sessions) &&
    Array.isArray(work) &&
    sessions.every((session) => areTexts(session, 'id', 'account', 'name', 'keyId', 'sealedKey')) &&
    work.every((each) => areTexts(each, 'id', 'session', 'nonce', 'box') && Number.isInteger(each.seq)) &&
    Array.isArray(files) &&
    files.every((each) => areTexts(each, 'id', 'session', 'kind', 'nonce', 'box', 'sealed') && Number.isInteger(each.seq) && Number.isInteger(each.size) && BASE64.test(each.sealed)) &&
    [...work, ...files].every((each) => sessions.some((session) => session.id === each.session));
  if (!isWhole) throw new NotAHandover();
  return found as Handover;
}

/** Take over what is not here yet. Returns how many came new. */
export function takeOver(db: FieldDb, handed: Handover): Promise<number> {
  return db.transaction('rw', [db.outbox, db.sessions, db.files, db.fileBytes], async () => {
    for (const { id, account, name, keyId, sealedKey } of handed.sessions) {
      if (await db.sessions.get(id)) continue;
      await db.sessions.add({ id, account, name, keyId, sealedKey, registered: 0, handed: 0 });
    }
    let taken = 0;
    for (const { id, seq, session, urgent, nonce, box } of handed.work) {
      if (await db.outbox.get(id)) continue;
      await db.outbox.add({ id, seq, session, urgent: urgent ? 1 : 0, nonce, box, state: 'waiting', tried: 1 });
      taken++;
    }
    for (const { sealed, id, seq, session, kind, size, nonce, box } of handed.files ?? []) {
      if (await db.files.get(id)) continue;
      await db.fileBytes.put({ id, sealed: fromBase64(sealed) });
      await db.files.add({ id, seq, session, kind, size, nonce, box, state: 'waiting', sent: 0, anew: 0 });
      taken++;
    }
    return taken;
  });
}

// --- in pictures -----------------------------------------------------------------------------------------------

/** What a QR code of a size that cheap cameras read from a screen holds. */
const FRAME_CHARS = 700;

/** `LL1 <set> <number> <of> <part>`, numbers from 1. */
export function toFrames(text: string, set: string = newId().slice(0, 8)): string[] {
  const parts: string[] = [];
  for (let start = 0; start < text.length; start += FRAME_CHARS) parts.push(text.slice(start, start + FRAME_CHARS));
  return parts.map((part, index) => `LL1 ${set} ${index + 1} ${parts.length} ${part}`);
}

/** Collects frames in any order, however often each is seen; another set begins anew. */
export class Frames {
  private set = '';
  private parts = new Map<number, string>();
  total = 0;

  get seen(): number {
    return this.parts.size;
  }

  /** The whole text once all frames were seen; null before. */
  add(frame: string): string | null {
    const found = /^LL1 (\S+) (\d+) (\d+) ([\s\S]+)$/.exec(frame);
    if (!found) return null;
    const [, set, number, total, part] = found as unknown as [string, string, string, string, string];
    if (set !== this.set) {
      this.set = set;
      this.parts.clear();
      this.total = Number(total);
    }
    this.parts.set(Number(number), part);
    if (this.parts.size < this.total) return null;
    return [...this.parts].sort(([a], [b]) => a - b).map(([, each]) => each).join('');
  }
}
