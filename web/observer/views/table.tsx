import { useState } from 'react';
import { Link } from 'wouter';
import type { TableRowsAnswer, TableView } from '../../../protocol/observer.ts';
import { tableRowsAt } from '../api/addresses.ts';
import { usePolled } from '../hooks/use-polled.ts';
import { DataTable, type Column } from '../parts/data-table.tsx';
import { Heading } from '../parts/heading.tsx';
import { Panel } from '../parts/panel.tsx';
import { Problem } from '../parts/problem.tsx';
import { Pairs } from '../parts/figures.tsx';
import { ROWS_PER_PAGE } from '../parts/pager.tsx';
import { sizeText } from './tables.tsx';

type Record = TableRowsAnswer['rows'][number];

interface TableProps {
  readonly shard: number;
  readonly name: string;
}

/** The records of one table of one shard, in the order of the key, page by page. */
export function Table({ shard, name }: TableProps) {
  /** Where the pages before this one began, and this one. */
  const [path, setPath] = useState<readonly (string | undefined)[]>([undefined]);
  const { data, error } = usePolled(
    tableRowsAt(shard, name, { after: path.at(-1), limit: ROWS_PER_PAGE }),
  );
  const next = data?.next ?? null;
  return (
    <>
      <Heading
        title={name}
        about={
          <>
            <Link href="/tables">Tables</Link>, shard {shard}
          </>
        }
      />
      <Problem error={error} />
      {data === undefined ? (
        error === undefined && <p className="nothing">Asking the server …</p>
      ) : (
        <>
          <Panel title="Schema">
            <Pairs entries={schemaOf(data.table)} />
          </Panel>
          <Panel title="Records" bare>
            <DataTable
              caption={`Records of ${name}`}
              plain
              columns={columnsOf(data.table)}
              rows={data.rows}
              rowKey={record => record.map(({ text }) => text).join('\u0000')}
              empty="The table is empty."
            />
          </Panel>
          <nav className="bar" aria-label="Pages">
            <button type="button" disabled={path.length < 2} onClick={() => setPath([undefined])}>
              First
            </button>
            <button
              type="button"
              disabled={path.length < 2}
              onClick={() => setPath(path.slice(0, -1))}
            >
              Previous
            </button>
            <button
              type="button"
              disabled={next === null}
              onClick={() => next !== null && setPath([...path, next])}
            >
              Next
            </button>
            <span className="hint">page {path.length}</span>
          </nav>
        </>
      )}
    </>
  );
}

const schemaOf = (table: TableView): readonly (readonly [string, string])[] => [
  ['Records', sizeText(table.size)],
  ['Type', `${table.type}, ${table.storage}`],
  ['Key', table.key.join(', ')],
  ['Indexes', table.indexes.map(columns => columns.join(' + ')).join(', ') || 'none'],
  [
    'Columns',
    table.columns
      .map(({ name, type, null: empty }) => `${name} ${type}${empty ? '?' : ''}`)
      .join(', '),
  ],
];

const columnsOf = ({ columns }: TableView): readonly Column<Record>[] =>
  columns.map(({ name }, index) => ({
    id: name,
    head: name,
    clip: true,
    cell: record => {
      const value = record[index];
      return value === undefined ? null : (
        <span className="mono" title={value.text}>
          {value.text}
        </span>
      );
    },
  }));
