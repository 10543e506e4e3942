/**
 * The observer of an isolate: answers what a person wants to see of its processes, does to them what that person says,
 * and tells the main thread's once a second how the isolate is. It never waits: whoever has to be asked is asked beside
 * it, and long lists are gone through in steps.
 */
import {
  at,
  call,
  cast,
  connectedIsolates,
  exit,
  glanceAt,
  Exit,
  monitorIsolates,
  processCounts,
  reply,
  self,
  sendAfter,
  signal,
  thisIsolate,
  turnTimes,
  type CallResult,
  type CastResult,
  type From,
  type GenServer,
  type InitResult,
  type IsolateMessage,
  type Pid,
  type ProcessGlance,
  type ReplyOf,
  type RequestOfKind,
} from '../../actors/index.ts';
import type { CodeModule } from '../../protocol/observer.ts';
import type { Connection } from '../gateway/connection.ts';
import { gatewayName } from '../gateway/protocol.ts';
import { heldShards } from '../isolates/shard-map.ts';
import { act } from './act.ts';
import { CodeLook, type CodeStep } from './code-modules.ts';
import type { History } from './history.ts';
import { findPlan, rowsOf } from './process-rows.ts';
import { processView } from './process-view.ts';
import { observerName } from './protocol.ts';
import type {
  Action,
  Found,
  FoundRegistered,
  FoundSockets,
  IsolateLook,
  NewEvent,
  NotDone,
  ObserverCall,
  ObserverCast,
} from './protocol.ts';
import { registryEntry, registryPlan, registryViews, type Registered } from './registry.ts';
import type { ReportWatch } from './report-watch.ts';
import type { Sampler } from './sampler.ts';
import type { Scanned } from './scan.ts';
import { Scans, type ScanStep } from './scans.ts';
import { socketPlan, socketRow } from './sockets.ts';
import type { Timeline } from './timeline.ts';
import { Traces, type TraceOver } from './traces.ts';
import { noProcess, topOfTree, treeView } from './tree-view.ts';

export interface ObserverArgument {
  readonly sampler: () => Sampler;
  readonly reports: ReportWatch;
  /** The main thread's alone keeps what was, outside of the process that may die. */
  readonly kept: { readonly history: History; readonly timeline: Timeline } | undefined;
}

interface State {
  readonly argument: ObserverArgument;
  readonly sampler: Sampler;
  readonly startedAt: number;
  readonly processes: Scans<ProcessGlance>;
  readonly registered: Scans<Registered>;
  readonly sockets: Scans<Connection>;
  readonly code: CodeLook;
  readonly traces: Traces;
}

const SAMPLE = { kind: 'sample_now' } as const;
const SAMPLE_EVERY_MS = 1_000;
const GATEWAY_WITHIN_MS = 1_000;
/** In the gateway's thread the answer must have left before the gateway may die of what was asked for. */
const EXIT_AFTER_MS = 25;
const MAIN = 0;
/** What isolates are told of where their time went. */
const LABELS = 20;

type Info =
  | typeof SAMPLE
  | ScanStep
  | CodeStep
  | TraceOver
  | IsolateMessage
  | { readonly kind: 'exit_now'; readonly pid: Pid; readonly reason: unknown };

export const observer: GenServer<ObserverArgument, State, ObserverCall, ObserverCast, Info> = {
  init(argument): InitResult<State> {
    const sampler = argument.sampler();
    signal().addEventListener('abort', () => sampler.stop());
    if (argument.kept !== undefined) monitorIsolates(true);
    sendAfter(SAMPLE_EVERY_MS, self(), SAMPLE);
    return [
      'ok',
      {
        argument,
        sampler,
        startedAt: Date.now(),
        processes: new Scans(),
        registered: new Scans(),
        sockets: new Scans(),
        code: new CodeLook(),
        traces: new Traces(),
      },
    ];
  },

  handleCall(request, from, state): CallResult<ReplyOf<ObserverCall>, State> {
    switch (request.kind) {
      case 'find': {
        const { sort, q, first } = request;
        state.processes.answer(
          `processes ${JSON.stringify([sort, q, first])}`,
          () => findPlan(sort, q, first),
          from as From<Found>,
          found,
        );
        break;
      }
      case 'registry': {
        const { search } = request;
        state.registered.answer(
          `registered ${JSON.stringify(search)}`,
          () => registryPlan(search),
          from as From<FoundRegistered>,
          foundRegistered,
        );
        break;
      }
      case 'rows':
        reply(from, rowsOf(request.pids));
        break;
      case 'process':
        later(from, viewOf(request.pid, state));
        break;
      case 'tree': {
        const root = request.pid ?? topOfTree();
        reply(from, root === undefined ? noTree : treeView(root, request));
        break;
      }
      case 'isolate':
        reply(from, isolateLook());
        break;
      case 'act':
        begin(request.pid, request.action, from as From<'ok' | NotDone>, state);
        break;
      case 'trace':
        reply(from, state.traces.read(request.pid, request.after) ?? noTrace);
        break;
      case 'code':
        state.code.answer(from as From<readonly CodeModule[]>);
        break;
      case 'sockets':
        findSockets(request, from as From<FoundSockets | NotDone>, state);
        break;
      default:
        request satisfies never;
    }
    return ['noreply', state];
  },

  handleCast(message, state): CastResult<State> {
    const { kept } = state.argument;
    if (message.kind === 'sample') {
      kept?.history.add(message.isolate, message.startedAt, message.sample);
    } else kept?.timeline.add(message.event);
    return ['noreply', state];
  },

  handleInfo(message, state): CastResult<State> {
    switch (message.kind) {
      case 'sample_now':
        sendAfter(SAMPLE_EVERY_MS, self(), SAMPLE);
        sample(state);
        break;
      case 'scan_step':
        state.processes.step(message.name);
        state.registered.step(message.name);
        state.sockets.step(message.name);
        break;
      case 'code_step':
        state.code.step();
        break;
      case 'trace_over':
        state.traces.over(message);
        break;
      case 'exit_now':
        exit(message.pid, message.reason);
        break;
      case 'isolate_up':
      case 'isolate_down':
        state.argument.kept?.timeline.add(isolateEvent(message));
        break;
      case 'DOWN':
        state.traces.down(message.ref);
        break;
      default:
        break;
    }
    return ['noreply', state];
  },
};

