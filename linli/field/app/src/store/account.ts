/** Who is signed in on this phone, and when that ends. Ending destroys the keys and the pack, never unsent work. */
import { Refusal, type Transport } from './api';
import { isOutOfContact, offsetOf, type Clock, type Contact } from './clock';
import { toBase64, toBytes } from './bytes';
import { sealToServer } from './crypto';
import { isQuotaError, type FieldDb } from './db';
import { makeKeys, type FreshKeys, type Keys, type Vault } from './vault';

interface Post {
  role: string;
  label: string;
  place: string;
  code: string;
}

export interface Account {
  id: string;
  name: string;
  session: string;
  posts: Post[];
  permissions: string[];
}

/** A sign-in that is over on this phone, and that the server does not know of yet. */
interface Farewell {
  session: string;
  proof: string;
}

export type Ending = 'signed-out' | 'revoked' | 'out-of-contact' | 'wrong-pin';

interface SessionAnswer {
  token: string;
  session: string;
  account: { id: number; name: string };
  posts: Post[];
  permissions: string[];
  server_time: string;
  public_key: { id: string; spki: string };
  contact_hours: number;
}

export interface SignIn {
  username?: string;
  password?: string;
  code?: string;
  device: string;
  lang: string;
  /** Of the page's cookie, for who came by an invitation or is signed in on the desk. */
  csrf?: string;
}

const ACCOUNT = 'account';
const CONTACT = 'contact';
const OFFSET = 'offset';
const ENDED = 'ended';
/** What proves to the server that this phone's session is to end: the digest of its token, good for nothing else. */
const PROOF = 'proof';
const FAREWELLS = 'farewells';
const HOURS = 'contact_hours';

export class AccountStore {
  constructor(
    private readonly db: FieldDb,
    private readonly vault: Vault,
    private readonly transport: Transport,
    private readonly clock: Clock,
  ) {}

  get(): Promise<Account | undefined> {
    return this.db.read<Account>(ACCOUNT);
  }

  /** Why the last one ended, for the sign-in page. */
  ended(): Promise<Ending | undefined> {
    return this.db.read<Ending>(ENDED);
  }

  /** Signs in and makes this phone's keys. They are in memory only until `keep` puts them under a PIN. */
  async signIn(form: SignIn): Promise<FreshKeys> {
    const sentAt = this.clock.now();
    const { username, password, code, device, lang, csrf } = form;
    const body = {
      ...(username !== undefined && { username, password }),
      ...(code && { code }),
      device: { name: device, now: new Date(sentAt).toISOString(), tz: Intl.DateTimeFormat().resolvedOptions().timeZone },
    };
    const { data } = await this.transport<SessionAnswer>('POST', 'session', { body, csrf, lang });
    const fresh = await makeKeys(data.session, data.token);
    const sealedKey = await sealToServer(fresh.rawSessionKey, data.public_key.spki);
    fresh.rawSessionKey.fill(0);
    const account = String(data.account.id);
    const proof = await digest(data.token);
    await this.db.transaction('rw', this.db.meta, this.db.sessions, this.db.pack, async () => {
      await this.vault.destroy(); // whatever an earlier sign-in left
      await this.leave();
      await this.db.write(PROOF, { session: data.session, proof } satisfies Farewell);
      const { name } = data.account;
      const session = { id: data.session, account, name, keyId: data.public_key.id, sealedKey };
      await this.db.sessions.put({ ...session, registered: 0, handed: 0 });
      await this.db.write(ACCOUNT, {
        id: account,
        name,
        session: data.session,
        posts: data.posts,
        permissions: data.permissions,
      } satisfies Account);
      await this.db.write(HOURS, data.contact_hours);
    });
    await this.heard(sentAt, data.server_time);
    return fresh;
  }

  async keep(fresh: FreshKeys, pin: string): Promise<Keys> {
    await this.vault.close(fresh.secrets, pin);
    await this.db.meta.delete(ENDED);
    return fresh.keys;
  }

