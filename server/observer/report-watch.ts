/**
 * Makes events of the runtime's reports on their way to the log: what crashed, what supervisors did about it, and what
 * was worth a warning.
 */
import {
  describeReason,
  isolateOf,
  runOutside,
  thisIsolate,
  type CrashReport,
  type ExitReason,
  type LogEvent,
  type LogSink,
  type Pid,
  type ProgressReport,
  type SupervisorReport,
} from '../../actors/index.ts';
import type { ObservedEvent, ProcessRef } from '../../protocol/observer.ts';
import type { DynamicRestart } from '../../supervisors/index.ts';
import { refOf } from './process-rows.ts';
import type { NewEvent } from './protocol.ts';

/** Events a second that are told; more are counted. A storm of crashes must not cost more than the crashes. */
const TOLD_A_SECOND = 200;
/** Children that were seen to end and may come back, and names of the dead: so many are remembered. */
const REMEMBERED = 1_000;
const CHARACTERS = 1_000;
/** A child that is up again later than this is not taken for the one that ended. */
const AWAITED_MS = 60_000;

/** The end of a child that its supervisor may restart. */
interface Ended {
  readonly pid: Pid | undefined;
  readonly reason: string;
  readonly at: number;
}

interface Called {
  readonly name: string | undefined;
  readonly label: string;
}

export class ReportWatch {
  readonly #tell: (event: NewEvent) => void;
  readonly #now: () => number;
  /** By supervisor and child id: those whose restart has not been reported yet. */
  readonly #ended = new Map<string, Ended[]>();
  /** What processes were called that are dead by now: who told of their end knew it. */
  readonly #called = new Map<Pid, Called>();
  #second = 0;
  #told = 0;
  #skipped = 0;
  #restarts = 0;

  /** @param tell runs outside of any process */
  constructor(tell: (event: NewEvent) => void, now: () => number = Date.now) {
    this.#tell = tell;
    this.#now = now;
  }

  /** Children that supervisors of this isolate saw end abnormally. */
  get restarts(): number {
    return this.#restarts;
  }

  /** A sink for `setLogger`, which hands everything on first. */
  sink(next: LogSink): LogSink {
    return event => {
      next(event);
      this.#watch(event);
    };
  }

  /** The process is about to be ended: who tells of its end will not know what it was called. */
  noteCalled(pid: Pid, { name, label }: Called): void {
    this.#called.set(pid, { name, label });
    forgetOldest(this.#called);
  }

  /** For `watchDynamicRestarts`: whose place a process took that no report tells of. */
  restartedDynamically({ supervisor, id, predecessor, pid }: DynamicRestart): void {
    const ended = this.#take(keyOf(supervisor, id), other => other.pid === predecessor);
    if (ended !== undefined) this.#restarted(pid, ended, supervisor, id);
  }

  /** Tells how many were not told, once their second is over; gives up waiting for who was not seen to come back. */
  settle(): void {
    for (const [key, waiting] of this.#ended) {
      const since = this.#now() - AWAITED_MS;
      const left = waiting.filter(({ at }) => at > since);
      if (left.length === 0) this.#ended.delete(key);
      else if (left.length < waiting.length) this.#ended.set(key, left);
    }
    if (this.#skipped === 0 || this.#secondOf() === this.#second) return;
    const skipped = this.#skipped;
    this.#skipped = 0;
    this.#say({ ...this.#nothing(), kind: 'skipped', text: `${skipped} more at that time` });
  }

  #watch({ level, report, pid }: LogEvent): void {
    switch (report.kind) {
      case 'crash':
        this.#crashed(report);
        return;
      case 'supervisor':
        this.#supervised(report);
        return;
      case 'progress':
        if (this.#ended.size > 0) this.#started(report);
        return;
      case 'message':
        if (level !== 'warning' && level !== 'error') return;
        this.#say({
          ...this.#nothing(),
          kind: 'warning',
          text: cut(report.text),
          process: pid === undefined ? null : this.#refOf(pid),
        });
    }
  }