/** Answers when it is known; others are served meanwhile. What fails is a defect, and ends the observer. */
function later<Answer>(from: From<Answer>, answer: Promise<Answer>): void {
  void answer.then(value => reply(from, value));
}

const found = ({ total, matched, top }: Scanned<ProcessGlance>): Found => ({
  total,
  matched,
  top: top.map(({ item, key }) => [item.pid, key]),
});

const foundRegistered = ({ total, matched, top }: Scanned<Registered>): FoundRegistered => ({
  total,
  matched,
  top: top.map(({ item }) => registryEntry(item)),
  registries: registryViews(),
});

function findSockets(
  { sort, q, first }: RequestOfKind<ObserverCall, 'sockets'>,
  from: From<FoundSockets | NotDone>,
  { sockets }: State,
): void {
  const show = ({ total, matched, top }: Scanned<Connection>): FoundSockets => ({
    total,
    matched,
    top: top.map(({ item }) => socketRow(item)),
  });
  void call(gatewayName, { kind: 'living' }, GATEWAY_WITHIN_MS).then(
    living =>
      sockets.answer(
        `sockets ${JSON.stringify([sort, q, first])}`,
        () => socketPlan(living, sort, q, first),
        from,
        show,
      ),
    (thrown: unknown) => {
      if (!(thrown instanceof Exit)) throw thrown;
      reply(from, { error: 'no_answer', message: 'The gateway did not answer: ask again.' });
    },
  );
}

async function viewOf(
  pid: Pid,
  { traces }: State,
): Promise<ReplyOf<RequestOfKind<ObserverCall, 'process'>>> {
  const view = await processView(pid);
  return 'error' in view ? view : { ...view, traced: traces.isRunning(pid) };
}

const noTree: NotDone = {
  error: 'no_process',
  message: 'There is no supervision tree here (yet): ask again.',
};
const noTrace: NotDone = {
  error: 'refused',
  message: 'This process is not traced: begin a trace first.',
};

/** Its answer comes first where the end of the process may be the end of the answer's way. */
function begin(
  pid: Pid,
  action: Action,
  from: From<'ok' | NotDone>,
  { argument, traces }: State,
): void {
  if (action.kind !== 'exit') {
    later(from, act(pid, action, traces));
    return;
  }
  const process = glanceAt(pid);
  if (process === undefined) {
    reply(from, { error: 'no_process', message: noProcess(pid) });
    return;
  }
  argument.reports.noteCalled(pid, process);
  reply(from, 'ok');
  const { reason } = action;
  if (thisIsolate() === MAIN) sendAfter(EXIT_AFTER_MS, self(), { kind: 'exit_now', pid, reason });
  else exit(pid, reason);
}

function sample({ argument, sampler, startedAt, processes, registered, sockets }: State): void {
  argument.reports.settle();
  processes.forgetStale();
  registered.forgetStale();
  sockets.forgetStale();
  const taken = sampler.take();
  const isolate = thisIsolate();
  if (argument.kept !== undefined) argument.kept.history.add(isolate, startedAt, taken);
  else cast(at(observerName, MAIN), { kind: 'sample', isolate, startedAt, sample: taken });
}

function isolateLook(): IsolateLook {
  const labels = [...turnTimes()]
    .map(([label, { turns, messages, micros }]) => ({ label, turns, messages, micros }))
    .sort((one, other) => other.micros - one.micros)
    .slice(0, LABELS);
  return {
    shards: heldShards(),
    names: processCounts().named,
    connected: connectedIsolates(),
    labels,
  };
}

const isolateEvent = ({ kind, isolate }: IsolateMessage): NewEvent => ({
  at: Date.now(),
  isolate,
  kind,
  text: kind === 'isolate_up' ? `isolate ${isolate} is there` : `isolate ${isolate} is gone`,
  process: null,
  supervisor: null,
  child: null,
  predecessor: null,
  reason: null,
  stack: null,
});
