import type { IsolateView, LabelTime } from '../../../protocol/observer.ts';
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatMicros,
  formatRate,
} from '../../model/format.ts';
import { isolatesAt } from '../api/addresses.ts';
import { usePolled } from '../hooks/use-polled.ts';
import { DataTable, type Column } from '../parts/data-table.tsx';
import { Pairs } from '../parts/figures.tsx';
import { Heading } from '../parts/heading.tsx';
import { Panel } from '../parts/panel.tsx';
import { Problem } from '../parts/problem.tsx';
import { Unanswered } from '../parts/unanswered.tsx';

/** The threads of the server, each with a runtime of its own. */
export function Isolates() {
  const { data, error } = usePolled(isolatesAt);
  return (
    <>
      <Heading title="Isolates" about="threads with a runtime and a heap of their own" />
      <Problem error={error} />
      {data !== undefined && <Unanswered of={data.unanswered} what="Isolate" />}
      {data === undefined ? (
        <p className="nothing">Asking the server …</p>
      ) : (
        <div className="columns">
          {data.isolates.map(isolate => (
            <Isolate key={isolate.isolate} view={isolate} />
          ))}
        </div>
      )}
    </>
  );
}

function Isolate({ view }: { readonly view: IsolateView }) {
  const { isolate, role, answers } = view;
  const title = isolate === 0 ? 'Isolate 0, main thread' : `Isolate ${isolate}`;
  return (
    <Panel
      title={title}
      aside={answers ? (role === 'main' ? 'has the sockets' : 'has users and groups') : 'silent'}
      bare
    >
      <div className="inside">
        <Pairs entries={entriesOf(view)} />
      </div>
      <DataTable
        caption={`Where the time of isolate ${isolate} went`}
        plain
        columns={columns}
        rows={view.labels}
        rowKey={({ label }) => label}
        empty="Nothing has run yet."
      />
    </Panel>
  );
}

function entriesOf(view: IsolateView): readonly (readonly [string, string])[] {
  const { last, shards, names, connected, startedAt } = view;
  const { lagMs } = last;
  return [
    ['Up for', formatDuration(Math.max(1_000, last.at - startedAt))],
    ['Processes', `${formatCount(last.processes)}, ${formatCount(names)} with a name`],
    ['Shards', shards.length === 0 ? 'none' : shards.join(', ')],
    ['Connected to', connected.length === 0 ? 'nobody' : `isolate ${connected.join(', ')}`],
    ['Busy', `${Math.round(last.busy * 100)} % of the time`],
    ['Messages', `${formatRate(last.messages)} a second`],
    [
      'Loop lag',
      `${lagMs.p50.toFixed(1)} / ${lagMs.p99.toFixed(1)} / ${lagMs.max.toFixed(1)} ms (p50 / p99 / max)`,
    ],
    ['Memory', `${formatBytes(last.heapBytes)} heap, ${formatBytes(last.externalBytes)} buffers`],
    ['Restarts', formatCount(last.restarts)],
  ];
}

const columns: readonly Column<LabelTime>[] = [
  { id: 'label', head: 'Label', cell: ({ label }) => label },
  { id: 'micros', head: 'Time', number: true, cell: ({ micros }) => formatMicros(micros) },
  {
    id: 'messages',
    head: 'Messages',
    number: true,
    cell: ({ messages }) => formatCount(messages),
  },
  { id: 'turns', head: 'Turns', number: true, cell: ({ turns }) => formatCount(turns) },
];
