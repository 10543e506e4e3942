/**
 * One connection to SQLite. Everything that touches SQLite goes through here, so that its errors
 * become ours in one place and a transaction that SQLite gave up is never carried on by mistake.
 */
import BetterSqlite from 'better-sqlite3';
import { LogSync } from './log-sync.ts';
import { notSynced, toStorageError } from './sqlite-errors.ts';
import { StorageError } from './storage-error.ts';

export type Statement = BetterSqlite.Statement;

/** Copied per turn: 1 MiB, so that writers wait a few milliseconds at most. */
const BACKUP_PAGES = 256;

export class Engine {
  readonly file: string;
  readonly #sqlite: BetterSqlite.Database;
  readonly #begin: Statement;
  readonly #commit: Statement;
  readonly #rollback: Statement;
  readonly #savepoint: Statement;
  readonly #release: Statement;
  readonly #rollbackTo: Statement;
  /** Undefined while each commit is on the disk before it returns. */
  #logSync: LogSync | undefined;
  /**
   * Why the running transaction cannot go on. SQLite may roll back all of it on a full disk or an
   * input/output error; the next statement would then commit by itself.
   */
  failure: StorageError | undefined;

  constructor(file: string) {
    this.file = file;
    try {
      // No waiting for a lock: whoever holds the database holds it as long as it lives.
      this.#sqlite = new BetterSqlite(file, { timeout: 0 });
    } catch (error) {
      throw toStorageError(error, file);
    }
    this.#begin = this.#sqlite.prepare('BEGIN IMMEDIATE');
    this.#commit = this.#sqlite.prepare('COMMIT');
    this.#rollback = this.#sqlite.prepare('ROLLBACK');
    this.#savepoint = this.#sqlite.prepare('SAVEPOINT nested');
    this.#release = this.#sqlite.prepare('RELEASE nested');
    this.#rollbackTo = this.#sqlite.prepare('ROLLBACK TO nested');
  }

  prepare(sql: string): Statement {
    try {
      return this.#sqlite.prepare(sql);
    } catch (error) {
      throw this.#failed(error);
    }
  }

  /** Runs a writing statement and returns how many rows it changed. */
  run(statement: Statement, values: readonly unknown[]): number {
    try {
      const { changes } = statement.run(values);
      if (changes > 0) this.#logSync?.written();
      return changes;
    } catch (error) {
      throw this.#failed(error);
    }
  }

  /** The first row of a statement prepared with `raw(true)`. */
  get(statement: Statement, values: readonly unknown[]): unknown[] | undefined {
    try {
      return statement.get(values) as unknown[] | undefined;
    } catch (error) {
      throw this.#failed(error);
    }
  }

  /** All rows of a statement prepared with `raw(true)`. */
  all(statement: Statement, values: readonly unknown[]): unknown[][] {
    try {
      return statement.all(values) as unknown[][];
    } catch (error) {
      throw this.#failed(error);
    }
  }

  exec(sql: string): void {
    try {
      this.#sqlite.exec(sql);
      this.#logSync?.written();
    } catch (error) {
      throw this.#failed(error);
    }
  }

  /** The single value that a pragma answers with. */
  pragma(text: string): unknown {
    try {
      return this.#sqlite.pragma(text, { simple: true });
    } catch (error) {
      throw this.#failed(error);
    }
  }

  /** From now on a commit is on the disk when `sync` says so: SQLite itself syncs only what a checkpoint needs. */
  deferSync(): void {
    if (this.file === ':memory:' || this.#logSync !== undefined) return;
    this.pragma('main.synchronous = NORMAL');
    this.#logSync = new LogSync(`${this.file}-wal`);
  }

  /** Resolves when all that was committed is on the disk; the thread goes on meanwhile. Throws StorageError `io`. */
  async sync(): Promise<void> {
    try {
      await this.#logSync?.sync();
    } catch (error) {
      throw notSynced(this.file, error);
    }
  }

  begin(): void {
    this.failure = undefined;
    this.run(this.#begin, []);
  }

  commit(): void {
    if (this.failure !== undefined) throw this.failure;
    this.run(this.#commit, []);
  }

  /** Also when SQLite has rolled back already. */
  rollback(): void {
    if (this.#sqlite.inTransaction) this.run(this.#rollback, []);
    this.failure = undefined;
  }

  /** A nested transaction; SQLite finds the innermost of a name. */
  savepoint(): void {
    this.run(this.#savepoint, []);
  }

  release(): void {
    if (this.failure !== undefined) throw this.failure;
    this.run(this.#release, []);
  }

  /** After a failure there is nothing to go back to: the outermost transaction rolls back. */
  rollbackToSavepoint(): void {
    if (this.failure !== undefined) return;
    this.run(this.#rollbackTo, []);
    this.run(this.#release, []);
  }

  /** Copies the file's pages into another, some per turn of the event loop; one consistent cut. */
  async backup(target: string, progress: (pages: number, total: number) => void): Promise<void> {
    try {
      await this.#sqlite.backup(target, {
        progress({ totalPages, remainingPages }) {
          progress(totalPages - remainingPages, totalPages);
          return BACKUP_PAGES;
        },
      });
    } catch (error) {
      if (this.#sqlite.open) throw error;
      throw new StorageError('closed', `${this.file} was closed during the backup.`, {
        cause: error,
      });
    }
  }

  close(): void {
    this.#logSync?.close();
    try {
      this.#sqlite.close();
    } catch (error) {
      throw this.#failed(error);
    }
  }

  #failed(error: unknown): unknown {
    const failure = toStorageError(error, this.file);
    if (failure instanceof StorageError && failure.code !== 'already_exists') {
      this.failure = failure;
    }
    return failure;
  }
}
