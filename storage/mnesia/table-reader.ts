/**
 * Looking through the tables of an open database from outside: which there are, and their records page by page. It only
 * reads, and what a page costs is bounded.
 */
import type { Database } from './database.ts';
import type { Column, KeyPart, Table } from './schema.ts';

export interface TableSize {
  readonly table: Table<object>;
  /** Records, counted no further than was asked for. */
  readonly size: number;
}

export interface RecordPage {
  readonly table: Table<object>;
  /** In the order of the key; the values in the order of the columns. */
  readonly records: readonly (readonly unknown[])[];
  /** For the next page; undefined when this was the last one. */
  readonly next: string | undefined;
}

/** A continuation that is none of this table. */
export class BadContinuation extends Error {
  override readonly name = 'BadContinuation';
}

export class TableReader {
  readonly #database: Database;
  readonly #tables: ReadonlyMap<string, Table<object>>;

  constructor(database: Database, tables: readonly Table<object>[]) {
    this.#database = database;
    this.#tables = new Map(tables.map(table => [table.name, table]));
  }

  list(countLimit: number): TableSize[] {
    return [...this.#tables.values()].map(table => this.#sized(table, countLimit));
  }

  /** Undefined when there is no such table. */
  size(name: string, countLimit: number): TableSize | undefined {
    const table = this.#tables.get(name);
    return table === undefined ? undefined : this.#sized(table, countLimit);
  }

  /**
   * @param after what the page before said
   * @returns undefined when there is no such table
   * @throws BadContinuation
   */
  page(name: string, after: string | undefined, limit: number): RecordPage | undefined {
    const table = this.#tables.get(name);
    if (table === undefined) return undefined;
    const continuation = after === undefined ? undefined : readContinuation(table, after);
    const page = this.#database.dirty.selectPage(table, {}, { limit, continuation });
    return {
      table,
      records: page.records.map(record =>
        table.columns.map(column => (record as Record<string, unknown>)[column.name]),
      ),
      next: page.continuation === undefined ? undefined : writeContinuation(page.continuation),
    };
  }

  #sized(table: Table<object>, countLimit: number): TableSize {
    return { table, size: this.#database.countUpTo(table, countLimit) };
  }
}

/** Bytes are a list of one text. */
function writeContinuation(parts: readonly KeyPart[]): string {
  const plain = parts.map(part =>
    part instanceof Uint8Array ? [Buffer.from(part).toString('base64')] : part,
  );
  return Buffer.from(JSON.stringify(plain)).toString('base64url');
}

function readContinuation(table: Table<object>, text: string): readonly KeyPart[] {
  const types: readonly (Column['type'] | undefined)[] =
    table.type === 'bag'
      ? ['integer']
      : table.key.map(name => table.columns.find(column => column.name === name)?.type);
  const parts = parse(text);
  if (!Array.isArray(parts) || parts.length !== types.length) throw notOf(table);
  return parts.map((part: unknown, index) => {
    const value = Array.isArray(part) ? Buffer.from(String(part[0]), 'base64') : part;
    if (!fits(types[index], value)) throw notOf(table);
    return value as KeyPart;
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString());
  } catch {
    return undefined; // not what we wrote: the caller says so
  }
}

function fits(type: Column['type'] | undefined, value: unknown): boolean {
  switch (type) {
    case 'integer':
      return Number.isSafeInteger(value);
    case 'real':
      return typeof value === 'number';
    case 'text':
      return typeof value === 'string';
    case 'blob':
      return value instanceof Uint8Array;
    default:
      return false;
  }
}

const notOf = ({ name }: Table<object>): BadContinuation =>
  new BadContinuation(`This is not where a page of ${name} has ended: begin with the first page.`);
