/**
 * An isolate, as the main thread supervises it: a process that owns a worker thread and dies with it. It is also the
 * watchdog: a worker whose loop does not come round, or that keeps more memory than it may, is ended. The sockets
 * are not there, so nobody's connection closes; see docs/ARCHITECTURE.md, "The way of a crash".
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import {
  cast,
  isOrderly,
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
import { gatewayName } from '../gateway/protocol.ts';
import { Heartbeat, Silence } from './heartbeat.ts';
import { join, leave, openPorts } from './mesh.ts';
import { switchboardName } from './protocol.ts';
import {
  ISOLATE_PROTOCOL,
  type FromWorker,
  type IsolateSettings,
  type ToWorker,
  type WorkerData,
} from './worker-data.ts';
import { workerEntry } from './worker-entry.ts';

export interface IsolateArgument {
  readonly isolate: number;
  readonly settings: IsolateSettings;
  /** Whether reports wait for the end of the server's start. */
  readonly holdLog: () => boolean;
}

interface State {
  readonly isolate: number;
  readonly worker: Worker;
  readonly heartbeat: Heartbeat;
  readonly silence: Silence;
  readonly limits: { readonly silentMs: number; readonly heapBytes: number };
  readonly everyMs: number;
}

type Info =
  | { readonly kind: 'look' }
  | { readonly kind: 'thread_ended'; readonly code: number; readonly error: Error | undefined };

const LOOK = { kind: 'look' } as const;
/** How long a worker may take from its start until its tree is up. */
const UP_WITHIN_MS = 30_000;
const MIB = 1024 * 1024;
/**
 * What V8 may use for young objects: three half-spaces of 64 MiB, as `npm start` gives the main thread. Messages
 * live for a few milliseconds; with more room most are dead before anybody copies them.
 */
const YOUNG_GENERATION_MB = 192;

/** How often the process of an isolate had a thread before; pids of a new one differ from all that the old ones had. */
const creations = new Map<number, number>();
/** Threads on their way out: two must not have the same files open. */
const ending = new Map<number, Promise<unknown>>();

export const isolate: GenServer<IsolateArgument, State, never, never, Info> = {
  async init(argument): Promise<InitResult<State>> {
    const { isolate, settings } = argument;
    await ending.get(isolate);
    const heartbeat = new Heartbeat();
    const worker = startThread(argument, heartbeat);
    watchEnd(worker);
    const failure = await isUp(worker);
    if (failure !== undefined) return ['stop', failure];
    const { heartbeatMs, heapMb } = settings.config.isolates;
    const everyMs = Math.min(Math.max(heartbeatMs / 10, 10), 100);
    sendAfter(everyMs, self(), LOOK);
    cast(switchboardName, { kind: 'isolate_started', isolate });
    return [
      'ok',
      {
        ...{ isolate, worker, heartbeat, everyMs },
        silence: new Silence(heartbeat, everyMs, performance.now()),
        limits: { silentMs: heartbeatMs, heapBytes: heapMb * MIB },
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
      case 'thread_ended': {
        const { code, error } = message;
        const why = error === undefined ? `exit code ${code}` : `${error.name}: ${error.message}`;
        return ['stop', blaming(state, ['isolate_ended', why]), state];
      }
      default:
        return ['noreply', state];
    }
  },

  /** In an orderly end the worker's own tree ends first, in order; whatever is left then is ended with its thread. */
  async terminate(reason, { worker }): Promise<void> {
    if (!isOrderly(reason)) return;
    worker.removeAllListeners('exit');
    const ended = once(worker, 'exit');
    worker.postMessage({ kind: 'stop' } satisfies ToWorker);
    await ended;
  },
};

function startThread(
  { isolate, settings, holdLog }: IsolateArgument,
  heartbeat: Heartbeat,
): Worker {
  const creation = creations.get(isolate) ?? 0;
  creations.set(isolate, creation + 1);
  const ports = openPorts(isolate);
  const data: WorkerData = {
    ...settings,
    strowger: 'isolate',
    protocol: ISOLATE_PROTOCOL,
    ...{ isolate, creation, ports },
    heartbeat: heartbeat.memory,
    holdLog: holdLog(),
  };
  const worker = new Worker(workerEntry(), {
    name: `isolate ${isolate}`,
    workerData: data,
    transferList: ports.map(([, port]) => port),
    resourceLimits: {
      maxOldGenerationSizeMb: settings.config.isolates.heapMb,
      maxYoungGenerationSizeMb: YOUNG_GENERATION_MB,
    },
  });
  join(isolate, worker);
  // However this process ends, its thread ends with it, and everybody hears of it at once.
  signal().addEventListener('abort', () => {
    worker.removeAllListeners('exit');
    leave(isolate);
    ending.set(isolate, worker.terminate());
  });
  return worker;
}

/** The thread's end becomes a message. An `error` comes before its `exit`, which says when the thread is gone. */
function watchEnd(worker: Worker): void {
  const me = self();
  let error: Error | undefined;
  worker.on('error', thrown => {
    error = thrown instanceof Error ? thrown : new Error(String(thrown));
  });
  worker.once('exit', code => {
    send(me, { kind: 'thread_ended', code, error } satisfies Info);
  });
}

/** @returns why it did not come up, or undefined when it did */
async function isUp(worker: Worker): Promise<ExitReason> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), UP_WITHIN_MS);
  try {
    const [message] = (await Promise.race([
      once(worker, 'message', { signal: late.signal }),
      once(worker, 'exit', { signal: late.signal }).then(([code]) => [
        { kind: 'refused', message: `its thread ended with code ${String(code)}` },
      ]),
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

function verdict({ silence, heartbeat, limits }: State): ExitReason {
  const silentMs = Math.round(silence.look(performance.now()));
  if (silentMs > limits.silentMs) return ['isolate_stuck', { silentMs }];
  const { heapBytes } = heartbeat;
  if (heapBytes > limits.heapBytes)
    return ['isolate_too_large', { heapMb: Math.round(heapBytes / MIB) }];
  return undefined;
}

/** Tells the gateway whose turn it was, so that a connection that does this again and again is closed. */
function blaming({ heartbeat, isolate }: State, reason: ExitReason): ExitReason {
  const process = (heartbeat.running[0] ?? 0) as Pid;
  if (process === 0) return reason;
  if (whereis(gatewayName) !== undefined) send(gatewayName, { kind: 'held_thread', process });
  return [reason, { isolate, heldBy: process }];
}
