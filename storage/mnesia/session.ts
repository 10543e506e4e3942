/** An open file: its engine, its tables, and the transaction that runs. Restoring makes a new one. */
import { Catalog } from './catalog.ts';
import type { Engine } from './engine.ts';
import type { Events } from './events.ts';
import type { Transaction } from './operations.ts';
import { RunningSchemaTransaction } from './schema-operations.ts';
import type { SchemaTransaction } from './schema-operations.ts';
import type { Table } from './schema.ts';
import { StorageError } from './storage-error.ts';
import type { TableAccess } from './table-access.ts';
import { RunningTransaction } from './transaction.ts';

export class Session {
  readonly engine: Engine;
  readonly catalog: Catalog;
  readonly #events: Events;
  #depth = 0;

  constructor(engine: Engine, events: Events) {
    this.engine = engine;
    this.catalog = new Catalog(engine);
    this.#events = events;
  }

  get inTransaction(): boolean {
    return this.#depth > 0;
  }

  /** The version of the tables in the file. */
  get schemaVersion(): number {
    return this.engine.pragma('user_version') as number;
  }

  /** For those who run a transaction; a failed one finds no table any more. */
  readonly find = (table: Table<object>): TableAccess => {
    if (this.#depth > 0 && this.engine.failure !== undefined) throw this.engine.failure;
    return this.catalog.find(table);
  };

  /** One attempt, without regard to room. Nested: a savepoint. */
  transaction<T>(body: (tx: Transaction) => T): T {
    const tx = new RunningTransaction(this.find, this.#events);
    return this.#run(tx, body);
  }

  /** As Mnesia's schema transactions: not within another one. */
  schemaTransaction<T>(body: (tx: SchemaTransaction) => T): T {
    if (this.inTransaction) {
      throw new StorageError(
        'nested_transaction',
        'Tables cannot be created or changed inside a transaction: do it before or after.',
      );
    }
    const tx = new RunningSchemaTransaction(this.find, this.#events, this.catalog);
    try {
      return this.#run(tx, body);
    } catch (error) {
      this.catalog.load();
      throw error;
    }
  }

  #run<Tx extends RunningTransaction, T>(tx: Tx, body: (tx: Tx) => T): T {
    const nested = this.#depth > 0;
    const mark = this.#events.mark();
    if (nested) this.engine.savepoint();
    else this.engine.begin();
    this.#depth += 1;
    let result: T;
    try {
      result = body(tx);
      refuseThenable(result);
      if (nested) this.engine.release();
      else this.engine.commit();
    } catch (error) {
      this.#events.forget(mark);
      this.catalog.forgetReads();
      if (nested) this.engine.rollbackToSavepoint();
      else this.engine.rollback();
      throw error;
    } finally {
      tx.end();
      this.#depth -= 1;
    }
    if (!nested) this.#events.tell();
    return result;
  }
}

function refuseThenable(result: unknown): void {
  if (typeof result === 'object' && result !== null && 'then' in result) {
    throw new TypeError('expected a synchronous transaction body, got one that returns a promise');
  }
}
