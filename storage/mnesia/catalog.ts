/**
 * Which tables a database has. The definitions are kept beside the data, so that a program that
 * means other tables than the file holds is told so, rather than writing into the wrong columns.
 */
import type { Engine } from './engine.ts';
import type { Table } from './schema.ts';
import { StorageError } from './storage-error.ts';
import { TableAccess } from './table-access.ts';
import { createIndexesSql, createTableSql } from './table-sql.ts';
import type { Statement } from './engine.ts';

const CATALOG_SQL =
  'CREATE TABLE IF NOT EXISTS main.mnesia_tables (name TEXT PRIMARY KEY, definition TEXT NOT NULL) STRICT';

export class Catalog {
  readonly #engine: Engine;
  readonly #byName = new Map<string, TableAccess>();
  /** Handles that were seen to be the table of their name. */
  readonly #byHandle = new Map<Table<object>, TableAccess>();
  readonly #save: Statement;

  /** Reads the catalogue, making an empty one in a new file. Needs a transaction. */
  constructor(engine: Engine) {
    this.#engine = engine;
    engine.exec(CATALOG_SQL);
    this.#save = engine.prepare('INSERT OR REPLACE INTO main.mnesia_tables VALUES (?, ?)');
    const load = engine
      .prepare('SELECT definition FROM main.mnesia_tables ORDER BY name')
      .raw(true);
    for (const [definition] of engine.all(load, [])) {
      const table = JSON.parse(definition as string) as Table<object>;
      this.#byName.set(table.name, new TableAccess(engine, table));
    }
  }

  names(): string[] {
    return [...this.#byName.keys()];
  }

  /** The table in this database, or StorageError `no_exists`. */
  find(table: Table<object>): TableAccess {
    const known = this.#byHandle.get(table);
    if (known !== undefined) return known;
    const access = this.#byName.get(table.name);
    if (access === undefined) {
      throw new StorageError(
        'no_exists',
        `Table ${table.name} is not in ${this.#engine.file}. Name it when the database is opened, or create it.`,
      );
    }
    if (!sameDefinition(access.table, table)) {
      throw new StorageError(
        'no_exists',
        `Table ${table.name} in ${this.#engine.file} has another definition than the handle. Use the current handle.`,
      );
    }
    this.#byHandle.set(table, access);
    return access;
  }

  create(table: Table<object>): void {
    if (this.#byName.has(table.name)) {
      throw new StorageError('already_exists', `Table ${table.name} exists already.`);
    }
    this.#engine.exec(createTableSql(table));
    for (const index of createIndexesSql(table)) this.#engine.exec(index);
    if (table.storage !== 'ram_copies') {
      this.#engine.run(this.#save, [table.name, JSON.stringify(table)]);
    }
    this.#byName.set(table.name, new TableAccess(this.#engine, table));
  }

  /** Creates what is missing; StorageError `schema_mismatch` when a table is another one here. */
  ensure(table: Table<object>): void {
    const access = this.#byName.get(table.name);
    if (access === undefined) {
      this.create(table);
      return;
    }
    if (sameDefinition(access.table, table)) return;
    throw new StorageError(
      'schema_mismatch',
      `Table ${table.name} in ${this.#engine.file} differs from the program's definition. ` +
        'Raise schemaVersion and add a migration that transforms the table.',
    );
  }
}

function sameDefinition(a: Table<object>, b: Table<object>): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
