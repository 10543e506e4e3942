/**
 * An isolate, as the main thread supervises it: a process that owns a worker thread and dies with it. It is also the
 * watchdog: a worker whose loop does not come round, or that keeps more memory than it may, is ended. The sockets
 * are not there, so nobody's connection closes; see docs/ARCHITECTURE.md, "The way of a crash".
 */
import { once } from 'node:events';
import {
  cast,
  describeReason,
  isOrderly,
  runOutside,
  self,
  send,
  sendAfter,
  signal,
  whereis,
  type CastResult,
  type ExitReason,
  type GenServer,
  type InitResult,
  type Pid,
} from '../../actors/index.ts';
import { coordinator } from '../code/protocol.ts';
import { gatewayName } from '../gateway/protocol.ts';
import { Silence } from './heartbeat.ts';
import { Growth, YOUNG_GENERATION_MB } from './memory.ts';
import { join, leave, openPorts } from './mesh.ts';
import { waitedMs } from './processor-time.ts';
import { switchboardName } from './protocol.ts';
import { takeThread } from './spare.ts';
import type { Thread } from './thread.ts';
import type { FromWorker, IsolateSettings, ToWorker } from './worker-data.ts';

export interface IsolateArgument {
  readonly isolate: number;
  readonly settings: IsolateSettings;
  /** Whether reports wait for the end of the server's start. */
  readonly holdLog: () => boolean;
}

interface State {
  readonly isolate: number;
  readonly thread: Thread;
  readonly silence: Silence;
  readonly growth: Growth;
  readonly limits: {
    readonly silentMs: number;
    readonly heapBytes: number;
    /** In one silence. */
    readonly grownBytes: number;
  };
  readonly everyMs: number;
}

type Info = { readonly kind: 'look' } | { readonly kind: 'thread_ended'; readonly why: string };

const LOOK = { kind: 'look' } as const;
/** How long a worker may take from its start until its tree is up. */
const UP_WITHIN_MS = 30_000;
const MIB = 1024 * 1024;
/** A thread that gets no processor may be silent for so many heartbeats more. */
const STARVED_BEATS = 4;

/** How often the process of an isolate had a thread before; pids of a new one differ from all that the old ones had. */
const creations = new Map<number, number>();
/** Threads on their way out: two must not have the same files open. */
const ending = new Map<number, Promise<unknown>>();

export const isolate: GenServer<IsolateArgument, State, never, never, Info> = {
  async init(argument): Promise<InitResult<State>> {
    const { isolate, settings } = argument;
    await ending.get(isolate);
    const thread = await takeThread(settings);
    begin(argument, thread);
    const failure = await isUp(thread);
    if (failure !== undefined) return ['stop', failure];
    const me = self();
    void thread.ended.then(why => {
      send(me, { kind: 'thread_ended', why } satisfies Info);
    });
    const { heartbeat } = thread;
    const { heartbeatMs, heapMb } = settings.config.isolates;
    const everyMs = Math.min(Math.max(heartbeatMs / 10, 10), 100);
    const waited = (): number => waitedMs(heartbeat.thread);
    const graceMs = STARVED_BEATS * heartbeatMs;
    sendAfter(everyMs, self(), LOOK);
    cast(switchboardName, { kind: 'isolate_started', isolate });
    return [
      'ok',
      {
        ...{ isolate, thread, everyMs },
        silence: new Silence(heartbeat, { everyMs, waitedMs: waited, graceMs }, performance.now()),
        growth: new Growth(),
        limits: {
          silentMs: heartbeatMs,
          heapBytes: heapMb * MIB,
          grownBytes: (heapMb + YOUNG_GENERATION_MB) * MIB,
        },
      },
    ];
  },

  handleInfo(message, state): CastResult<State> {
    switch (message.kind) {
      case 'look': {
        const wrong = verdict(state);
        if (wrong !== undefined) return ['stop', blaming(state, wrong), state];
        sendAfter(state.everyMs, self(), LOOK);
        return ['noreply', state];
      }
      case 'thread_ended':
        return ['stop', blaming(state, ['isolate_ended', message.why]), state];
      default:
        return ['noreply', state];
    }
  },

  /** In an orderly end the worker's own tree ends first, in order; whatever is left then is ended with its thread. */
  async terminate(reason, { thread: { worker, ended } }): Promise<void> {
    if (!isOrderly(reason)) return;
    worker.postMessage({ kind: 'stop' } satisfies ToWorker);
    await ended;
  },
};

/** Gives the thread its part; from now on its processes are the isolate's. */
function begin({ isolate, holdLog }: IsolateArgument, { worker, ended }: Thread): void {
  const creation = creations.get(isolate) ?? 0;
  creations.set(isolate, creation + 1);
  const ports = openPorts(isolate);
  worker.postMessage(
    { kind: 'begin', isolate, creation, ports, holdLog: holdLog() } satisfies ToWorker,
    ports.map(([, port]) => port),
  );
  join(isolate, worker);
  // However this process ends, its thread does too (`takeThread`), and everybody hears of it at once.
  signal().addEventListener('abort', () => {
    // As nobody: the dead process may send no more.
    runOutside(() => leave(isolate));
    ending.set(isolate, ended);
  });
}

/** @returns why it did not come up, or undefined when it did */
async function isUp({ worker, ended }: Thread): Promise<ExitReason> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), UP_WITHIN_MS);
  try {
    const [message] = (await Promise.race([
      once(worker, 'message', { signal: late.signal }),
      ended.then(why => [{ kind: 'refused', message: `its thread ended: ${why}` }]),
    ])) as [FromWorker];
    return message.kind === 'up' ? undefined : ['isolate_refused', message.message];
  } catch (error) {
    if (late.signal.aborted) return ['isolate_refused', `it was not up within ${UP_WITHIN_MS} ms`];
    throw error;
  } finally {
    clearTimeout(timer);
    late.abort();
  }
}

function verdict({ silence, growth, thread: { heartbeat }, limits }: State): ExitReason {
  const silentMs = Math.round(silence.look(performance.now()));
  const grownBytes = growth.look(silentMs);
  if (silentMs > limits.silentMs) return ['isolate_stuck', { silentMs }];
  const { heapBytes } = heartbeat;
  if (heapBytes > limits.heapBytes)
    return ['isolate_too_large', { heapMb: Math.round(heapBytes / MIB) }];
  if (grownBytes > limits.grownBytes)
    return ['isolate_too_large', { grownMb: Math.round(grownBytes / MIB), silentMs }];
  return undefined;
}

/**
 * Tells the gateway whose turn it was, so that a connection that does this again and again is closed, and the
 * coordinator of code, which takes back what was loaded just now.
 */
function blaming({ thread: { heartbeat }, isolate }: State, reason: ExitReason): ExitReason {
  const process = (heartbeat.running[0] ?? 0) as Pid;
  cast(coordinator, {
    kind: 'isolate_died',
    isolate,
    heldBy: process,
    reason: describeReason(reason),
  });
  if (process === 0) return reason;
  if (whereis(gatewayName) !== undefined) send(gatewayName, { kind: 'held_thread', process });
  return [reason, { isolate, heldBy: process }];
}
