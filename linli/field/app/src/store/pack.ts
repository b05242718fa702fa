/** The work pack on the phone: what is personal in boxes, the rest in the clear. Taking one in is one transaction. */
import { open, seal, type Box } from './crypto';
import type { FieldDb, PackRow } from './db';

type Span = [lo: number, hi: number];

interface Section {
  all: boolean;
  within: Span[];
  drop: (string | number | [string, string])[];
  put: Record<string, unknown>[];
}

export interface PackAnswer {
  cursor: string;
  issued_at: string;
  until: string;
  full: boolean;
  extent: Span[];
  gone: Span[];
  sections: Record<string, Section>;
  personal: Record<string, string[]>;
}

/** What is kept of the last pack beside its rows. */
interface PackHead {
  cursor: string;
  etag: string | null;
  issued_at: string;
  until: string;
  extent: Span[];
}

const PACK = 'pack';

const isIn = (spans: readonly Span[], key: number | undefined): boolean =>
  key !== undefined && spans.some(([lo, hi]) => key >= lo && key < hi);

/** A row of `due` is known by its round and its subject. */
const idOf = (section: string, row: Record<string, unknown>): string =>
  section === 'due' ? `${String(row.round)}|${String(row.id)}` : String(row.id);

const idOfDrop = (drop: string | number | [string, string]): string => (Array.isArray(drop) ? drop.join('|') : String(drop));

/** The door key by which a row comes and goes with the caller's doors. */
function keyOf(row: PackRow): number | undefined {
  const field = row.section === 'doors' ? 'id' : row.section === 'places' ? 'lo' : 'door';
  return row.open[field] as number | undefined;
}

const boundTo = (section: string, id: string): string => `${section}|${id}`;

async function shutRow(key: CryptoKey, section: string, row: Record<string, unknown>, personal: readonly string[]) {
  const kept: PackRow = { section, id: idOf(section, row), open: {} };
  const secret: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(row)) (personal.includes(name) ? secret : kept.open)[name] = value;
  if (Object.keys(secret).length) kept.shut = await seal(key, secret, boundTo(section, kept.id));
  return kept;
}

export class PackStore {
  constructor(private readonly db: FieldDb) {}

  head(): Promise<PackHead | undefined> {
    return this.db.read<PackHead>(PACK);
  }

  async apply(pack: PackAnswer, etag: string | null, key: CryptoKey): Promise<void> {
    // Sealed before the transaction begins: it would end while waiting for WebCrypto.
    const put: PackRow[] = [];
    for (const [section, { put: rows }] of Object.entries(pack.sections)) {
      const personal = pack.personal[section] ?? [];
      put.push(...(await Promise.all(rows.map((row) => shutRow(key, section, row, personal)))));
    }
    const { cursor, issued_at, until, extent } = pack;
    await this.db.transaction('rw', this.db.pack, this.db.meta, async () => {
      if (pack.full) await this.db.pack.clear();
      else await this.remove(pack);
      await this.db.pack.bulkPut(put);
      await this.db.write(PACK, { cursor, etag, issued_at, until, extent } satisfies PackHead);
    });
  }

  private async remove(pack: PackAnswer): Promise<void> {
    const { pack: table } = this.db;
    if (pack.gone.length) await table.filter((row) => isIn(pack.gone, keyOf(row))).delete();
    for (const [name, section] of Object.entries(pack.sections)) {
      const rows = table.where('section').equals(name);
      if (section.all) await rows.delete();
      else if (section.within.length) await rows.filter((row) => isIn(section.within, keyOf(row))).delete();
      if (section.drop.length) await table.bulkDelete(section.drop.map((drop) => [name, idOfDrop(drop)]));
    }
  }

  async clear(): Promise<void> {
    await this.db.transaction('rw', this.db.pack, this.db.meta, async () => {
      await this.db.pack.clear();
      await this.db.meta.delete(PACK);
    });
  }

  list(): Promise<PackRow[]> {
    return this.db.pack.toArray();
  }
}

/** The personal part of a row; nothing where it has none. */
export async function reveal<T>(key: CryptoKey, row: { section: string; id: string; shut?: Box }): Promise<T> {
  return row.shut ? open<T>(key, row.shut, boundTo(row.section, row.id)) : ({} as T);
}
