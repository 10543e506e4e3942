/**
 * Table definitions. A table is a pure value: the same handle serves any number of databases.
 *
 * As in Mnesia a table has a type and a place where it is stored; unlike there, attributes have
 * column types and a key may consist of several attributes.
 */

/**
 * - `integer`: a safe integer
 * - `real`: any number but NaN (-0 is stored as 0)
 * - `text`: a well-formed string
 * - `blob`: a Uint8Array
 * - `term`: any value that msgpack can hold: null, booleans, numbers, strings, Uint8Array, arrays
 *   and plain objects of these. A term can be neither key nor index.
 */
export type ColumnType = 'integer' | 'real' | 'text' | 'blob' | 'term';

export type ColumnDefinition = ColumnType | { readonly type: ColumnType; readonly null: true };

/**
 * - `set`: one record per key
 * - `ordered_set`: one record per key, walked in the order of the key: numbers by value, text by
 *   code point, blobs by byte
 * - `bag`: several different records per key, kept in the order they were first written
 */
export type TableType = 'set' | 'ordered_set' | 'bag';

/**
 * - `ram_copies`: in memory only, empty after a start. Takes part in transactions like any other.
 * - `disc_copies`: on disk; records that were read by key are also kept in memory.
 * - `disc_only_copies`: on disk only, for tables that are large or seldom read by key.
 */
export type StorageType = 'ram_copies' | 'disc_copies' | 'disc_only_copies';

export interface TableDefinition<R extends object> {
  readonly name: string;
  readonly type: TableType;
  readonly storage: StorageType;
  /** The attributes and their column types, in order. */
  readonly attributes: { readonly [K in keyof R]-?: ColumnDefinition };
  /** One attribute or more; several make a compound key. */
  readonly key: readonly (keyof R & string)[];
  /** Secondary indexes: each an attribute, or several for a compound index. */
  readonly indexes?: readonly ((keyof R & string) | readonly (keyof R & string)[])[];
}

export interface Column {
  readonly name: string;
  readonly type: ColumnType;
  readonly nullable: boolean;
}

declare const rowType: unique symbol;

/** A table's handle: its definition, checked and in one form, with the type of its records. */
export interface Table<R extends object> {
  readonly name: string;
  readonly type: TableType;
  readonly storage: StorageType;
  readonly columns: readonly Column[];
  readonly key: readonly string[];
  readonly indexes: readonly (readonly string[])[];
  readonly [rowType]?: R;
}

export type KeyPart = number | string | Uint8Array;

/** What may stand in a key of records R. */
export type KeyPartOf<R> = { [K in keyof R]-?: Extract<R[K], KeyPart> }[keyof R];

/** A key: the attribute's value, or for a compound key the values in the key's order. */
export type Key<R> = KeyPartOf<R> | readonly KeyPartOf<R>[];

const NAME = /^[A-Za-z][A-Za-z0-9_]{0,62}$/;
const RESERVED = /^(sqlite_|mnesia_|rowid$|oid$)/i;
const KEY_LIMIT = 7;
const COLUMN_TYPES: readonly ColumnType[] = ['integer', 'real', 'text', 'blob', 'term'];
const TABLE_TYPES: readonly TableType[] = ['set', 'ordered_set', 'bag'];
const STORAGE_TYPES: readonly StorageType[] = ['ram_copies', 'disc_copies', 'disc_only_copies'];

/**
 * Checks a definition and makes the table's handle. Throws TypeError that names the bad part.
 *
 * @example
 * interface Mail { device: number; n: number; body: Uint8Array }
 * const mail = defineTable<Mail>({
 *   name: 'mail', type: 'ordered_set', storage: 'disc_only_copies',
 *   attributes: { device: 'integer', n: 'integer', body: 'blob' },
 *   key: ['device', 'n'],
 * });
 */
export function defineTable<R extends object>(definition: TableDefinition<R>): Table<R> {
  const { name, type, storage } = definition;
  validateName('table', name);
  validateOneOf(`type of table ${name}`, type, TABLE_TYPES);
  validateOneOf(`storage of table ${name}`, storage, STORAGE_TYPES);
  const columns = Object.entries<ColumnDefinition>(definition.attributes).map(
    ([attribute, column]) => defineColumn(name, attribute, column),
  );
  const key = [...definition.key];
  validateKey(name, columns, key);
  const indexes = (definition.indexes ?? []).map(index =>
    typeof index === 'string' ? [index] : [...index],
  );
  validateIndexes(name, columns, indexes);
  return Object.freeze({ name, type, storage, columns, key, indexes });
}

/** The same table with other indexes. Throws TypeError that names the bad one. */
export function withIndexes<R extends object>(
  table: Table<R>,
  indexes: readonly (readonly string[])[],
): Table<R> {
  validateIndexes(table.name, table.columns, indexes);
  return Object.freeze({ ...table, indexes: [...indexes] });
}

function defineColumn(table: string, name: string, column: ColumnDefinition): Column {
  validateName(`attribute of table ${table}`, name);
  const type = typeof column === 'string' ? column : column.type;
  validateOneOf(`type of attribute ${table}.${name}`, type, COLUMN_TYPES);
  return { name, type, nullable: typeof column !== 'string' };
}

function validateKey(table: string, columns: readonly Column[], key: readonly string[]): void {
  if (key.length === 0 || key.length > KEY_LIMIT) {
    throw new TypeError(
      `the key of table ${table} must have 1 to ${KEY_LIMIT} attributes, got ${key.length}`,
    );
  }
  validateAttributes(`key of table ${table}`, columns, key);
  for (const attribute of key) {
    if (columns.some(column => column.name === attribute && column.nullable)) {
      throw new TypeError(`the key of table ${table} names ${attribute}, which may be null`);
    }
  }
}

function validateIndexes(
  table: string,
  columns: readonly Column[],
  indexes: readonly (readonly string[])[],
): void {
  const seen = new Set<string>();
  for (const index of indexes) {
    if (index.length === 0) {
      throw new TypeError(`an index of table ${table} must name at least one attribute`);
    }
    validateAttributes(`index of table ${table}`, columns, index);
    const name = index.join(',');
    if (seen.has(name)) throw new TypeError(`table ${table} has the index ${name} twice`);
    seen.add(name);
  }
}

function validateAttributes(
  what: string,
  columns: readonly Column[],
  attributes: readonly string[],
): void {
  for (const attribute of attributes) {
    const column = columns.find(candidate => candidate.name === attribute);
    if (column === undefined) {
      throw new TypeError(`the ${what} names ${attribute}, which is not an attribute`);
    }
    if (column.type === 'term') {
      throw new TypeError(`the ${what} names ${attribute}, a term: terms have no order`);
    }
  }
  if (new Set(attributes).size !== attributes.length) {
    throw new TypeError(`the ${what} names an attribute twice: ${attributes.join(', ')}`);
  }
}

function validateName(what: string, name: string): void {
  if (!NAME.test(name) || RESERVED.test(name)) {
    throw new TypeError(
      `expected a name for the ${what} of letters, digits and _ (up to 63, no reserved prefix), got ${JSON.stringify(name)}`,
    );
  }
}

function validateOneOf(what: string, value: string, allowed: readonly string[]): void {
  if (!allowed.includes(value)) {
    throw new TypeError(`expected ${allowed.join(' | ')} as ${what}, got ${JSON.stringify(value)}`);
  }
}
