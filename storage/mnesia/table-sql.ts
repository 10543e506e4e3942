/** The SQL of one table, as text: what table-access prepares once and runs many times. */
import { compareRow, rangeCondition } from './key-range.ts';
import type { RangeShape } from './key-range.ts';
import type { Column, ColumnType, Table } from './schema.ts';
import { qualifiedName, quote, schemaOf } from './sql-names.ts';

const SQL_TYPES: { readonly [type in ColumnType]: string } = {
  integer: 'INTEGER',
  real: 'REAL',
  text: 'TEXT',
  blob: 'BLOB',
  term: 'BLOB',
};

/**
 * Tables keep SQLite's rowid, with the key as an index of its own: new records then fill the last
 * pages, wherever their keys lie. Clustered on a compound key (WITHOUT ROWID), 256 records for 64
 * devices dirtied 64 pages in place of 20, and insert+delete with fsync was a quarter slower.
 */
export function createTableSql(table: Table<object>): string {
  const columns = table.columns.map(columnSql);
  if (table.type !== 'bag') columns.push(`PRIMARY KEY (${list(table.key)})`);
  return `CREATE TABLE ${qualifiedName(table)} (${columns.join(', ')}) STRICT`;
}

/** Every index of the table, the bag's key included. */
export function createIndexesSql(table: Table<object>): string[] {
  const indexes = table.type === 'bag' ? [table.key, ...table.indexes] : table.indexes;
  return indexes.map(index => createIndexSql(table, index));
}

export function createIndexSql(table: Table<object>, index: readonly string[]): string {
  return `CREATE INDEX IF NOT EXISTS ${indexName(table, index)} ON ${quote(table.name)} (${list(index)})`;
}

export function dropIndexSql(table: Table<object>, index: readonly string[]): string {
  return `DROP INDEX ${indexName(table, index)}`;
}

export function dropTableSql(table: Table<object>): string {
  return `DROP TABLE ${qualifiedName(table)}`;
}

export function renameTableSql(table: Table<object>, name: string): string {
  return `ALTER TABLE ${qualifiedName(table)} RENAME TO ${quote(name)}`;
}

/** The definitions of the tables, beside them. */
export function catalogSql(schema: string): string {
  return `CREATE TABLE IF NOT EXISTS ${schema}.mnesia_tables (name TEXT PRIMARY KEY, definition TEXT NOT NULL) STRICT`;
}

export function loadCatalogSql(schema: string): string {
  return `SELECT definition FROM ${schema}.mnesia_tables ORDER BY name`;
}

export function saveDefinitionSql(schema: string): string {
  return `INSERT OR REPLACE INTO ${schema}.mnesia_tables VALUES (?, ?)`;
}

export function deleteDefinitionSql(schema: string): string {
  return `DELETE FROM ${schema}.mnesia_tables WHERE name = ?`;
}

/** Bytes of the pages that a table and its indexes take. */
export function memorySql(table: Table<object>): string {
  const schema = schemaOf(table);
  return `SELECT coalesce(sum(pgsize), 0) FROM dbstat('${schema}', 1) WHERE name IN (SELECT name FROM ${schema}.sqlite_schema WHERE tbl_name = ?)`;
}

/** Mnesia's `write`: a set replaces the record of that key. */
export function writeSql(table: Table<object>): string {
  const rest = names(table.columns).filter(name => !table.key.includes(name));
  const conflict =
    rest.length === 0
      ? 'DO NOTHING'
      : `DO UPDATE SET ${rest.map(name => `${quote(name)} = excluded.${quote(name)}`).join(', ')}`;
  return `${insertSql(table)} ON CONFLICT (${list(table.key)}) ${conflict}`;
}

export function insertSql(table: Table<object>): string {
  const values = table.columns.map(() => '?').join(', ');
  return `INSERT INTO ${qualifiedName(table)} (${list(names(table.columns))}) VALUES (${values})`;
}

/** Finds the record that is the same in every attribute: what a bag may not hold twice. */
export function sameRecordSql(table: Table<object>): string {
  return `SELECT 1 FROM ${qualifiedName(table)} WHERE ${sameRecord(table)}`;
}

