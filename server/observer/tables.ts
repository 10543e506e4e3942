/** A store's tables as an observer sees them. Runs in the store's process, which alone has them. */
import { thisIsolate } from '../../actors/index.ts';
import {
  TABLE_COUNT_LIMIT,
  type TableRowsAnswer,
  type TableView,
} from '../../protocol/observer.ts';
import {
  BadContinuation,
  type RecordPage,
  type TableSize,
} from '../../storage/mnesia/table-reader.ts';
import type { ShardStore } from '../../storage/shard/contract.ts';
import { showTerm } from './term.ts';

/** What is told of one value: a row has many. */
const CELL = { depth: 3, parts: 16, values: 100 } as const;

export const tableViews = ({ shard, tables }: ShardStore): TableView[] =>
  (tables?.list(TABLE_COUNT_LIMIT) ?? []).map(sized => tableView(shard, sized));

/** Undefined when there is no such table, a sentence when it cannot go on from there. */
export function tableRows(
  { shard, tables }: ShardStore,
  asked: { readonly table: string; readonly after: string | undefined; readonly limit: number },
): TableRowsAnswer | string | undefined {
  const sized = tables?.size(asked.table, TABLE_COUNT_LIMIT);
  if (tables === undefined || sized === undefined) return undefined;
  let page: RecordPage | undefined;
  try {
    page = tables.page(asked.table, asked.after, asked.limit);
  } catch (error) {
    if (error instanceof BadContinuation) return error.message;
    throw error;
  }
  return {
    table: tableView(shard, sized),
    rows: (page?.records ?? []).map(record => record.map(value => showTerm(value, CELL))),
    next: page?.next ?? null,
  };
}

function tableView(shard: number, { table, size }: TableSize): TableView {
  const { name, type, storage, columns, key, indexes } = table;
  return {
    ...{ shard, isolate: thisIsolate(), name, type, storage, key, indexes, size },
    columns: columns.map(({ name, type, nullable }) => ({ name, type, null: nullable })),
  };
}
