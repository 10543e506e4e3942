import { useState, type ReactNode } from 'react';
import { Link } from 'wouter';
import type { ProcessRef, ProcessView, Some, SupervisorView } from '../../../protocol/observer.ts';
import { formatCount, formatDuration, formatMicros, formatTime } from '../../model/format.ts';
import { ApiError } from '../api/api.ts';
import { processAt, registryAt, timelineAt } from '../api/addresses.ts';
import { useAct } from '../hooks/use-act.ts';
import { usePolled } from '../hooks/use-polled.ts';
import { Budget } from '../parts/budget.tsx';
import { ChildrenPanel } from '../parts/children-panel.tsx';
import { EventsTable } from '../parts/events-table.tsx';
import { Pairs } from '../parts/figures.tsx';
import { Heading } from '../parts/heading.tsx';
import { Panel } from '../parts/panel.tsx';
import { Problem } from '../parts/problem.tsx';
import { ProcessActions } from '../parts/process-actions.tsx';
import { ProcessLink, processTitle } from '../parts/process-link.tsx';
import { StatusBadge } from '../parts/status-badge.tsx';
import { AskedTerm, TermView } from '../parts/term-view.tsx';
import { TracePanel } from '../parts/trace-panel.tsx';

/** One process, closely. */
export function Process({ pid }: { readonly pid: number }) {
  const { data: view, error } = usePolled(processAt(pid));
  const gone = error instanceof ApiError && error.status === 404;
  const [traced, setTraced] = useState(false);
  if (view?.traced === true && !traced) setTraced(true);
  if (view === undefined) {
    return (
      <>
        <Heading title={`Process ${pid}`} />
        {gone ? <Unknown pid={pid} /> : <Problem error={error} />}
        {error === undefined && <p className="nothing">Asking the server …</p>}
      </>
    );
  }
  return (
    <>
      <Heading
        title={processTitle(view)}
        about={
          <>
            {view.behaviour}, <span className="mono">{view.pid}</span>, isolate {view.isolate}
          </>
        }
      />
      {gone ? (
        <Gone pid={pid} name={view.name} />
      ) : (
        <>
          <Problem error={error} />
          <ProcessActions view={view} />
        </>
      )}
      {traced && <TracePanel pid={pid} />}
      {view.supervisor !== null && <ChildrenPanel pid={pid} supervisor={view.supervisor} />}
      {view.statem !== null && <Statem statem={view.statem} />}
      <div className="columns">
        <div className="stack">
          <Panel title="State">
            <AskedTerm asked={view.state} label="State" />
          </Panel>
          <Messages view={view} />
          <Sys view={view} gone={gone} />
        </div>
        <div className="stack">
          <Panel title="About" aside={<StatusBadge status={view.status} />}>
            <Pairs entries={aboutOf(view)} />
          </Panel>
          <Panel title="Links and monitors">
            <Pairs entries={relationsOf(view)} />
          </Panel>
          <LastCrash view={view} />
        </div>
      </div>
    </>
  );
}

/** One that died before this page asked, or that never was: nothing is known of it, but perhaps who came in its place. */
function Unknown({ pid }: { readonly pid: number }) {
  return (
    <p className="banner note" role="alert">
      <span>
        No such process lives: it is dead, or there never was one. <Replaced pid={pid} />{' '}
        <Link href="/timeline">Look at the time line</Link>, or{' '}
        <Link href="/processes">at the processes that live.</Link>
      </span>
    </p>
  );
}

interface GoneProps {
  readonly pid: number;
  readonly name: string | null;
}

/** A process that has died: its successor is one step away. */
function Gone({ pid, name }: GoneProps) {
  return (
    <p className="banner note" role="alert">
      <span>
        This process is dead; below is what was known of it last.{' '}
        {name === null ? <Replaced pid={pid} /> : <Successor name={name} />}{' '}
        <Link href="/timeline">Look at the time line.</Link>
      </span>
    </p>
  );
}

/** Who has the name now, however often it has changed hands. */
function Successor({ name }: { readonly name: string }) {
  const search = { q: name, kind: 'name', registry: '', offset: 0, limit: 50 } as const;
  const { data } = usePolled(registryAt(search));
  const successor = data?.entries.find(({ key }) => key === name)?.process;
  if (successor === undefined) return null;
  return (
    <>
      {name} is now <Link href={`/process/${successor.pid}`}>process {successor.pid}</Link>.
    </>
  );
}

/** Of one without a name the time line knows who took its place. */
function Replaced({ pid }: { readonly pid: number }) {
  const { data } = usePolled(timelineAt);
  const successor = data?.events.find(event => event.predecessor === pid)?.process ?? null;
  if (successor === null) return null;
  return (
    <>
      In its place there is <ProcessLink of={successor} />.
    </>
  );
}

function aboutOf(view: ProcessView): readonly (readonly [string, ReactNode])[] {
  return [
    ['Name', view.name ?? 'none'],
    ['Label', view.label ?? 'none'],
    ...(view.registered.total === 0
      ? []
      : ([['Registered', <Keys key="keys" of={view.registered} />]] as const)),
    ['Parent', view.parent === null ? 'none' : <ProcessLink of={view.parent} />],
    ['Ancestors', <Refs key="ancestors" refs={view.ancestors} />],
    ['Traps exits', view.trapExit ? 'yes' : 'no'],
    [
      'Queue',
      view.queueLimit === null
        ? formatCount(view.queue)
        : `${formatCount(view.queue)} of ${formatCount(view.queueLimit)}`,
    ],
    ['Callbacks', formatCount(view.callbacks)],
    ['Time', formatMicros(view.micros)],
    ['Last message', view.lastMessage ?? 'none'],
    ...(view.supervisor === null ? [] : supervisorOf(view.supervisor)),
  ];
}

