/**
 * A database of Mnesia-like tables in one SQLite file with one writer. Every change is a
 * transaction that is on the disk (WAL, synchronous=FULL) before it returns, or, when that was asked for, before a sync
 * beside the thread resolves.
 */
import { linkSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { stageRestore, writeBackup } from './backup.ts';
import type { BackupOptions, BackupReport } from './backup.ts';
import { DirtyTables } from './dirty.ts';
import { fileDate, removeCopy, syncPath } from './durable-file.ts';
import { Events } from './events.ts';
import type { SchemaEvent, SubscribeOptions, TableEvent, Unsubscribe } from './events.ts';
import type { StorageLogger } from './logger.ts';
import { migrate, validateMigrations } from './migrations.ts';
import type { Migration } from './migrations.ts';
import { databaseFile, openEngine } from './open-engine.ts';
import type { DirtyOperations, Transaction } from './operations.ts';
import { Reserve } from './reserve.ts';
import { isDiskFull, Room } from './room.ts';
import type { IndexAttributes, SchemaOperations, SchemaTransaction } from './schema-operations.ts';
import type { Table } from './schema.ts';
import { Session } from './session.ts';
import { StorageError } from './storage-error.ts';
import { tableInfo } from './table-info.ts';
import type { TableInfo } from './table-info.ts';

export interface DatabaseOptions {
  /** The directory, in which the file is `strowger.db`; or the file itself; or neither: in memory. */
  readonly directory?: string;
  readonly file?: string;
  readonly tables: readonly Table<object>[];
  /** The version of the program's tables; a new database gets it at once. From 1. */
  readonly schemaVersion: number;
  /** One for each version up to this one, in order; old ones may be left out at the beginning. */
  readonly migrations?: readonly Migration[];
  /**
   * Room kept for deleting on a full disk, 16 MiB if not given; 0 for none. Should be at least
   * twice what the largest transaction writes: a change is in the WAL first, then in the file too.
   */
  readonly reserveBytes?: number;
  /** A limit for the file, in pages of 4,096 bytes. */
  readonly maxPages?: number;
  readonly logger?: StorageLogger;
}

export interface TransactionOptions {
  /**
   * The body only deletes: on a full disk it may use the reserve. It may then be run twice, as
   * Mnesia runs transactions again, so it should do nothing else than use the tables.
   */
  readonly frees?: boolean;
}

export interface Database extends SchemaOperations {
  readonly file: string;
  readonly dirty: DirtyOperations;
  /** There is no room to write. Ordinary transactions are tried again all the same. */
  readonly full: boolean;
  /**
   * Runs the body and commits what it did, with fsync; what it returns is returned. When it
   * throws, everything is rolled back and the error goes on to the caller. A transaction within a
   * transaction is a savepoint: when it throws and the outer body catches, only its own changes
   * are gone. The body is synchronous. Throws StorageError `disk_full` and `io`; the database
   * stays usable.
   */
  transaction<T>(body: (tx: Transaction) => T, options?: TransactionOptions): T;
  /**
   * From now on (until a restore) a transaction that returns is committed, but is on the disk only when `sync`
   * says so. For those who tell nobody of it before.
   */
  deferSync(): void;
  /** Resolves when all that was committed is on the disk. Throws StorageError `io`: then close the database. */
  sync(): Promise<void>;
  /** Tells the listener of each committed change of a table, in order, synchronously. */
  subscribe<R extends object>(
    table: Table<R>,
    listener: (event: TableEvent<R>) => void,
    options?: SubscribeOptions,
  ): Unsubscribe;
  subscribe(table: 'schema', listener: (event: SchemaEvent) => void): Unsubscribe;
  /** The names of all tables. */
  tables(): string[];
  tableInfo<Item extends keyof TableInfo>(table: Table<object>, item: Item): TableInfo[Item];
  /** How many records there are, counted no further than the limit: costs no more than that. */
  countUpTo(table: Table<object>, limit: number): number;
  /** A copy of all disc tables at one moment, while the database goes on being written. */
  backup(target: string, options?: BackupOptions): Promise<BackupReport>;
  /**
   * Puts a backup in the place of all tables; ram tables are empty afterwards. The backup is
   * looked through before; an older version is migrated. What was there before is kept beside the
   * file, whose name is returned. When anything fails, everything is as it was.
   */
  restore(source: string, options?: BackupOptions): Promise<string>;
  /** Looks through the whole file and returns what is wrong. Takes seconds per gigabyte and blocks. */
  verify(): string[];
  close(): void;
}

const RESERVE_BYTES = 16 * 1024 * 1024;

/**
 * Opens the database, making it if it is not there, and brings it to the program's version.
 * Throws StorageError `locked`, `corrupt`, `schema_newer`, `schema_mismatch`, `migration_failed`
 * or `io`; the file is as it was then.
 */
export function openDatabase(options: DatabaseOptions): Database {
  validateMigrations(options.migrations ?? [], options.schemaVersion);
  return new MnesiaDatabase(options);
}

class MnesiaDatabase implements Database {
  readonly file: string;
  readonly dirty: DirtyOperations;
  readonly #options: DatabaseOptions;
  readonly #events: Events;
  readonly #reserve: Reserve | undefined;
  /** Undefined when closed. */
  #session: Session | undefined;
  #room: Room;
  /** Backups and restores wait for one another. */
  #maintenance: Promise<unknown> = Promise.resolve();

  constructor(options: DatabaseOptions) {
    this.#options = options;
    this.file = databaseFile(options);
    this.#events = new Events((error, table) => this.#listenerFailed(error, table));
    this.#session = this.#open();
    this.#reserve =
      this.file === ':memory:'
        ? undefined
        : new Reserve(`${this.file}.reserve`, options.reserveBytes ?? RESERVE_BYTES);
    this.#room = this.#openRoom(this.#session);
    this.dirty = new DirtyTables(
      table => this.#opened().find(table),
      (body, how) => this.transaction(body, how),
    );
  }

  get full(): boolean {
    return this.#room.full;
  }

  transaction<T>(body: (tx: Transaction) => T, options?: TransactionOptions): T {
    const session = this.#opened();
    if (session.inTransaction) return session.transaction(body);
    return this.#withRoom(options?.frees === true, () => session.transaction(body));
  }

  deferSync(): void {
    this.#opened().engine.deferSync();
  }

  async sync(): Promise<void> {
    await this.#opened().engine.sync();
  }

  subscribe<R extends object>(
    table: Table<R> | 'schema',
    listener: (event: never) => void,
    options?: SubscribeOptions,
  ): Unsubscribe {
    return this.#events.subscribe(table, listener, options);
  }

  createTable(table: Table<object>): void {
    this.#changeSchema(tx => tx.createTable(table));
  }

  deleteTable(table: Table<object>): void {
    this.#changeSchema(tx => tx.deleteTable(table));
  }

  addIndex<R extends object>(table: Table<R>, attributes: IndexAttributes<R>): Table<R> {
    return this.#changeSchema(tx => tx.addIndex(table, attributes));
  }

  delIndex<R extends object>(table: Table<R>, attributes: IndexAttributes<R>): Table<R> {
    return this.#changeSchema(tx => tx.delIndex(table, attributes));
  }

  transformTable<Old extends object, New extends object>(
    table: Table<Old>,
    transform: (old: Old) => New,
    newTable: Table<New>,
  ): void {
    this.#changeSchema(tx => tx.transformTable(table, transform, newTable));
  }

  tables(): string[] {
    return this.#opened()
      .catalog.tables()
      .map(table => table.name);
  }

  tableInfo<Item extends keyof TableInfo>(table: Table<object>, item: Item): TableInfo[Item] {
    const session = this.#opened();
    return tableInfo(session.engine, session.find(table), this.#events, item);
  }

  countUpTo(table: Table<object>, limit: number): number {
    return this.#opened().find(table).countUpTo(limit);
  }

  backup(target: string, options: BackupOptions = {}): Promise<BackupReport> {
    return this.#maintain(() => writeBackup(this.#opened().engine, target, options));
  }

  restore(source: string, options: BackupOptions = {}): Promise<string> {
    return this.#maintain(async () => {
      this.#opened();
      if (this.file === ':memory:') throw new TypeError('a database in memory cannot be restored');
      const staged = `${this.file}.restoring`;
      await stageRestore(source, staged, this.#options.schemaVersion, options);
      let kept: string;
      try {
        kept = this.#replaceBy(staged);
      } finally {
        removeCopy(staged);
      }
      options.onProgress?.({ phase: 'replace', done: 1, total: 1 });
      return kept;
    });
  }

  verify(): string[] {
    const { engine } = this.#opened();
    try {
      const rows = engine.all(engine.prepare('PRAGMA main.integrity_check').raw(true), []);
      return rows.map(([problem]) => String(problem)).filter(problem => problem !== 'ok');
    } catch (error) {
      // Some damage ends the check itself; it is an answer all the same.
      if (error instanceof StorageError && error.code === 'corrupt') return [error.message];
      throw error;
    }
  }

  close(): void {
    const session = this.#session;
    if (session === undefined) return;
    if (session.inTransaction) throw new TypeError('close must not be called inside a transaction');
    this.#session = undefined;
    session.engine.close();
  }

  #open(): Session {
    const session = new Session(openEngine(this.file), this.#events);
    try {
      prepare(session, this.#options);
    } catch (error) {
      session.engine.close();
      throw error;
    }
    return session;
  }

  #openRoom(session: Session): Room {
    const room = new Room(session.engine, this.#reserve, this.#options.maxPages);
    if (room.full) {
      this.#options.logger?.warn({ file: this.file }, 'no room for the reserve: the disk is full');
    }
    return room;
  }

  #opened(): Session {
    if (this.#session !== undefined) return this.#session;
    throw new StorageError('closed', `${this.file} was closed. Open it again.`);
  }

  #changeSchema<T>(body: (tx: SchemaTransaction) => T): T {
    const session = this.#opened();
    return this.#withRoom(false, () => session.schemaTransaction(body));
  }

  /** Runs a transaction, and on a full disk what can be done about it. */
  #withRoom<T>(frees: boolean, attempt: () => T): T {
    const room = this.#room;
    if (room.full) room.admit(frees);
    let result: T;
    try {
      result = attempt();
    } catch (error) {
      if (!isDiskFull(error)) throw error;
      if (!room.full) this.#options.logger?.error({ file: this.file }, 'the disk is full');
      if (!room.exhausted(frees)) throw error;
      result = attempt();
    }
    if (room.full) this.#afterCommit(room, frees);
    return result;
  }

  /** What is committed is not taken back when the reserve cannot be made again. */
  #afterCommit(room: Room, frees: boolean): void {
    const { logger } = this.#options;
    try {
      if (room.committed(frees)) logger?.info({ file: this.file }, 'there is room again');
    } catch (error) {
      logger?.error({ err: error, file: this.file }, 'the reserve could not be made again');
    }
  }

  async #maintain<T>(work: () => Promise<T>): Promise<T> {
    const before = this.#maintenance;
    const mine = before.then(work, work);
    this.#maintenance = mine;
    return mine;
  }

  /** Closes the file, puts the other in its place, opens it. Synchronous: nobody sees half of it. */
  #replaceBy(staged: string): string {
    const session = this.#opened();
    const kept = `${this.file}.before-restore.${fileDate()}`;
    session.engine.pragma('main.wal_checkpoint(TRUNCATE)');
    this.close();
    const wal = statSync(`${this.file}-wal`, { throwIfNoEntry: false });
    if (wal !== undefined && wal.size > 0) {
      // It would be taken for the restored file's own.
      this.#reopen();
      throw new StorageError('io', `${this.file}-wal could not be emptied. Nothing was restored.`);
    }
    linkSync(this.file, kept);
    renameSync(staged, this.file);
    syncPath(dirname(this.file));
    try {
      this.#reopen();
    } catch (error) {
      // A WAL that is left now is that of the copy.
      rmSync(`${this.file}-wal`, { force: true });
      renameSync(kept, this.file);
      this.#reopen();
      throw error;
    }
    this.#events.record({ kind: 'restore', table: undefined });
    this.#events.tell();
    return kept;
  }

  #reopen(): void {
    this.#session = this.#open();
    this.#room = this.#openRoom(this.#session);
  }

  #listenerFailed(error: unknown, table: string): void {
    const { logger } = this.#options;
    if (logger !== undefined) {
      logger.error({ err: error, table }, 'a listener of table events threw');
      return;
    }
    // Nobody is there to be told: as Node treats any error that nobody catches.
    queueMicrotask(() => {
      throw error;
    });
  }
}

/** Makes the tables of a new file, or migrates and checks those of an old one. */
function prepare(session: Session, options: DatabaseOptions): void {
  const { engine, catalog } = session;
  const isNew = engine.pragma('schema_version') === 0;
  if (!isNew) {
    session.transaction(() => catalog.load());
    migrate(session, options.migrations ?? [], options.schemaVersion, options.logger);
  }
  session.transaction(() => {
    catalog.load();
    for (const table of options.tables) catalog.ensure(table);
    if (isNew) engine.exec(`PRAGMA user_version = ${options.schemaVersion}`);
  });
}
