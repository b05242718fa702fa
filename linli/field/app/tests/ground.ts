/** A phone's storage that survives the app, and the app on it, which can be killed at any moment. */
import { IDBFactory, IDBKeyRange } from 'fake-indexeddb';
import { AccountStore } from '../src/store/account';
import type { Clock } from '../src/store/clock';
import type { Author } from '../src/store/command';
import { FieldDb } from '../src/store/db';
import { FileBox } from '../src/store/files';
import { Outbox } from '../src/store/outbox';
import { PackStore } from '../src/store/pack';
import { Sync, type SyncResult } from '../src/store/sync';
import { Upload, type UploadResult } from '../src/store/upload';
import { Vault, type Keys } from '../src/store/vault';
import { Server } from './server';

export const PIN = '246810';

export class Phone {
  readonly indexedDB = new IDBFactory();
  time = Date.parse('2026-11-22T08:00:00Z');
  readonly clock: Clock = { now: () => this.time };

  openDb(): FieldDb {
    return new FieldDb('linli-field', { indexedDB: this.indexedDB, IDBKeyRange });
  }
}

/** One start of the app. */
export class App {
  readonly db: FieldDb;
  readonly outbox: Outbox;
  readonly packs: PackStore;
  readonly accounts: AccountStore;
  readonly vault: Vault;
  readonly sync: Sync;
  readonly files: FileBox;
  readonly upload: Upload;
  keys: Keys | undefined;

  constructor(phone: Phone, server: Server) {
    this.db = phone.openDb();
    this.outbox = new Outbox(this.db, phone.clock);
    this.packs = new PackStore(this.db);
    this.vault = new Vault(this.db, 10);
    this.accounts = new AccountStore(this.db, this.vault, server.transport, phone.clock);
    const { db, outbox, packs, accounts } = this;
    const ground = { db, outbox, packs, accounts, transport: server.transport, clock: phone.clock };
    this.sync = new Sync(ground);
    this.files = new FileBox(db, outbox, phone.clock);
    this.upload = new Upload(ground, this.files, this.sync);
  }

  async signIn(username = 'wang'): Promise<void> {
    const fresh = await this.accounts.signIn({ username, password: 'x', device: 'test', lang: 'en' });
    this.keys = await this.accounts.keep(fresh, PIN);
  }

  async unlock(): Promise<void> {
    this.keys = await this.vault.unlock(PIN);
  }

  async signOut(): Promise<void> {
    await this.accounts.end('signed-out');
    await this.accounts.sendFarewells();
  }

  get me(): Author {
    return { id: this.keys!.session, key: this.keys!.work };
  }

  async run(): Promise<SyncResult> {
    return this.sync.run((await this.accounts.get())!, this.keys!, 'en');
  }

  async runFiles(): Promise<UploadResult> {
    return this.upload.run((await this.accounts.get())!, this.keys!, 'en');
  }

  kill(): void {
    this.db.close();
  }
}
