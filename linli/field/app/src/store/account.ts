/** Who is signed in on this phone, and when that ends. Ending destroys the keys and the pack, never unsent work. */
import { Refusal, type Transport } from './api';
import { isOutOfContact, offsetOf, type Clock, type Contact } from './clock';
import { sealToServer } from './crypto';
import { isQuotaError, type FieldDb } from './db';
import { makeKeys, type FreshKeys, type Keys, type Vault } from './vault';

export interface Post {
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
    await this.db.transaction('rw', this.db.meta, this.db.sessions, this.db.pack, async () => {
      await this.vault.destroy(); // whatever an earlier sign-in left
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
    if (!contact || isOutOfContact(contact, now, await this.db.read<number>(HOURS))) {
      await this.end('out-of-contact');
      return true;
    }
    if (now > contact.latest) await this.note(CONTACT, { ...contact, latest: now });
    return false;
  }

  async end(why: Ending): Promise<void> {
    await this.db.transaction('rw', this.db.meta, this.db.pack, async () => {
      await this.vault.destroy();
      await this.db.meta.delete(ACCOUNT);
      await this.db.write(ENDED, why);
    });
  }

  /** Here at once, whatever the server says; it is told where there is a signal. */
  async signOut(keys: Keys | undefined): Promise<void> {
    await this.end('signed-out');
    if (!keys) return;
    await this.transport('DELETE', 'session', { token: keys.token }).catch(() => undefined);
  }
}

export const isRevoked = (error: unknown): boolean => error instanceof Refusal && error.status === 401;
