import { useMemo } from 'react';
import { Link } from 'wouter';
import type { IsolateSummary, Sample, SystemAnswer } from '../../../protocol/observer.ts';
import { formatBytes, formatCount, formatDuration, formatRate } from '../../model/format.ts';
import { perIsolate, sums, total } from '../../model/series.ts';
import { foldTimeline, isMoreThanWarning } from '../../model/timeline.ts';
import { overviewAt, timelineAt } from '../api/addresses.ts';
import { usePolled } from '../hooks/use-polled.ts';
import { Badge } from '../parts/badge.tsx';
import { Chart, MOST_LINES } from '../parts/chart.tsx';
import { DataTable, type Column } from '../parts/data-table.tsx';
import { Figures } from '../parts/figures.tsx';
import { Heading } from '../parts/heading.tsx';
import { Incidents } from '../parts/incidents.tsx';
import { Panel } from '../parts/panel.tsx';
import { Problem } from '../parts/problem.tsx';

/** How many of the last incidents stand here; the time line has all. */
const LAST_INCIDENTS = 6;

/** How the server is, at a glance. */
export function Overview() {
  const { data: system, error } = usePolled(overviewAt);
  const { data: timeline } = usePolled(timelineAt);
  const incidents = useMemo(
    () => foldTimeline(timeline?.events ?? []).filter(isMoreThanWarning),
    [timeline],
  );

  return (
    <>
      <Heading title="Overview" about={system === undefined ? undefined : aboutOf(system)} />
      <Problem error={error} />
      {system === undefined ? (
        <p className="nothing">Asking the server …</p>
      ) : (
        <>
          <Figures entries={figuresOf(system)} />
          <Charts system={system} />
          <Panel title="Isolates" bare>
            <DataTable
              caption="Isolates"
              columns={isolateColumns}
              rows={system.isolates}
              rowKey={({ isolate }) => isolate}
              empty="No isolate has answered yet."
            />
          </Panel>
          <Panel
            title="What happened last"
            aside={<Link href="/timeline">The time line</Link>}
            bare
          >
            <Incidents incidents={incidents.slice(0, LAST_INCIDENTS)} />
          </Panel>
        </>
      )}
    </>
  );
}

const aboutOf = ({ version, node, platform, processors, shards }: SystemAnswer): string =>
  `Strowger ${version} on Node.js ${node}, ${platform}, ${processors} processors, ` +
  `${shards} ${shards === 1 ? 'shard' : 'shards'}`;

function figuresOf(system: SystemAnswer): readonly (readonly [string, string])[] {
  const sum = (figure: (sample: Sample) => number | undefined): number => total(system, figure);
  const lag = Math.max(0, ...system.isolates.map(({ last }) => last.lagMs.p99));
  return [
    ['up for', formatDuration(system.now - system.startedAt)],
    ['processes', formatCount(sum(({ processes }) => processes))],
    ['sockets', formatCount(sum(({ gateway }) => gateway?.sockets))],
    ['messages / s', formatRate(sum(({ messages }) => messages))],
    ['accepted / s', formatRate(sum(({ accepted }) => accepted))],
    ['loop lag, p99', `${lag.toFixed(1)} ms`],
    ['memory', formatBytes(system.residentBytes)],
    ['restarts', formatCount(sum(({ restarts }) => restarts))],
  ];
}

function Charts({ system }: { readonly system: SystemAnswer }) {
  const { history } = system;
  const messages = useMemo(() => sums(history, [({ messages }) => messages]), [history]);
  const flow = useMemo(
    () => sums(history, [({ accepted }) => accepted, ({ pushed }) => pushed]),
    [history],
  );
  const first = useMemo(() => history.slice(0, MOST_LINES), [history]);
  const lag = useMemo(() => perIsolate(first, ({ lagMs }) => lagMs.p99), [first]);
  const heap = useMemo(
    () => perIsolate(first, sample => sample.heapBytes + sample.externalBytes),
    [first],
  );
  const isolates = first.map(({ isolate }) =>
    isolate === 0 ? 'main thread' : `isolate ${isolate}`,
  );
  return (
    <div className="charts">
      <Panel title="Messages handled by processes, a second">
        <Chart title="Messages" labels={['messages']} lines={messages} format={formatRate} />
      </Panel>
      <Panel title="Sends accepted and rows pushed, a second">
        <Chart title="Flow" labels={['accepted', 'pushed']} lines={flow} format={formatRate} />
      </Panel>
      <Panel title="Event loop lag, p99">
        <Chart title="Loop lag" labels={isolates} lines={lag} format={formatMs} />
      </Panel>
      <Panel title="Heap and buffers">
        <Chart title="Memory" labels={isolates} lines={heap} format={formatBytes} binary />
      </Panel>
    </div>
  );
}

const formatMs = (ms: number): string => `${ms < 10 ? ms.toFixed(1) : ms.toFixed(0)} ms`;

const isolateColumns: readonly Column<IsolateSummary>[] = [
  {
    id: 'isolate',
    head: 'Isolate',
    cell: ({ isolate }, focus) => (
      <Link href="/isolates" {...focus}>
        {isolate === 0 ? '0, main thread' : isolate}
      </Link>
    ),
  },
  {
    id: 'answers',
    head: 'State',
    cell: ({ answers }) =>
      answers ? <Badge tone="good">answers</Badge> : <Badge tone="bad">silent</Badge>,
  },
  {
    id: 'processes',
    head: 'Processes',
    number: true,
    cell: ({ last }) => formatCount(last.processes),
  },
  {
    id: 'messages',
    head: 'Messages / s',
    number: true,
    cell: ({ last }) => formatRate(last.messages),
  },
  {
    id: 'busy',
    head: 'Busy',
    number: true,
    cell: ({ last }) => `${Math.round(last.busy * 100)} %`,
  },
  { id: 'lag', head: 'Lag, max', number: true, cell: ({ last }) => formatMs(last.lagMs.max) },
  { id: 'heap', head: 'Heap', number: true, cell: ({ last }) => formatBytes(last.heapBytes) },
  {
    id: 'sessions',
    head: 'Sessions',
    number: true,
    cell: ({ last }) => formatCount(last.sessions),
  },
];