  #crashed({ pid, registeredName, initialCall, error }: CrashReport): void {
    this.noteCalled(pid, { name: registeredName, label: initialCall });
    const reason = cut(describeReason(error));
    this.#say({
      ...this.#nothing(),
      kind: 'crash',
      text: `${registeredName ?? initialCall} crashed: ${reason}`,
      process: { ...refOf(pid), name: registeredName ?? null, label: initialCall },
      reason,
      stack: stackOf(error),
    });
  }

  #supervised({ supervisor, errorContext, reason, offender }: SupervisorReport): void {
    const pid = typeof offender.pid === 'number' ? offender.pid : undefined;
    const why = cut(describeReason(reason));
    if (errorContext === 'child_terminated') {
      this.#restarts += 1;
      if (offender.restartType !== 'temporary') {
        this.#remember(keyOf(supervisor, offender.id), { pid, reason: why, at: this.#now() });
      }
    }
    const process = pid === undefined ? null : this.#refOf(pid);
    this.#say({
      ...this.#nothing(),
      kind: errorContext === 'shutdown' ? 'gave_up' : errorContext,
      text: `${titleOf(process, offender.id)} ${tells[errorContext]}: ${why}`,
      process,
      supervisor: supervisorOf(supervisor),
      child: offender.id ?? null,
      reason: why,
      stack: stackOf(reason),
    });
  }

  #remember(key: string, ended: Ended): void {
    const waiting = this.#ended.get(key);
    if (waiting === undefined) this.#ended.set(key, [ended]);
    else if (waiting.length < REMEMBERED) waiting.push(ended);
    forgetOldest(this.#ended);
  }

  #started({ supervisor, started }: ProgressReport): void {
    const ended = this.#take(keyOf(supervisor, started.id), () => true);
    if (ended === undefined || typeof started.pid !== 'number') return;
    this.#restarted(started.pid, ended, supervisor, started.id);
  }

  /** The oldest of those whose restart was not told yet and that are meant. */
  #take(key: string, isMeant: (ended: Ended) => boolean): Ended | undefined {
    const waiting = this.#ended.get(key) ?? [];
    const index = waiting.findIndex(isMeant);
    if (index === -1) return undefined;
    const [ended] = waiting.splice(index, 1);
    if (waiting.length === 0) this.#ended.delete(key);
    return ended;
  }

  #restarted(
    pid: Pid,
    ended: Ended,
    supervisor: Pid | string,
    id: string | number | undefined,
  ): void {
    const process = this.#refOf(pid);
    this.#say({
      ...this.#nothing(),
      kind: 'restarted',
      text: `${titleOf(process, id)} runs again`,
      process,
      supervisor: supervisorOf(supervisor),
      child: id ?? null,
      predecessor: ended.pid ?? null,
      reason: ended.reason,
    });
  }

  #say(event: NewEvent): void {
    const second = this.#secondOf();
    if (second !== this.#second) {
      this.#second = second;
      this.#told = 0;
    }
    this.#told += 1;
    if (this.#told > TOLD_A_SECOND) this.#skipped += 1;
    // The report may come from the code of a process that is dead, which may say nothing any more.
    else runOutside(() => this.#tell(event));
  }

  #secondOf(): number {
    return Math.floor(this.#now() / 1_000);
  }

  #nothing(): Omit<NewEvent, 'kind' | 'text'> {
    return {
      at: this.#now(),
      isolate: thisIsolate(),
      process: null,
      supervisor: null,
      child: null,
      predecessor: null,
      reason: null,
      stack: null,
    };
  }

  #refOf(pid: Pid): ProcessRef {
    const ref = refOf(pid);
    const called = this.#called.get(pid);
    return {
      ...ref,
      name: ref.name ?? called?.name ?? null,
      label: ref.label ?? called?.label ?? null,
    };
  }
}

/** The id that dynamic children have in reports, all of them. */
const DYNAMIC = 'dynamic';

/** The id of simple_one_for_one's children is one for all, too; often it is what they are called. */
function titleOf(process: ProcessRef | null, id: string | number | undefined): string {
  const name = process?.name ?? null;
  if (name !== null) return name;
  if (id !== undefined && id !== DYNAMIC && id !== process?.label) return String(id);
  return process === null ? 'a child' : `${process.label ?? 'process'} ${process.pid}`;
}

const tells: Readonly<Record<SupervisorReport['errorContext'], string>> = {
  child_terminated: 'ended',
  start_error: 'did not start',
  shutdown_error: 'did not end in order',
  shutdown: 'is given up',
};

const supervisorOf = (supervisor: Pid | string): ObservedEvent['supervisor'] =>
  typeof supervisor === 'number'
    ? { pid: supervisor, isolate: isolateOf(supervisor), name: null, label: null }
    : supervisor;

const keyOf = (supervisor: Pid | string, id: unknown): string =>
  JSON.stringify([supervisor, id ?? null]);

function stackOf(reason: ExitReason): string | null {
  if (typeof reason !== 'object' || reason === null) return null;
  if ('stack' in reason && typeof reason.stack === 'string' && reason.stack !== '') {
    return cut(reason.stack, 4 * CHARACTERS);
  }
  return 'reason' in reason ? stackOf(reason.reason) : null;
}

const cut = (text: string, characters = CHARACTERS): string =>
  text.length > characters ? `${text.slice(0, characters)}…` : text;

function forgetOldest(map: Map<unknown, unknown>): void {
  for (const key of map.keys()) {
    if (map.size <= REMEMBERED) return;
    map.delete(key);
  }
}
