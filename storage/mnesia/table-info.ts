/** What `tableInfo` answers, in Mnesia's words. */
import type { Engine } from './engine.ts';
import type { Events } from './events.ts';
import type { StorageType, Table, TableType } from './schema.ts';
import type { TableAccess } from './table-access.ts';
import { memorySql } from './table-sql.ts';

export interface TableInfo {
  readonly type: TableType;
  readonly storage_type: StorageType;
  readonly attributes: readonly string[];
  readonly arity: number;
  readonly key: readonly string[];
  readonly index: readonly (readonly string[])[];
  /** Records. Counts them. */
  readonly size: number;
  /** Bytes of the table's pages with its indexes. Looks at each page. */
  readonly memory: number;
  readonly subscribers: number;
}

export function tableInfo<Item extends keyof TableInfo>(
  engine: Engine,
  access: TableAccess,
  events: Events,
  item: Item,
): TableInfo[Item] {
  const table: Table<object> = access.table;
  const items: { readonly [I in keyof TableInfo]: () => TableInfo[I] } = {
    type: () => table.type,
    storage_type: () => table.storage,
    attributes: () => table.columns.map(column => column.name),
    arity: () => table.columns.length,
    key: () => table.key,
    index: () => table.indexes,
    size: () => access.count(),
    memory: () =>
      engine.get(engine.prepare(memorySql(table)).raw(true), [table.name])?.[0] as number,
    subscribers: () => events.subscribers(table.name),
  };
  return items[item]();
}
