/**
 * Which tables a database has. The definitions are kept beside the data, so that a program that
 * means other tables than the file holds is told so, rather than writing into the wrong columns.
 */
import type { Engine } from './engine.ts';
import type { Table } from './schema.ts';
import { schemaOf } from './sql-names.ts';
import { StorageError } from './storage-error.ts';
import { TableAccess } from './table-access.ts';
import * as sql from './table-sql.ts';

export class Catalog {
  readonly #engine: Engine;
  readonly #byName = new Map<string, TableAccess>();
  /** Handles that were seen to be the table of their name. */
  readonly #byHandle = new Map<Table<object>, TableAccess>();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** Reads which tables there are; again after a rollback. An empty catalogue is made if missing. */
  load(): void {
    this.#byName.clear();
    this.#byHandle.clear();
    for (const schema of ['main', 'ram']) {
      this.#engine.exec(sql.catalogSql(schema));
      const load = this.#engine.prepare(sql.loadCatalogSql(schema)).raw(true);
      for (const [definition] of this.#engine.all(load, [])) {
        const table = JSON.parse(definition as string) as Table<object>;
        this.#byName.set(table.name, new TableAccess(this.#engine, table));
      }
    }
  }

  tables(): Table<object>[] {
    return [...this.#byName.values()].map(access => access.table);
  }

  /** The table in this database, or StorageError `no_exists`. Indexes may have come and gone. */
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
    if (!haveSameRecords(access.table, table)) {
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
    this.#engine.exec(sql.createTableSql(table));
    for (const index of sql.createIndexesSql(table)) this.#engine.exec(index);
    this.#save(table);
  }

  delete(table: Table<object>): void {
    this.find(table);
    this.#engine.exec(sql.dropTableSql(table));
    this.#forget(table);
  }

  /** Replaces the indexes of a table, making and dropping what differs. */
  reindex(table: Table<object>): void {
    const old = this.find(table).table;
    for (const index of old.indexes) {
      if (!hasIndex(table, index)) this.#engine.exec(sql.dropIndexSql(old, index));
    }
    for (const index of table.indexes) {
      if (!hasIndex(old, index)) this.#engine.exec(sql.createIndexSql(table, index));
    }
    this.#save(table);
  }

  /** Puts a table with other records, or in another place, where the old one was. */
  replace(old: Table<object>, table: Table<object>, transform: (record: object) => object): void {
    const source = this.find(old);
    const passing = { ...table, name: 'mnesia_transformed' };
    this.#engine.exec(sql.createTableSql(passing));
    const target = new TableAccess(this.#engine, passing);
    let [records, end] = source.page({}, TRANSFORM_PAGE, undefined);
    for (;;) {
      for (const record of records) {
        if (table.type === 'bag') target.write(transform(record));
        else target.insert(transform(record));
      }
      if (end === undefined) break;
      [records, end] = source.page({}, TRANSFORM_PAGE, end);
    }
    this.#engine.exec(sql.dropTableSql(old));
    this.#forget(old);
    this.#engine.exec(sql.renameTableSql(passing, table.name));
    for (const index of sql.createIndexesSql(table)) this.#engine.exec(index);
    this.#save(table);
  }

  /**
   * Creates the table if it is missing. StorageError `schema_mismatch` when it is another one here
   * or lacks an index; more indexes than the program asks for are kept.
   */
  ensure(table: Table<object>): void {
    const found = this.#byName.get(table.name)?.table;
    if (found === undefined) {
      this.create(table);
      return;
    }
    const lacking = table.indexes.find(index => !hasIndex(found, index));
    let problem: string;
    if (!haveSameRecords(found, table)) problem = "differs from the program's definition";
    else if (lacking !== undefined) problem = `has no index on ${lacking.join(', ')}`;
    else return;
    throw new StorageError(
      'schema_mismatch',
      `Table ${table.name} in ${this.#engine.file} ${problem}. ` +
        'Raise schemaVersion and add a migration that changes it.',
    );
  }

  /** After a rollback: what was read since the beginning may never have been. */
  forgetReads(): void {
    for (const access of this.#byName.values()) access.forgetReads();
  }

  #save(table: Table<object>): void {
    const save = this.#engine.prepare(sql.saveDefinitionSql(schemaOf(table)));
    this.#engine.run(save, [table.name, JSON.stringify(table)]);
    this.#byHandle.clear();
    this.#byName.set(table.name, new TableAccess(this.#engine, table));
  }

  #forget(table: Table<object>): void {
    this.#engine.run(this.#engine.prepare(sql.deleteDefinitionSql(schemaOf(table))), [table.name]);
    this.#byHandle.clear();
    this.#byName.delete(table.name);
  }
}

const TRANSFORM_PAGE = 1024;

export function hasIndex(table: Table<object>, index: readonly string[]): boolean {
  return table.indexes.some(candidate => candidate.join(',') === index.join(','));
}

function haveSameRecords(a: Table<object>, b: Table<object>): boolean {
  const of = ({ indexes: _indexes, ...rest }: Table<object>): string => JSON.stringify(rest);
  return of(a) === of(b);
}
