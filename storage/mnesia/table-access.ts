/** One table in one open database: its statements, made when first used and kept. */
import { decodeValue, encodeValue } from './column-values.ts';
import type { SqlValue } from './column-values.ts';
import type { Engine, Statement } from './engine.ts';
import { rangeShape, rangeValues, shapeId } from './key-range.ts';
import { matchSql } from './match.ts';
import { ReadCache } from './read-cache.ts';
import type { Column, KeyPart, Table } from './schema.ts';
import * as sql from './table-sql.ts';

export type Row = Record<string, unknown>;
/** A key as callers give it: one value, or several for a compound key. */
export type AnyKey = KeyPart | readonly KeyPart[];

/** Where a page of records ended. */
export type PageEnd = readonly KeyPart[];

export interface SelectionOptions {
  readonly attributes?: readonly string[];
  readonly order?: readonly string[];
  readonly reverse?: boolean;
  readonly limit?: number;
}

export class TableAccess {
  readonly table: Table<object>;
  readonly #engine: Engine;
  readonly #columns: readonly Column[];
  readonly #keyColumns: readonly Column[];
  /** Filled and bound at once: no array per record. */
  readonly #recordValues: SqlValue[];
  readonly #keyPositions: readonly number[];
  readonly #cache: ReadCache | undefined;
  readonly #statements = new Map<string | number, Statement>();
  #write: Statement | undefined;
  #read: Statement | undefined;
  #delete: Statement | undefined;

  constructor(engine: Engine, table: Table<object>) {
    this.table = table;
    this.#engine = engine;
    this.#columns = table.columns;
    this.#keyColumns = table.key.map(name => this.#column(name));
    this.#recordValues = table.columns.map(() => null);
    this.#keyPositions = this.#keyColumns.map(column => table.columns.indexOf(column));
    const cached = table.storage === 'disc_copies' && table.type !== 'bag';
    this.#cache = cached ? new ReadCache() : undefined;
  }

  /** After a rollback: what was read since the beginning may never have been. */
  forgetReads(): void {
    this.#cache?.clear();
  }

  keyOf(record: object): AnyKey {
    const parts = this.table.key.map(name => (record as Row)[name] as KeyPart);
    return parts.length === 1 ? (parts[0] as KeyPart) : parts;
  }