export function deleteRecordSql(table: Table<object>): string {
  return `DELETE FROM ${qualifiedName(table)} WHERE ${sameRecord(table)}`;
}

export function readSql(table: Table<object>): string {
  const order = table.type === 'bag' ? ' ORDER BY rowid' : '';
  return `${fromTable(table)} WHERE ${sameKey(table)}${order}`;
}

export function deleteSql(table: Table<object>): string {
  return `DELETE FROM ${qualifiedName(table)} WHERE ${sameKey(table)}`;
}

export function rangeSql(table: Table<object>, shape: RangeShape, reverse: boolean): string {
  const condition = rangeCondition(shape, table.key);
  return `${fromTable(table)} WHERE ${condition} ORDER BY ${order(table.key, reverse)} LIMIT ?`;
}

export function deleteRangeSql(table: Table<object>, shape: RangeShape): string {
  return `DELETE FROM ${qualifiedName(table)} WHERE ${rangeCondition(shape, table.key)}`;
}

/** The record next to a key, which need not exist. */
export function neighbourSql(table: Table<object>, reverse: boolean): string {
  const condition = compareRow(table.key, reverse ? '<' : '>');
  return `${fromTable(table)} WHERE ${condition} ORDER BY ${order(table.key, reverse)} LIMIT 1`;
}

/** By the leading attributes of an index; in the order of the key, or of writing in a bag. */
export function indexReadSql(table: Table<object>, attributes: readonly string[]): string {
  const condition = attributes.map(name => `${quote(name)} IS ?`).join(' AND ');
  const by = table.type === 'bag' ? 'rowid' : list(table.key);
  return `${fromTable(table)} WHERE ${condition} ORDER BY ${by}`;
}

export function countSql(table: Table<object>, condition: string): string {
  return `SELECT count(*) FROM ${qualifiedName(table)} WHERE ${condition}`;
}

/** Counts no further than the bound limit. */
export function countUpToSql(table: Table<object>): string {
  return `SELECT count(*) FROM (SELECT 1 FROM ${qualifiedName(table)} LIMIT ?)`;
}

/** Without an order SQLite takes whichever index finds the records best. */
export function selectSql(
  table: Table<object>,
  attributes: readonly string[],
  condition: string,
  by: readonly string[],
  reverse: boolean,
): string {
  const ordered = by.length === 0 ? '' : ` ORDER BY ${order(by, reverse)}`;
  return `SELECT ${list(attributes)} FROM ${qualifiedName(table)} WHERE ${condition}${ordered} LIMIT ?`;
}

/** A page in the order of the key, or of writing in a bag, whose rowid comes as last column. */
export function pageSql(table: Table<object>, condition: string, continued: boolean): string {
  const bag = table.type === 'bag';
  const columns = list(names(table.columns)) + (bag ? ', rowid' : '');
  const after = bag ? 'rowid > ?' : compareRow(table.key, '>');
  const where = continued ? `${condition} AND ${after}` : condition;
  const by = bag ? 'rowid' : list(table.key);
  return `SELECT ${columns} FROM ${qualifiedName(table)} WHERE ${where} ORDER BY ${by} LIMIT ?`;
}

function fromTable(table: Table<object>): string {
  return `SELECT ${list(names(table.columns))} FROM ${qualifiedName(table)}`;
}

function list(attributes: readonly string[]): string {
  return attributes.map(quote).join(', ');
}

function order(key: readonly string[], reverse: boolean): string {
  return key.map(name => (reverse ? `${quote(name)} DESC` : quote(name))).join(', ');
}

function columnSql(column: Column): string {
  return `${quote(column.name)} ${SQL_TYPES[column.type]}${column.nullable ? '' : ' NOT NULL'}`;
}

function indexName(table: Table<object>, index: readonly string[]): string {
  return `${schemaOf(table)}.${quote(`${table.name}(${index.join(',')})`)}`;
}

function sameKey(table: Table<object>): string {
  return table.key.map(name => `${quote(name)} = ?`).join(' AND ');
}

function sameRecord(table: Table<object>): string {
  return table.columns
    .map(({ name, nullable }) => `${quote(name)} ${nullable ? 'IS' : '='} ?`)
    .join(' AND ');
}

function names(columns: readonly Column[]): string[] {
  return columns.map(column => column.name);
}
