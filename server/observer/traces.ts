/**
 * Traces of processes: what `sys` tells of one is kept until so many events came or so much time has passed. So a trace
 * that somebody forgot costs nothing, and what it has seen can be fetched bit by bit.
 */
import {
  cancelTimer,
  demonitor,
  Exit,
  monitor,
  self,
  sendAfter,
  sys,
  type MonitorRef,
  type Pid,
  type TimerRef,
} from '../../actors/index.ts';
import type { TraceAnswer, TraceEvent } from '../../protocol/observer.ts';
import { showTerm } from './term.ts';

/** To the observer itself: the time of this trace is over, or nobody will ask for it any more. */
export interface TraceOver {
  readonly kind: 'trace_over';
  readonly pid: Pid;
  readonly trace: number;
}

/** What is told of each event: a state may be large, and there may be a thousand events. */
const EVENT_LIMITS = { depth: 4, parts: 32, values: 200 } as const;
/** Traces of one isolate, running or not; more are refused. */
const TRACES_AT_ONCE = 16;
/** How long a trace can be looked at once it has stopped. */
const KEPT_MS = 60_000;
/** A busy process has so long to take note of a trace. */
const WITHIN_MS = 2_000;

interface Trace {
  readonly number: number;
  readonly events: TraceEvent[];
  readonly most: number;
  readonly monitor: MonitorRef;
  stopped: TraceAnswer['stopped'];
  timer: TimerRef;
  /** Whether the timer is the one after which nobody will ask for it any more. */
  isLast: boolean;
}

let lastNumber = 0;

export class Traces {
  readonly #traces = new Map<Pid, Trace>();

  /** @throws (rejects) Exit when the process does not take note of it */
  async start(pid: Pid, most: number, seconds: number): Promise<'ok' | 'too_many'> {
    await this.stop(pid);
    this.#forget(pid);
    if (this.#traces.size >= TRACES_AT_ONCE) return 'too_many';
    const number = (lastNumber += 1);
    const trace: Trace = {
      number,
      events: [],
      most,
      monitor: monitor(pid),
      stopped: null,
      isLast: false,
      timer: this.#later(seconds * 1_000, pid, number),
    };
    this.#traces.set(pid, trace);
    try {
      await sys.install(
        pid,
        [idOf(number), (n: number, event) => take(trace, n, event), 1],
        WITHIN_MS,
      );
    } catch (thrown) {
      this.#forget(pid);
      throw thrown;
    }
    return 'ok';
  }

  /** Before its time; what it has seen stays for a while. @throws (rejects) Exit when the process does not answer */
  async stop(pid: Pid): Promise<void> {
    const trace = this.#traces.get(pid);
    if (trace === undefined || trace.stopped !== null) return;
    trace.stopped = 'stopped';
    this.#keep(pid, trace);
    await sys.remove(pid, idOf(trace.number), WITHIN_MS);
  }

  /** Its time to run is over, or that to be kept. */
  over({ pid, trace: number }: TraceOver): void {
    const trace = this.#traces.get(pid);
    if (trace?.number !== number) return;
    if (trace.isLast) {
      this.#forget(pid);
      return;
    }
    if (trace.stopped === null) {
      trace.stopped = 'time';
      // One that does not answer, or has just died, needs no more: with its next event the trace goes by itself.
      void sys.remove(pid, idOf(number), WITHIN_MS).catch(ignoreExit);
    }
    this.#keep(pid, trace);
  }

  /** A process that is traced has died. @returns whether the monitor was one of a trace */
  down(ref: MonitorRef): boolean {
    for (const [pid, trace] of this.#traces) {
      if (trace.monitor !== ref) continue;
      trace.stopped ??= 'died';
      this.#keep(pid, trace);
      return true;
    }
    return false;
  }

  isRunning(pid: Pid): boolean {
    return this.#traces.get(pid)?.stopped === null;
  }

  /** Events after this one; undefined when there is no trace. */
  read(pid: Pid, after: number): TraceAnswer | undefined {
    const trace = this.#traces.get(pid);
    if (trace === undefined) return undefined;
    const { stopped, events } = trace;
    return { running: stopped === null, stopped, events: events.slice(Math.max(0, after)) };
  }

  /** It has stopped: what it has seen can be fetched for a while. */
  #keep(pid: Pid, trace: Trace): void {
    cancelTimer(trace.timer);
    trace.isLast = true;
    trace.timer = this.#later(KEPT_MS, pid, trace.number);
  }

  #forget(pid: Pid): void {
    const trace = this.#traces.get(pid);
    if (trace === undefined) return;
    this.#traces.delete(pid);
    cancelTimer(trace.timer);
    demonitor(trace.monitor);
  }

  #later(delayMs: number, pid: Pid, trace: number): TimerRef {
    return sendAfter(delayMs, self(), { kind: 'trace_over', pid, trace } satisfies TraceOver);
  }
}

function ignoreExit(thrown: unknown): void {
  if (!(thrown instanceof Exit)) throw thrown;
}

const idOf = (number: number): string => `observer.${number}`;

/** Runs in the traced process. @returns the number of the next event, or that there shall be none */
function take(trace: Trace, n: number, event: readonly [string, ...unknown[]]): number | 'done' {
  if (trace.stopped !== null) return 'done';
  const [what, ...rest] = event;
  const term = showTerm(rest.length === 1 ? rest[0] : rest, EVENT_LIMITS);
  trace.events.push({ n, at: Date.now(), what, term });
  if (n < trace.most) return n + 1;
  trace.stopped = 'events';
  return 'done';
}