  read(key: AnyKey): Row | undefined {
    if (this.table.type === 'bag') {
      throw new TypeError(`table ${this.table.name} is a bag: use readAll`);
    }
    const parts = this.#fullKey(key);
    const cached = this.#cache?.get(parts);
    if (cached !== undefined) return decodeRow(this.#columns, cached.map(copyBlob));
    this.#read ??= this.#prepareRaw(sql.readSql(this.table));
    const row = this.#engine.get(this.#read, parts) as SqlValue[] | undefined;
    if (row === undefined) return undefined;
    this.#cache?.put(parts, row.map(copyBlob));
    return decodeRow(this.#columns, row);
  }

  readAll(key: AnyKey): Row[] {
    this.#read ??= this.#prepareRaw(sql.readSql(this.table));
    return this.#decodeAll(this.#engine.all(this.#read, this.#fullKey(key)));
  }

  /** Returns false when nothing changed: a bag holds the very record already. */
  write(record: object): boolean {
    const values = this.#encode(record as Row);
    if (this.table.type === 'bag') {
      const same = this.#statement('same', () => sql.sameRecordSql(this.table), true);
      if (this.#engine.get(same, values) !== undefined) return false;
      this.#write ??= this.#engine.prepare(sql.insertSql(this.table));
    } else {
      this.#write ??= this.#engine.prepare(sql.writeSql(this.table));
    }
    this.#engine.run(this.#write, values);
    this.#dropWritten();
    return true;
  }

  insert(record: object): void {
    if (this.table.type === 'bag') {
      throw new TypeError(`table ${this.table.name} is a bag: its keys repeat; use write`);
    }
    const insert = this.#statement('insert', () => sql.insertSql(this.table));
    this.#engine.run(insert, this.#encode(record as Row));
  }

  delete(key: AnyKey): number {
    this.#delete ??= this.#engine.prepare(sql.deleteSql(this.table));
    const parts = this.#fullKey(key);
    this.#cache?.drop(parts);
    return this.#engine.run(this.#delete, parts);
  }

  deleteObject(record: object): boolean {
    const statement = this.#statement('deleteRecord', () => sql.deleteRecordSql(this.table));
    const deleted = this.#engine.run(statement, this.#encode(record as Row)) > 0;
    this.#dropWritten();
    return deleted;
  }

  range(
    from: AnyKey | undefined,
    to: AnyKey | undefined,
    limit: number | undefined,
    reverse: boolean,
  ): Row[] {
    this.#requireOrder();
    const lower = this.#bound(from);
    const upper = this.#bound(to);
    const shape = rangeShape(lower, upper);
    const values = rangeValues(shape, lower, upper);
    values.push(limitOf(limit));
    const statement = this.#statement(
      reverse ? -1 - shapeId(shape) : shapeId(shape),
      () => sql.rangeSql(this.table, shape, reverse),
      true,
    );
    return this.#decodeAll(this.#engine.all(statement, values));
  }

  deleteRange(prefix: AnyKey, from: KeyPart | undefined, to: KeyPart | undefined): number {
    this.#requireOrder();
    const lower = this.#within(prefix, from);
    const upper = this.#within(prefix, to);
    const shape = rangeShape(lower, upper);
    const statement = this.#statement(`deleteRange ${shapeId(shape)}`, () =>
      sql.deleteRangeSql(this.table, shape),
    );
    this.#cache?.clear();
    return this.#engine.run(statement, rangeValues(shape, lower, upper));
  }

  /** What deleteRange would delete. */
  within(prefix: AnyKey, from: KeyPart | undefined, to: KeyPart | undefined): Row[] {
    return this.range(this.#within(prefix, from), this.#within(prefix, to), undefined, false);
  }

  /** The record after (or before) a key. */
  neighbour(key: AnyKey, reverse: boolean): Row | undefined {
    this.#requireOrder();
    const statement = this.#statement(
      reverse ? 'prev' : 'next',
      () => sql.neighbourSql(this.table, reverse),
      true,
    );
    const row = this.#engine.get(statement, this.#fullKey(key));
    return row === undefined ? undefined : decodeRow(this.#columns, row);
  }

  indexRead(attributes: readonly string[], values: readonly (KeyPart | null)[]): Row[] {
    const statement = this.#statement(
      `index ${attributes.join(',')}`,
      () => {
        this.#requireIndex(attributes);
        return sql.indexReadSql(this.table, attributes);
      },
      true,
    );
    if (values.length !== attributes.length) {
      throw new TypeError(
        `expected ${attributes.length} values to read table ${this.table.name} by ${attributes.join(', ')}, got ${values.length}`,
      );
    }
    const bound = attributes.map((name, i) => encodeValue(this.#column(name), values[i]));
    return this.#decodeAll(this.#engine.all(statement, bound));
  }

  count(match: object = {}): number {
    const { condition, values } = matchSql(this.table, match);
    const text = sql.countSql(this.table, condition);
    return this.#engine.get(
      this.#statement(text, () => text, true),
      values,
    )?.[0] as number;
  }

  countUpTo(limit: number): number {
    const count = this.#statement('countUpTo', () => sql.countUpToSql(this.table), true);
    return this.#engine.get(count, [limit])?.[0] as number;
  }

  select(match: object, options: SelectionOptions): Row[] {
    const { condition, values } = matchSql(this.table, match);
    const attributes = options.attributes ?? this.#columns.map(column => column.name);
    const columns = attributes.map(name => this.#column(name));
    const order = (options.order ?? []).map(name => this.#column(name).name);
    const text = sql.selectSql(this.table, attributes, condition, order, options.reverse === true);
    values.push(limitOf(options.limit));
    const rows = this.#engine.all(
      this.#statement(text, () => text, true),
      values,
    );
    return rows.map(row => decodeRow(columns, row));
  }

  /** Records in the order of the key (in a bag: of writing), after the end of another page. */
  page(match: object, limit: number, after: PageEnd | undefined): [Row[], PageEnd | undefined] {
    const { condition, values } = matchSql(this.table, match);
    const text = sql.pageSql(this.table, condition, after !== undefined);
    if (after !== undefined) values.push(...after);
    values.push(limitOf(limit));
    const rows = this.#engine.all(
      this.#statement(text, () => text, true),
      values,
    );
    const last = rows.at(-1);
    const more = last !== undefined && rows.length === limit;
    return [this.#decodeAll(rows), more ? this.#endOf(last) : undefined];
  }

  #endOf(row: readonly unknown[]): PageEnd {
    if (this.table.type === 'bag') return [row[this.#columns.length] as number];
    return this.#keyPositions.map(position => row[position] as KeyPart);
  }

  /** The record just bound is not what was read before. */
  #dropWritten(): void {
    if (this.#cache === undefined || this.#cache.size === 0) return;
    this.#cache.drop(this.#keyPositions.map(position => this.#recordValues[position] as KeyPart));
  }

  #statement(name: string | number, text: () => string, raw = false): Statement {
    let statement = this.#statements.get(name);
    if (statement === undefined) {
      statement = raw ? this.#prepareRaw(text()) : this.#engine.prepare(text());
      this.#statements.set(name, statement);
    }
    return statement;
  }

  /** Rows as arrays: a third faster than as objects, and terms are decoded on the way. */
  #prepareRaw(text: string): Statement {
    return this.#engine.prepare(text).raw(true);
  }

  #encode(record: Row): SqlValue[] {
    const columns = this.#columns;
    const values = this.#recordValues;
    for (let i = 0; i < columns.length; i += 1) {
      const column = columns[i] as Column;
      values[i] = encodeValue(column, record[column.name]);
    }
    return values;
  }

  #decodeAll(rows: unknown[][]): Row[] {
    const records = new Array<Row>(rows.length);
    for (let i = 0; i < rows.length; i += 1)
      records[i] = decodeRow(this.#columns, rows[i] as unknown[]);
    return records;
  }

  #fullKey(key: AnyKey): KeyPart[] {
    const parts = this.#bound(key);
    if (parts.length !== this.#keyColumns.length) {
      throw new TypeError(
        `expected a key of ${this.#keyColumns.length} parts (${this.table.key.join(', ')}) for table ${this.table.name}, got ${parts.length}`,
      );
    }
    return parts;
  }

