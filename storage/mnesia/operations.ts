/**
 * What one can do with tables. Reading and writing are different types: a function that takes
 * ReadOperations cannot write.
 */
import type { Match } from './match.ts';
import type { Key, KeyPart, KeyPartOf, Table } from './schema.ts';

export interface RangeOptions {
  /** At most so many records. */
  readonly limit?: number;
  /** From the highest key down. */
  readonly reverse?: boolean;
}

export interface ReadOperations {
  /** The record with this key. For a set or an ordered_set. */
  read<R extends object>(table: Table<R>, key: Key<R>): R | undefined;
  /** Every record with this key; what Mnesia's `read` answers for a bag. */
  readAll<R extends object>(table: Table<R>, key: Key<R>): R[];
  /** The record with the lowest key of an ordered_set. */
  first<R extends object>(table: Table<R>): R | undefined;
  /** The record with the highest key of an ordered_set. */
  last<R extends object>(table: Table<R>): R | undefined;
  /** The record with the lowest key above this one, which need not exist. */
  next<R extends object>(table: Table<R>, key: Key<R>): R | undefined;
  /** The record with the highest key below this one, which need not exist. */
  prev<R extends object>(table: Table<R>, key: Key<R>): R | undefined;
  /**
   * The records of an ordered_set from one key to another, both included, in the order of the key.
   * A bound may be the first parts of a compound key and compares on these only; undefined is no
   * bound.
   *
   * @example
   * tx.range(mail, [device, 10], [device, 20])  // n from 10 to 20 of one device
   * tx.range(mail, [device], [device])          // all of one device
   * tx.range(mail, [device, 10], [device])      // n from 10 on
   */
  range<R extends object>(
    table: Table<R>,
    from: Key<R> | undefined,
    to: Key<R> | undefined,
    options?: RangeOptions,
  ): R[];
  /**
   * The records whose attribute has this value, in the order of the key (in a bag: of writing).
   * There must be an index that starts with the attribute. Several attributes and as many values
   * read by the first attributes of a compound index.
   */
  indexRead<R extends object>(
    table: Table<R>,
    attribute: (keyof R & string) | readonly (keyof R & string)[],
    value: IndexValue<R> | readonly IndexValue<R>[],
  ): R[];
  /**
   * The records that match, by whichever index finds them best. In no particular order unless one
   * is asked for.
   *
   * @example tx.select(account, { city: 'Ulm', seen: { lt: day } }, { order: 'seen', limit: 100 })
   */
  select<R extends object>(table: Table<R>, match: Match<R>, options?: SelectOptions<R>): R[];
  /** The same, with some attributes of each record only. */
  select<R extends object, K extends keyof R & string>(
    table: Table<R>,
    match: Match<R>,
    options: SelectOptions<R> & { readonly attributes: readonly K[] },
  ): Pick<R, K>[];
  /**
   * At most `limit` records that match, in the order of the key (in a bag: of writing), and the
   * continuation for the next ones, as Mnesia's `select/4`. Records that are written or deleted
   * in between do not disturb the others.
   */
  selectPage<R extends object>(
    table: Table<R>,
    match: Match<R>,
    options: { readonly limit: number; readonly continuation?: Continuation | undefined },
  ): Page<R>;
  /** Folds all records into a value, in the order of the key (in a bag: of writing). */
  foldl<R extends object, A>(table: Table<R>, fold: (record: R, acc: A) => A, acc: A): A;
  /** How many records there are, or match. Takes time in proportion to them. */
  count<R extends object>(table: Table<R>, match?: Match<R>): number;
}

export interface SelectOptions<R> {
  readonly limit?: number;
  /** By one attribute or several. */
  readonly order?: (keyof R & string) | readonly (keyof R & string)[];
  /** From the highest down. */
  readonly reverse?: boolean;
}

declare const continuation: unique symbol;

/** Where a page ended. A plain value; valid for as long as the table has the same key. */
export type Continuation = readonly KeyPart[] & { readonly [continuation]?: never };

export interface Page<R> {
  readonly records: R[];
  /** Undefined when this was the last page. */
  readonly continuation: Continuation | undefined;
}

export type IndexValue<R> = KeyPartOf<R> | null;

export interface WriteOperations {
  /** Mnesia's `write`: replaces the record with the same key; adds to a bag unless it is there. */
  write<R extends object>(table: Table<R>, record: R): void;
  /** Writes a record whose key must be new: StorageError `already_exists`. Not for a bag. */
  insert<R extends object>(table: Table<R>, record: R): void;
  /** Sets some attributes of the record with this key and returns it; undefined if there is none. */
  update<R extends object>(table: Table<R>, key: Key<R>, patch: Partial<R>): R | undefined;
  /** Deletes every record with this key and returns how many there were. */
  delete<R extends object>(table: Table<R>, key: Key<R>): number;
  /** Deletes the record that equals this one in every attribute; false if there is none. */
  deleteObject<R extends object>(table: Table<R>, record: R): boolean;
  /**
   * Deletes a run of records of an ordered_set in one statement and returns how many: those whose
   * key begins with the prefix and whose next part lies from `from` to `to`, both included.
   * Undefined is no bound. Our extension of Mnesia: mailboxes are trimmed by watermark.
   *
   * @example tx.deleteRange(mail, [device], undefined, upTo)
   */
  deleteRange<R extends object>(
    table: Table<R>,
    prefix: Key<R>,
    from: KeyPartOf<R> | undefined,
    to: KeyPartOf<R> | undefined,
  ): number;
}

/** The operations outside a transaction, as Mnesia's `dirty_…`: each one is committed by itself. */
export interface DirtyOperations extends ReadOperations, WriteOperations {}

/** Valid until its body returns. */
export interface Transaction extends ReadOperations, WriteOperations {
  /** Rolls back and makes `transaction` throw TransactionAborted with this reason. */
  abort(reason: unknown): never;
}
