/** The operations on tables of an open database: reading, writing, and the Transaction of a body. */
import type { Events } from './events.ts';
import type { Match } from './match.ts';
import type {
  Continuation,
  IndexValue,
  Page,
  RangeOptions,
  ReadOperations,
  SelectOptions,
  Transaction,
  WriteOperations,
} from './operations.ts';
import type { Key, KeyPart, KeyPartOf, Table } from './schema.ts';
import { TransactionAborted } from './storage-error.ts';
import type { TableAccess } from './table-access.ts';
import { watchedDelete, watchedDeleteObject, watchedDeleteRange, watchedWrite } from './watched.ts';

/** Finds a table in the open database, or throws: it is closed, failed, or has no such table. */
export type FindTable = (table: Table<object>) => TableAccess;

const FOLD_PAGE = 256;

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

  select<R extends object, K extends keyof R & string>(
    table: Table<R>,
    match: Match<R>,
    options: SelectOptions<R> & { readonly attributes?: readonly K[] } = {},
  ): R[] {
    const order = typeof options.order === 'string' ? [options.order] : (options.order ?? []);
    return this.find(table).select(match, { ...options, order }) as R[];
  }

  selectPage<R extends object>(
    table: Table<R>,
    match: Match<R>,
    options: { readonly limit: number; readonly continuation?: Continuation | undefined },
  ): Page<R> {
    const [records, end] = this.find(table).page(match, options.limit, options.continuation);
    return { records: records as R[], continuation: end };
  }

  foldl<R extends object, A>(table: Table<R>, fold: (record: R, acc: A) => A, acc: A): A {
    let folded = acc;
    let continuation: Continuation | undefined;
    do {
      const page: Page<R> = this.selectPage(table, {}, { limit: FOLD_PAGE, continuation });
      for (const record of page.records) folded = fold(record, folded);
      continuation = page.continuation;
    } while (continuation !== undefined);
    return folded;
  }

  count<R extends object>(table: Table<R>, match: Match<R> = {}): number {
    return this.find(table).count(match);
  }
}

/** Writing into tables; who calls it has begun a transaction. */
export class TableWriter extends TableReader implements WriteOperations {
  readonly #events: Events;

  constructor(find: FindTable, events: Events) {
    super(find);
    this.#events = events;
  }

  write<R extends object>(table: Table<R>, record: R): void {
    const access = this.find(table);
    if (this.#watched(table)) watchedWrite(access, record, this.#events);
    else access.write(record);
  }

  insert<R extends object>(table: Table<R>, record: R): void {
    const access = this.find(table);
    access.insert(record);
    if (this.#watched(table)) {
      this.#events.record({ kind: 'write', table: table.name, record: { ...record }, old: [] });
    }
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
    const access = this.find(table);
    return this.#watched(table) ? watchedDelete(access, key, this.#events) : access.delete(key);
  }

  deleteObject<R extends object>(table: Table<R>, record: R): boolean {
    const access = this.find(table);
    return this.#watched(table)
      ? watchedDeleteObject(access, record, this.#events)
      : access.deleteObject(record);
  }

  deleteRange<R extends object>(
    table: Table<R>,
    prefix: Key<R>,
    from: KeyPartOf<R> | undefined,
    to: KeyPartOf<R> | undefined,
  ): number {
    const access = this.find(table);
    return this.#watched(table)
      ? watchedDeleteRange(access, prefix, from, to, this.#events)
      : access.deleteRange(prefix, from, to);
  }

  #watched(table: Table<object>): boolean {
    return this.#events.any && this.#events.subscribers(table.name) > 0;
  }
}

export class RunningTransaction extends TableWriter implements Transaction {
  #ended = false;

  constructor(find: FindTable, events: Events) {
    super(table => {
      if (this.#ended) throw new TypeError('this transaction has ended: start another');
      return find(table);
    }, events);
  }

  abort(reason: unknown): never {
    throw new TransactionAborted(reason);
  }

  end(): void {
    this.#ended = true;
  }
}
