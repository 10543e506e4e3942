import { useState } from 'react';
import type { ProcessesAnswer, ProcessRow, ProcessSort } from '../../../protocol/observer.ts';
import { formatCount, formatMicros, plural } from '../../model/format.ts';
import { overviewAt, processesAt } from '../api/addresses.ts';
import { useHeld } from '../hooks/use-held.ts';
import { usePolled } from '../hooks/use-polled.ts';
import { useSearch } from '../hooks/use-search.ts';
import { DataTable, type Column } from '../parts/data-table.tsx';
import { Heading } from '../parts/heading.tsx';
import { Pager, ROWS_PER_PAGE } from '../parts/pager.tsx';
import { Panel } from '../parts/panel.tsx';
import { Problem } from '../parts/problem.tsx';
import { ProcessLink } from '../parts/process-link.tsx';
import { SearchField } from '../parts/search-field.tsx';
import { StatusBadge } from '../parts/status-badge.tsx';
import { Unanswered } from '../parts/unanswered.tsx';

/** All processes of all isolates, a page at a time: the server sorts and searches. */
export function Processes() {
  const { text, setText, q, offset, setOffset } = useSearch();
  const [sort, setSort] = useState<ProcessSort>('queue');
  const [isolate, setIsolate] = useState('');
  const address = processesAt({ q, sort, isolate, offset, limit: ROWS_PER_PAGE });
  const { data, error } = usePolled(address);
  const { rows, held, holders } = useHeld(data?.rows ?? NO_ROWS, pidOf);

  const order = (by: ProcessSort): void => {
    setSort(by);
    setOffset(0);
  };
  return (
    <>
      <Heading title="Processes" about={data === undefined ? undefined : aboutOf(data)} />
      <Problem error={error} />
      {data !== undefined && <Unanswered of={data.unanswered} what="Isolate" />}
      <div className="bar">
        <SearchField text={text} onText={setText} placeholder="name, label or pid" />
        <label>
          Order
          <select value={sort} onChange={event => order(event.target.value as ProcessSort)}>
            <option value="queue">longest queue</option>
            <option value="callbacks">most callbacks</option>
            <option value="time">most time</option>
            <option value="name">name</option>
            <option value="newest">newest</option>
            <option value="oldest">oldest</option>
          </select>
        </label>
        <IsolateChoice
          value={isolate}
          onValue={value => {
            setIsolate(value);
            setOffset(0);
          }}
        />
        <span className="hint">{held ? 'order held while you are in the table' : '\u00a0'}</span>
      </div>
      <Panel title="Living processes" bare>
        {data === undefined ? (
          <p className="nothing sitting">Asking the server …</p>
        ) : (
          <div {...holders}>
            <DataTable
              caption="Processes"
              columns={columns}
              rows={rows}
              rowKey={pidOf}
              sort={{ by: sort, descending: sort !== 'name' }}
              onSort={by => order(by as ProcessSort)}
              empty="No process matches."
            />
          </div>
        )}
      </Panel>
      <Pager offset={offset} matched={data?.matched ?? 0} onOffset={setOffset} />
    </>
  );
}

const NO_ROWS: readonly ProcessRow[] = [];
const pidOf = ({ pid }: ProcessRow): number => pid;

const aboutOf = ({ total, matched }: ProcessesAnswer): string =>
  matched === total
    ? plural(total, 'process', 'processes')
    : `${formatCount(matched)} of ${plural(total, 'process', 'processes')}`;

function IsolateChoice({
  value,
  onValue,
}: {
  readonly value: string;
  readonly onValue: (value: string) => void;
}) {
  const { data: system } = usePolled(overviewAt);
  return (
    <label>
      Isolate
      <select value={value} onChange={event => onValue(event.target.value)}>
        <option value="">all</option>
        {system?.isolates.map(({ isolate }) => (
          <option key={isolate} value={isolate}>
            {isolate}
          </option>
        ))}
      </select>
    </label>
  );
}

const columns: readonly Column<ProcessRow>[] = [
  {
    id: 'name',
    head: 'Process',
    sortable: true,
    clip: true,
    cell: (row, focus) => <ProcessLink of={row} focus={focus} />,
  },
  { id: 'label', head: 'Label', cell: ({ label }) => label },
  { id: 'pid', head: 'Pid', number: true, cell: ({ pid }) => <span className="mono">{pid}</span> },
  { id: 'status', head: 'Status', cell: ({ status }) => <StatusBadge status={status} /> },
  {
    id: 'queue',
    head: 'Queue',
    number: true,
    sortable: true,
    cell: ({ queue }) => formatCount(queue),
  },
  {
    id: 'callbacks',
    head: 'Callbacks',
    number: true,
    sortable: true,
    cell: ({ callbacks }) => formatCount(callbacks),
  },
  {
    id: 'time',
    head: 'Time',
    number: true,
    sortable: true,
    cell: ({ micros }) => formatMicros(micros),
  },
];
