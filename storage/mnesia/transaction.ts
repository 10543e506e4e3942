/** The Transaction that a body gets: finds the table, refuses use after the end. */
import type {
  IndexValue,
  RangeOptions,
  ReadOperations,
  Transaction,
  WriteOperations,
} from './operations.ts';
import type { Key, KeyPart, KeyPartOf, Table } from './schema.ts';
import { TransactionAborted } from './storage-error.ts';
import type { TableAccess } from './table-access.ts';

/** Finds a table in the open database, or throws: it is closed, failed, or has no such table. */
export type FindTable = (table: Table<object>) => TableAccess;

/** Reading, wherever the tables come from: inside a transaction and dirty. */
export class TableReader implements ReadOperations {
  protected readonly find: FindTable;

  constructor(find: FindTable) {
    this.find = find;
  }

  read<R extends object>(table: Table<R>, key: Key<R>): R | undefined {
    return this.find(table).read(key) as R | undefined;
  }

  readAll<R extends object>(table: Table<R>, key: Key<R>): R[] {
    return this.find(table).readAll(key) as R[];
  }

  first<R extends object>(table: Table<R>): R | undefined {
    return this.find(table).range(undefined, undefined, 1, false)[0] as R | undefined;
  }

  last<R extends object>(table: Table<R>): R | undefined {
    return this.find(table).range(undefined, undefined, 1, true)[0] as R | undefined;
  }

  next<R extends object>(table: Table<R>, key: Key<R>): R | undefined {
    return this.find(table).neighbour(key, false) as R | undefined;
  }

  prev<R extends object>(table: Table<R>, key: Key<R>): R | undefined {
    return this.find(table).neighbour(key, true) as R | undefined;
  }

  range<R extends object>(
    table: Table<R>,
    from: Key<R> | undefined,
    to: Key<R> | undefined,
    options?: RangeOptions,
  ): R[] {
    const access = this.find(table);
    return access.range(from, to, options?.limit, options?.reverse === true) as R[];
  }

  indexRead<R extends object>(
    table: Table<R>,
    attribute: (keyof R & string) | readonly (keyof R & string)[],
    value: IndexValue<R> | readonly IndexValue<R>[],
  ): R[] {
    const attributes = typeof attribute === 'string' ? [attribute] : attribute;
    const values = (Array.isArray(value) ? value : [value]) as readonly (KeyPart | null)[];
    return this.find(table).indexRead(attributes, values) as R[];
  }

  count(table: Table<object>): number {
    return this.find(table).count();
  }
}

/** Writing into tables; who calls it has begun a transaction. */
export class TableWriter extends TableReader implements WriteOperations {
  write<R extends object>(table: Table<R>, record: R): void {
    this.find(table).write(record);
  }

  insert<R extends object>(table: Table<R>, record: R): void {
    this.find(table).insert(record);
  }

  update<R extends object>(table: Table<R>, key: Key<R>, patch: Partial<R>): R | undefined {
    const moved = table.key.find(name => name in patch);
    if (moved !== undefined) {
      throw new TypeError(
        `update cannot change ${moved}, part of the key of table ${table.name}: delete and write`,
      );
    }
    const old = this.read(table, key);
    if (old === undefined) return undefined;
    const record = { ...old, ...patch };
    this.write(table, record);
    return record;
  }

  delete<R extends object>(table: Table<R>, key: Key<R>): number {
    return this.find(table).delete(key);
  }

  deleteObject<R extends object>(table: Table<R>, record: R): boolean {
    return this.find(table).deleteObject(record);
  }

  deleteRange<R extends object>(
    table: Table<R>,
    prefix: Key<R>,
    from: KeyPartOf<R> | undefined,
    to: KeyPartOf<R> | undefined,
  ): number {
    return this.find(table).deleteRange(prefix, from, to);
  }
}

export class RunningTransaction extends TableWriter implements Transaction {
  #ended = false;

  constructor(find: FindTable) {
    super(table => {
      if (this.#ended) throw new TypeError('this transaction has ended: start another');
      return find(table);
    });
  }

  abort(reason: unknown): never {
    throw new TransactionAborted(reason);
  }

  end(): void {
    this.#ended = true;
  }
}
