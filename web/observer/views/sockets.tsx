import { useState } from 'react';
import type { SocketRow, SocketSort } from '../../../protocol/observer.ts';
import { formatBytes, formatDuration, plural } from '../../model/format.ts';
import { socketsAt } from '../api/addresses.ts';
import { useHeld } from '../hooks/use-held.ts';
import { usePolled } from '../hooks/use-polled.ts';
import { useSearch } from '../hooks/use-search.ts';
import { Badge } from '../parts/badge.tsx';
import { DataTable, type Column } from '../parts/data-table.tsx';
import { Heading } from '../parts/heading.tsx';
import { Pager, ROWS_PER_PAGE } from '../parts/pager.tsx';
import { Panel } from '../parts/panel.tsx';
import { Problem } from '../parts/problem.tsx';
import { ProcessLink } from '../parts/process-link.tsx';
import { SearchField } from '../parts/search-field.tsx';

/** The gateway's connections. */
export function Sockets() {
  const { text, setText, q, offset, setOffset } = useSearch();
  const [sort, setSort] = useState<SocketSort>('buffered');
  const { data, error } = usePolled(socketsAt({ q, sort, offset, limit: ROWS_PER_PAGE }));
  const { rows, holders } = useHeld(data?.rows ?? NO_ROWS, numberOf);
  return (
    <>
      <Heading
        title="Sockets"
        about={data === undefined ? undefined : plural(data.total, 'socket')}
      />
      <Problem error={error} />
      <div className="bar">
        <SearchField text={text} onText={setText} placeholder="device or address" />
        <label>
          Order
          <select
            value={sort}
            onChange={event => {
              setSort(event.target.value as SocketSort);
              setOffset(0);
            }}
          >
            <option value="buffered">most buffered</option>
            <option value="newest">newest</option>
            <option value="oldest">oldest</option>
          </select>
        </label>
      </div>
      <Panel title="Connections" bare>
        {data === undefined ? (
          <p className="nothing sitting">Asking the server …</p>
        ) : (
          <div {...holders}>
            <DataTable
              caption="Connections"
              columns={columns}
              rows={rows}
              rowKey={numberOf}
              empty={data.total === 0 ? 'Nobody is connected.' : 'No connection matches.'}
            />
          </div>
        )}
      </Panel>
      <Pager offset={offset} matched={data?.matched ?? 0} onOffset={setOffset} />
    </>
  );
}

const NO_ROWS: readonly SocketRow[] = [];
const numberOf = ({ connection }: SocketRow): number => connection;

const columns: readonly Column<SocketRow>[] = [
  {
    id: 'device',
    head: 'Device',
    clip: true,
    cell: ({ device, session, isolate }, focus) =>
      session === null ? (
        device
      ) : (
        <ProcessLink
          of={{ pid: session, isolate: isolate ?? 0, name: device, label: 'session' }}
          focus={focus}
        />
      ),
  },
  {
    id: 'address',
    head: 'Address',
    cell: ({ address }) => <span className="mono">{address}</span>,
  },
  {
    id: 'since',
    head: 'Connected for',
    number: true,
    cell: ({ since }) => formatDuration(Math.max(1_000, Date.now() - since)),
  },
  {
    id: 'buffered',
    head: 'Buffered',
    number: true,
    cell: ({ bufferedBytes, congested }) => (
      <>
        {congested && <Badge tone="warn">congested</Badge>} {formatBytes(bufferedBytes)}
      </>
    ),
  },
  { id: 'isolate', head: 'Isolate', number: true, cell: ({ isolate }) => isolate ?? '–' },
];
