/** Creating, deleting and changing tables. Each is a transaction; in a migration they share one. */
import type { Catalog } from './catalog.ts';
import { hasIndex } from './catalog.ts';
import type { Events, SchemaEvent } from './events.ts';
import type { Transaction } from './operations.ts';
import { withIndexes } from './schema.ts';
import type { Table } from './schema.ts';
import { StorageError } from './storage-error.ts';
import { RunningTransaction } from './transaction.ts';
import type { FindTable } from './transaction.ts';

export type IndexAttributes<R> = (keyof R & string) | readonly (keyof R & string)[];

export interface SchemaOperations {
  /** StorageError `already_exists` when there is a table of this name. */
  createTable(table: Table<object>): void;
  /** Deletes a table with all its records. */
  deleteTable(table: Table<object>): void;
  /** Adds a secondary index and returns the table's new handle. The old one goes on working. */
  addIndex<R extends object>(table: Table<R>, attributes: IndexAttributes<R>): Table<R>;
  /** Drops a secondary index and returns the table's new handle. */
  delIndex<R extends object>(table: Table<R>, attributes: IndexAttributes<R>): Table<R>;
  /**
   * Passes every record through a function and stores what it returns in a table of the same name
   * and a new definition. This also moves a table between ram and disc.
   */
  transformTable<Old extends object, New extends object>(
    table: Table<Old>,
    transform: (old: Old) => New,
    newTable: Table<New>,
  ): void;
}

/** What a migration gets. */
export interface SchemaTransaction extends Transaction, SchemaOperations {}

export class RunningSchemaTransaction extends RunningTransaction implements SchemaTransaction {
  readonly #catalog: Catalog;
  readonly #events: Events;

  constructor(find: FindTable, events: Events, catalog: Catalog) {
    super(find, events);
    this.#events = events;
    this.#catalog = catalog;
  }

  createTable(table: Table<object>): void {
    this.#catalog.create(table);
    this.#tell('create_table', table);
  }

  deleteTable(table: Table<object>): void {
    this.#catalog.delete(table);
    this.#tell('delete_table', table);
  }

  addIndex<R extends object>(table: Table<R>, attributes: IndexAttributes<R>): Table<R> {
    const current = this.find(table).table as Table<R>;
    const index = asList(attributes);
    if (hasIndex(current, index)) {
      throw new StorageError(
        'already_exists',
        `Table ${table.name} has an index on ${index.join(', ')} already.`,
      );
    }
    const changed = withIndexes(current, [...current.indexes, index]);
    this.#catalog.reindex(changed);
    this.#tell('add_index', table);
    return changed;
  }

  delIndex<R extends object>(table: Table<R>, attributes: IndexAttributes<R>): Table<R> {
    const current = this.find(table).table as Table<R>;
    const index = asList(attributes);
    if (!hasIndex(current, index)) {
      throw new StorageError(
        'no_exists',
        `Table ${table.name} has no index on ${index.join(', ')}.`,
      );
    }
    const kept = current.indexes.filter(candidate => candidate.join(',') !== index.join(','));
    const changed = withIndexes(current, kept);
    this.#catalog.reindex(changed);
    this.#tell('del_index', table);
    return changed;
  }

  transformTable<Old extends object, New extends object>(
    table: Table<Old>,
    transform: (old: Old) => New,
    newTable: Table<New>,
  ): void {
    if (newTable.name !== table.name) {
      throw new TypeError(
        `expected a new definition of table ${table.name}, got one of ${newTable.name}`,
      );
    }
    this.#catalog.replace(table, newTable, record => transform(record as Old));
    this.#tell('transform_table', table);
  }

  #tell(kind: SchemaEvent['kind'], table: Table<object>): void {
    this.#events.record({ kind, table: table.name });
  }
}

function asList(attributes: string | readonly string[]): readonly string[] {
  return typeof attributes === 'string' ? [attributes] : attributes;
}
