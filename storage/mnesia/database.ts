/**
 * A database of Mnesia-like tables in one SQLite file with one writer. Every change is a
 * transaction that is on the disk (WAL, synchronous=FULL) before it returns.
 */
import { Catalog } from './catalog.ts';
import { DirtyTables } from './dirty.ts';
import type { Engine } from './engine.ts';
import { openEngine } from './open-engine.ts';
import type { DirtyOperations, Transaction } from './operations.ts';
import type { Table } from './schema.ts';
import { StorageError } from './storage-error.ts';
import type { TableAccess } from './table-access.ts';
import { RunningTransaction } from './transaction.ts';

export interface DatabaseOptions {
  /** The directory, in which the file is `strowger.db`; or the file itself; or neither: in memory. */
  readonly directory?: string;
  readonly file?: string;
  readonly tables: readonly Table<object>[];
  /** The version of the program's tables; a new database gets it at once. From 1. */
  readonly schemaVersion: number;
}

export interface TransactionOptions {
  /** The body only deletes: it may use the reserve when the disk is full. */
  readonly frees?: boolean;
}

export interface Database {
  readonly dirty: DirtyOperations;
  /**
   * Runs the body and commits what it did, with fsync; what it returns is returned. When it
   * throws, everything is rolled back and the error goes on to the caller. A transaction within a
   * transaction is a savepoint: when it throws and the outer body catches, only its own changes
   * are gone. The body is synchronous.
   */
  transaction<T>(body: (tx: Transaction) => T, options?: TransactionOptions): T;
  close(): void;
}

export function openDatabase(options: DatabaseOptions): Database {
  return new MnesiaDatabase(options);
}

class MnesiaDatabase implements Database {
  readonly dirty: DirtyOperations;
  readonly #engine: Engine;
  readonly #catalog: Catalog;
  #depth = 0;
  #closed = false;

  constructor(options: DatabaseOptions) {
    this.#engine = openEngine(options);
    try {
      this.#engine.begin();
      this.#catalog = openCatalog(this.#engine, options);
      this.#engine.commit();
    } catch (error) {
      this.#engine.close();
      throw error;
    }
    this.dirty = new DirtyTables(this.#find, (body, how) => this.transaction(body, how));
  }

  transaction<T>(body: (tx: Transaction) => T, _options?: TransactionOptions): T {
    if (this.#closed) throw closed(this.#engine.file);
    const savepoint = this.#depth > 0;
    if (savepoint) this.#engine.exec('SAVEPOINT nested');
    else this.#engine.begin();
    this.#depth += 1;
    const tx = new RunningTransaction(this.#find);
    try {
      const result = body(tx);
      if (isThenable(result)) {
        throw new TypeError(
          'expected a synchronous transaction body, got one that returns a promise',
        );
      }
      if (savepoint) this.#release();
      else this.#engine.commit();
      return result;
    } catch (error) {
      if (savepoint) this.#rollbackSavepoint();
      else this.#engine.rollback();
      throw error;
    } finally {
      tx.end();
      this.#depth -= 1;
    }
  }

  close(): void {
    if (this.#depth > 0) throw new TypeError('close must not be called inside a transaction');
    if (this.#closed) return;
    this.#closed = true;
    this.#engine.close();
  }

  readonly #find = (table: Table<object>): TableAccess => {
    if (this.#closed) throw closed(this.#engine.file);
    if (this.#depth > 0 && this.#engine.failure !== undefined) throw this.#engine.failure;
    return this.#catalog.find(table);
  };

  #release(): void {
    if (this.#engine.failure !== undefined) throw this.#engine.failure;
    this.#engine.exec('RELEASE nested');
  }

  /** After a failure there is nothing to go back to: the outermost transaction rolls back. */
  #rollbackSavepoint(): void {
    if (this.#engine.failure === undefined) this.#engine.exec('ROLLBACK TO nested; RELEASE nested');
  }
}

function openCatalog(engine: Engine, options: DatabaseOptions): Catalog {
  const isNew = engine.pragma('schema_version') === 0;
  const stored = engine.pragma('user_version') as number;
  if (!isNew && stored !== options.schemaVersion) {
    throw stored > options.schemaVersion
      ? new StorageError(
          'schema_newer',
          `${engine.file} has schema version ${stored}; this program knows up to ${options.schemaVersion}. Use the newer program, or restore a backup that was made with this one.`,
        )
      : new StorageError(
          'migration_failed',
          `${engine.file} has schema version ${stored}, and no migration leads to ${options.schemaVersion}.`,
        );
  }
  const catalog = new Catalog(engine);
  for (const table of options.tables) catalog.ensure(table);
  engine.exec(`PRAGMA user_version = ${options.schemaVersion}`);
  return catalog;
}

function isThenable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'then' in value;
}

function closed(file: string): StorageError {
  return new StorageError('closed', `${file} was closed. Open it again.`);
}
