import { useState } from 'react';
import { Link } from 'wouter';
import type { TableView } from '../../../protocol/observer.ts';
import { TABLE_COUNT_LIMIT } from '../../../protocol/observer.ts';
import { formatCount } from '../../model/format.ts';
import { tablesAt } from '../api/addresses.ts';
import { usePolled } from '../hooks/use-polled.ts';
import { DataTable, type Column } from '../parts/data-table.tsx';
import { Heading } from '../parts/heading.tsx';
import { Panel } from '../parts/panel.tsx';
import { Problem } from '../parts/problem.tsx';
import { SearchField } from '../parts/search-field.tsx';
import { Unanswered } from '../parts/unanswered.tsx';

/** The tables of all shards. */
export function Tables() {
  const { data, error } = usePolled(tablesAt);
  const [text, setText] = useState('');
  const search = text.trim().toLowerCase();
  const tables = (data?.tables ?? []).filter(({ name }) => name.toLowerCase().includes(search));
  return (
    <>
      <Heading
        title="Tables"
        about={
          data === undefined
            ? undefined
            : `of ${data.shards} ${data.shards === 1 ? 'shard' : 'shards'}`
        }
      />
      <Problem error={error} />
      {data !== undefined && <Unanswered of={data.unanswered} what="Shard" />}
      <div className="bar">
        <SearchField text={text} onText={setText} placeholder="name" />
        <span className="hint">Of message bodies and other bytes only the length is shown.</span>
      </div>
      <Panel title="Tables of the store" bare>
        {data === undefined ? (
          <p className="nothing sitting">Asking the server …</p>
        ) : (
          <DataTable
            caption="Tables"
            columns={columns}
            rows={tables}
            rowKey={({ shard, name }) => `${shard}/${name}`}
            empty="No table matches."
          />
        )}
      </Panel>
    </>
  );
}

/** Counted no further than the server's limit. */
export const sizeText = (size: number): string =>
  size >= TABLE_COUNT_LIMIT ? `${formatCount(TABLE_COUNT_LIMIT)} or more` : formatCount(size);

const columns: readonly Column<TableView>[] = [
  {
    id: 'name',
    head: 'Table',
    cell: ({ shard, name }, focus) => (
      <Link href={`/tables/${shard}/${encodeURIComponent(name)}`} {...focus}>
        {name}
      </Link>
    ),
  },
  { id: 'shard', head: 'Shard', number: true, cell: ({ shard }) => shard },
  { id: 'size', head: 'Records', number: true, cell: ({ size }) => sizeText(size) },
  { id: 'type', head: 'Type', cell: ({ type }) => type },
  { id: 'storage', head: 'Storage', cell: ({ storage }) => storage },
  { id: 'key', head: 'Key', cell: ({ key }) => <span className="mono">{key.join(', ')}</span> },
  { id: 'isolate', head: 'Isolate', number: true, cell: ({ isolate }) => isolate },
];