  /** The server has answered: contact is renewed and the clock's error known anew. */
  async heard(sentAt: number, serverTime: string): Promise<number> {
    const now = this.clock.now();
    await this.touched();
    await this.note(OFFSET, offsetOf(sentAt, now, serverTime));
    return Date.parse(serverTime);
  }

  /** The server has answered without its time. */
  async touched(): Promise<void> {
    const now = this.clock.now();
    await this.note(CONTACT, { heardAt: now, latest: now } satisfies Contact);
  }

  /** On a full phone the older value stays: sending work must not fail for it. */
  private async note(name: string, value: unknown): Promise<void> {
    try {
      await this.db.write(name, value);
    } catch (error) {
      if (!isQuotaError(error)) throw error;
    }
  }

  /** The posts may have changed, and with them what may be offered on the screen. */
  async refresh(token: string, lang: string): Promise<void> {
    const { data } = await this.transport<SessionAnswer>('GET', 'session', { token, lang });
    const account = await this.get();
    if (account) await this.db.write(ACCOUNT, { ...account, posts: data.posts, permissions: data.permissions });
  }

  offset(): Promise<number | undefined> {
    return this.db.read<number>(OFFSET);
  }

  async heardAt(): Promise<number | undefined> {
    return (await this.db.read<Contact>(CONTACT))?.heardAt;
  }

  /** Ends the sign-in when 72 h have passed without contact. True when it did. To be asked at every start. */
  async checkContact(): Promise<boolean> {
    if (!(await this.vault.exists())) return false;
    const contact = await this.db.read<Contact>(CONTACT);
    const now = this.clock.now();
    if (!contact || isOutOfContact(contact, now, await this.db.read<number>(HOURS), await this.offset())) {
      await this.end('out-of-contact');
      return true;
    }
    if (now > contact.latest) await this.note(CONTACT, { ...contact, latest: now });
    return false;
  }

  async end(why: Ending): Promise<void> {
    try {
      await this.finish(why);
    } catch (error) {
      if (!isQuotaError(error)) throw error;
      await this.destroy(); // a full phone must not keep the keys; deleting makes room for the rest, or there is none
      await this.finish(why).catch((again: unknown) => {
        if (!isQuotaError(again)) throw again;
      });
    }
  }

  private finish(why: Ending): Promise<void> {
    return this.db.transaction('rw', this.db.meta, this.db.pack, async () => {
      await this.destroy();
      if (why === 'revoked') await this.db.meta.delete(PROOF);
      else await this.leave();
      await this.db.write(ENDED, why);
    });
  }

  private destroy(): Promise<void> {
    return this.db.transaction('rw', this.db.meta, this.db.pack, async () => {
      await this.vault.destroy();
      await this.db.meta.delete(ACCOUNT);
    });
  }

  private async leave(): Promise<void> {
    const left = await this.db.read<Farewell>(PROOF);
    if (!left) return;
    await this.db.write(FAREWELLS, [...((await this.db.read<Farewell[]>(FAREWELLS)) ?? []), left]);
    await this.db.meta.delete(PROOF);
  }

  /** How many sign-ins are over here and not on the server. */
  async farewells(): Promise<number> {
    return ((await this.db.read<Farewell[]>(FAREWELLS)) ?? []).length;
  }

  /** Tell the server what is over. What it does not hear is told again later. */
  async sendFarewells(): Promise<void> {
    for (const left of (await this.db.read<Farewell[]>(FAREWELLS)) ?? []) {
      try {
        await this.transport('POST', 'session/end', { body: left });
      } catch (error) {
        if (!(error instanceof Refusal) || error.isPassing) return;
      }
      await this.db.transaction('rw', this.db.meta, async () => {
        const rest = ((await this.db.read<Farewell[]>(FAREWELLS)) ?? []).filter(({ session }) => session !== left.session);
        await (rest.length ? this.db.write(FAREWELLS, rest) : this.db.meta.delete(FAREWELLS));
      });
    }
  }
}

async function digest(token: string): Promise<string> {
  return toBase64(new Uint8Array(await crypto.subtle.digest('SHA-256', toBytes(token))));
}

export const isRevoked = (error: unknown): boolean => error instanceof Refusal && error.status === 401;