  /** The parts of a key or of a beginning of one, checked. */
  #bound(key: AnyKey | undefined): KeyPart[] {
    if (key === undefined) return [];
    const parts = isParts(key) ? key : [key];
    if (parts.length > this.#keyColumns.length) {
      throw new TypeError(
        `expected at most ${this.#keyColumns.length} parts in a key of table ${this.table.name}, got ${parts.length}`,
      );
    }
    const checked = new Array<KeyPart>(parts.length);
    for (let i = 0; i < parts.length; i += 1) {
      checked[i] = encodeValue(this.#keyColumns[i] as Column, parts[i]) as KeyPart;
    }
    return checked;
  }

  #within(prefix: AnyKey, part: KeyPart | undefined): KeyPart[] {
    const parts = isParts(prefix) ? prefix : [prefix];
    if (parts.length >= this.#keyColumns.length) {
      throw new TypeError(
        `expected a prefix of less than ${this.#keyColumns.length} parts for table ${this.table.name}, got ${parts.length}`,
      );
    }
    return this.#bound(part === undefined ? parts : [...parts, part]);
  }

  #requireOrder(): void {
    if (this.table.type !== 'ordered_set') {
      throw new TypeError(`table ${this.table.name} is a ${this.table.type}: it has no order`);
    }
  }

  #requireIndex(attributes: readonly string[]): void {
    const found = this.table.indexes.some(index =>
      attributes.every((name, i) => index[i] === name),
    );
    if (!found || attributes.length === 0) {
      throw new TypeError(
        `table ${this.table.name} has no index that starts with ${attributes.join(', ')}: define one, or use select`,
      );
    }
  }

  #column(name: string): Column {
    const column = this.#columns.find(candidate => candidate.name === name);
    if (column === undefined) {
      throw new TypeError(`table ${this.table.name} has no attribute ${name}`);
    }
    return column;
  }
}

function decodeRow(columns: readonly Column[], row: readonly unknown[]): Row {
  const record: Row = {};
  for (let i = 0; i < columns.length; i += 1) {
    const column = columns[i] as Column;
    record[column.name] = decodeValue(column, row[i] as SqlValue);
  }
  return record;
}

/** SQLite takes -1 for no limit. */
function limitOf(limit: number | undefined): number {
  if (limit === undefined) return -1;
  if (Number.isSafeInteger(limit) && limit > 0) return limit;
  throw new RangeError(`expected a limit of at least 1, got ${limit}`);
}

/** A caller may change the bytes it got, also those inside a term. */
function copyBlob(value: SqlValue): SqlValue {
  return value instanceof Uint8Array ? Buffer.from(value) : value;
}

function isParts(key: AnyKey): key is readonly KeyPart[] {
  return Array.isArray(key);
}