function Keys({ of: { total, items } }: { readonly of: ProcessView['registered'] }) {
  const more = total - items.length;
  return (
    <>
      {items.map(({ registry, key }, index) => (
        // In a registry of duplicate keys it may be registered twice.
        <div key={index}>
          <span className="mono">{key}</span> <span className="hint">in {registry}</span>
        </div>
      ))}
      {more > 0 && <span className="hint">and {formatCount(more)} more</span>}
    </>
  );
}

const supervisorOf = (supervisor: SupervisorView): readonly (readonly [string, ReactNode])[] => [
  ['Strategy', supervisor.strategy],
  ['Restarts used', <Budget key="budget" supervisor={supervisor} />],
  ['Intensity per', supervisor.intensityPer],
  ['Auto shutdown', supervisor.autoShutdown],
];

const relationsOf = (view: ProcessView): readonly (readonly [string, ReactNode])[] => [
  ['Links', <SomeRefs key="links" some={view.links} />],
  ['Monitors', <SomeRefs key="monitors" some={view.monitors} />],
  ['Monitored by', <SomeRefs key="monitoredBy" some={view.monitoredBy} />],
];

function SomeRefs({ some }: { readonly some: Some<ProcessRef | string> }) {
  const more = some.total - some.items.length;
  return (
    <>
      <Refs refs={some.items} />
      {more > 0 && <span className="hint"> and {formatCount(more)} more</span>}
    </>
  );
}

function Refs({ refs }: { readonly refs: readonly (ProcessRef | string)[] }) {
  if (refs.length === 0) return <span className="hint">none</span>;
  return (
    <span className="tags">
      {refs.map((one, index) => (
        // A process may be monitored twice.
        <ProcessLink key={index} of={one} />
      ))}
    </span>
  );
}

function Messages({ view }: { readonly view: ProcessView }) {
  const { messages, timers } = view;
  const more = messages.total - messages.items.length;
  return (
    <Panel title="Messages and timers" aside={`${formatCount(messages.total)} waiting`}>
      <div className="stack">
        {messages.items.length === 0 ? (
          <p className="hint">No message waits.</p>
        ) : (
          <ol className="list">
            {messages.items.map((kind, index) => (
              <li key={index} className="mono">
                {kind}
              </li>
            ))}
            {more > 0 && <li className="hint">and {formatCount(more)} more</li>}
          </ol>
        )}
        {timers.items.length > 0 && (
          <ul className="list" aria-label="Timers">
            {timers.items.map(({ leftMs, message }, index) => (
              <li key={index}>
                <span className="mono">{message}</span>{' '}
                <span className="hint">in {formatDuration(leftMs)}</span>
              </li>
            ))}
          </ul>
        )}
      </div>
    </Panel>
  );
}

function Sys({ view, gone }: { readonly view: ProcessView; readonly gone: boolean }) {
  const { act, busy, failed, outcome } = useAct(view.pid);
  const { log, statistics } = view;
  const off = busy || gone;
  return (
    <Panel title="sys" bare>
      <div className="inside bar">
        <button
          type="button"
          disabled={off}
          onClick={() =>
            act('log', { on: log === null }, log === null ? 'The log is on.' : 'The log is off.')
          }
        >
          {log === null ? 'Start the log' : 'Stop the log'}
        </button>
        <button
          type="button"
          disabled={off}
          onClick={() =>
            act(
              'statistics',
              { on: statistics === null },
              statistics === null ? 'Statistics are kept.' : 'Statistics are off.',
            )
          }
        >
          {statistics === null ? 'Start statistics' : 'Stop statistics'}
        </button>
        <span className={failed ? 'bad' : 'hint'} role="status">
          {outcome}
        </span>
      </div>
      {statistics !== null && (
        <div className="inside">
          <TermView term={statistics} label="Statistics" />
        </div>
      )}
      {log !== null && <EventsTable caption="sys log" events={log} />}
    </Panel>
  );
}

function Statem({ statem }: { readonly statem: NonNullable<ProcessView['statem']> }) {
  return (
    <Panel title="State machine">
      {'unavailable' in statem ? (
        <p className="hint">{statem.unavailable}</p>
      ) : (
        <Pairs
          entries={[
            ['Callback mode', statem.value.callbackMode.join(', ')],
            ['State', <TermView key="state" term={statem.value.state} label="State" />],
            ['Data', <TermView key="data" term={statem.value.data} label="Data" />],
            [
              'Time-outs',
              <TermView key="timeouts" term={statem.value.timeouts} label="Time-outs" />,
            ],
            [
              'Postponed',
              <TermView key="postponed" term={statem.value.postponed} label="Postponed" />,
            ],
          ]}
        />
      )}
    </Panel>
  );
}

function LastCrash({ view }: { readonly view: ProcessView }) {
  const crash = view.lastCrash;
  return (
    <Panel title="Last crash" aside={crash === null ? undefined : formatTime(crash.at)}>
      {crash === null ? (
        <p className="hint">None of this process or of one with its name.</p>
      ) : (
        <div className="stack">
          <p className="bad">{crash.reason ?? crash.text}</p>
          {crash.stack !== null && <pre tabIndex={0}>{crash.stack}</pre>}
        </div>
      )}
    </Panel>
  );
}
