/** Operations outside a transaction: each write is a transaction of its own. */
import type { DirtyOperations, WriteOperations } from './operations.ts';
import type { Key, KeyPartOf, Table } from './schema.ts';
import { TableReader } from './transaction.ts';
import type { FindTable } from './transaction.ts';

/** Runs a body as a transaction; `frees` says that it only makes room. */
export type RunTransaction = <T>(
  body: (writer: WriteOperations) => T,
  options: { readonly frees: boolean },
) => T;

const WRITES = { frees: false };
const FREES = { frees: true };

export class DirtyTables extends TableReader implements DirtyOperations {
  readonly #run: RunTransaction;

  constructor(find: FindTable, run: RunTransaction) {
    super(find);
    this.#run = run;
  }

  write<R extends object>(table: Table<R>, record: R): void {
    this.#run(tx => tx.write(table, record), WRITES);
  }

  insert<R extends object>(table: Table<R>, record: R): void {
    this.#run(tx => tx.insert(table, record), WRITES);
  }

  update<R extends object>(table: Table<R>, key: Key<R>, patch: Partial<R>): R | undefined {
    return this.#run(tx => tx.update(table, key, patch), WRITES);
  }

  delete<R extends object>(table: Table<R>, key: Key<R>): number {
    return this.#run(tx => tx.delete(table, key), FREES);
  }

  deleteObject<R extends object>(table: Table<R>, record: R): boolean {
    return this.#run(tx => tx.deleteObject(table, record), FREES);
  }

  deleteRange<R extends object>(
    table: Table<R>,
    prefix: Key<R>,
    from: KeyPartOf<R> | undefined,
    to: KeyPartOf<R> | undefined,
  ): number {
    return this.#run(tx => tx.deleteRange(table, prefix, from, to), FREES);
  }
}
