/** One child of a supervisor: starting it, ending it, and what reports say of it. */
import { now } from '../actors/clock.ts';
import { self } from '../actors/context.ts';
import { isOrderly, reasonOf } from '../actors/exit.ts';
import type { ExitReason } from '../actors/exit.ts';
import { isReturn } from '../actors/gen-server/throw-returns.ts';
import type { StartResult } from '../actors/gen-server/types.ts';
import { log } from '../actors/logger.ts';
import { exit, link } from '../actors/links.ts';
import { isolateOf, isPid, thisIsolate } from '../actors/pid.ts';
import type { Name, Pid } from '../actors/pid.ts';
import type { Offender, SupervisorReport } from '../actors/reports.ts';
import { knownStart } from '../actors/start-result.ts';
import { smallHas } from '../actors/small-set.ts';
import { processOf } from '../actors/process-table.ts';
import { shownId } from './child-id.ts';
import type { ChildId } from './child-id.ts';
import type { ChildSpec, ChildStart, ChildType, CheckedSpec } from './child-spec.ts';
import { addRestart } from './restart-intensity.ts';
import type { Intensity } from './restart-intensity.ts';
import { tellDynamicRestart } from './restart-watch.ts';

export interface Child {
  /** A code upgrade of the supervisor may replace it. */
  spec: CheckedSpec;
  /** What the start is called with: a simple_one_for_one child's own arguments. */
  args: readonly unknown[];
  pid: Pid | 'restarting' | undefined;
  /** Its own restarts in seconds, when intensity is counted per child. */
  restarts: number[];
}

export function newChild(spec: CheckedSpec, args: readonly unknown[] = NOTHING): Child {
  return { spec, args, pid: undefined, restarts: NOTHING };
}

const NOTHING: never[] = [];

export function isRunning(child: Child): child is Child & { readonly pid: Pid } {
  return typeof child.pid === 'number';
}

/** Whether its process lives; of one in another isolate only its end tells. */
export function isActive(child: Child): boolean {
  if (!isRunning(child)) return false;
  return processOf(child.pid) !== undefined || isolateOf(child.pid) !== thisIsolate();
}

/** One row of `whichChildren`. */
export interface ChildRow {
  /** Undefined for the children of a dynamic supervisor. */
  readonly id: ChildId | undefined;
  readonly pid: Pid | 'restarting' | undefined;
  readonly type: ChildType;
  readonly modules: ChildSpec['modules'];
}

/** Its row in `whichChildren`. */
export function rowOf({ pid, spec }: Child, id: ChildRow['id']): ChildRow {
  return { id, pid, type: spec.type, modules: spec.modules };
}

/** A temporary child is never started again: what it was started with need not be kept. */
export function forgetArgs(child: Child): void {
  if (child.spec.restart === 'temporary') child.args = NOTHING;
}

/** The outcome of a child's start: one tuple more than a server's start has. */
export type Started = StartResult | readonly ['ok', Pid, unknown];

/** Runs the child's start; the outcome is known at once when its `init` was synchronous. */
export function runStart({ spec, args }: Child): Started | Promise<Started> {
  let started: ChildStart | Promise<ChildStart>;
  try {
    started = spec.start(...args);
  } catch (thrown) {
    return caught(thrown);
  }
  if (!(started instanceof Promise)) return checkStart(started);
  const known = knownStart(started as Promise<StartResult>);
  if (known !== undefined) return checkStart(known);
  return started.then(checkStart, caught);
}

/** Erlang's `catch`: what is thrown and is no error is the outcome, anything else an `'EXIT'`. */
function caught(thrown: unknown): Started {
  if (isReturn(thrown)) return checkStart(thrown as ChildStart);
  return ['error', ['EXIT', reasonOf(thrown)]];
}

/** Anything that is no start result is the error itself, as in `do_start_child_i/3`. */
export function checkStart(result: ChildStart): Started {
  if (result === 'ignore') return ['ignore'];
  if (Array.isArray(result)) {
    const { length } = result;
    if (result[0] === 'ok' && isPid(result[1]) && (length === 2 || length === 3)) {
      if (isOurs(result[1])) return result as Started;
      endOrphan(result[1]);
      return NOT_LINKED;
    }
    if (result[0] === 'ignore' && length === 1) return result as Started;
    if (result[0] === 'error' && length === 2) return result as Started;
  }
  return ['error', result];
}

/** A child that is not linked would never be restarted: better told at once. Ours, not OTP's. */
const NOT_LINKED = ['error', 'not_linked'] as const;

function isOurs(pid: Pid): boolean {
  const process = processOf(pid);
  if (process === undefined && isolateOf(pid) !== thisIsolate()) {
    // Its start could not link it to a caller in another isolate, unless it was told its parent.
    link(pid);
    return true;
  }
  // Dead already: its EXIT is on the way.
  return process === undefined || smallHas(process.links, self());
}

/** What the supervisor started itself would stay behind with its name; who was there before is left alone. */
function endOrphan(pid: Pid): void {
  if (processOf(pid)?.parent === self()) exit(pid, 'kill');
}

/** True when the reason is what the ending asked for. See `supervisor.erl`, `shutdown/1`. */
export function endedAsAsked({ restart, shutdown }: CheckedSpec, reason: ExitReason): boolean {
  if (shutdown === 'brutal_kill' && reason === 'killed') return true;
  if (shutdown !== 'brutal_kill' && reason === 'shutdown') return true;
  return restart !== 'permanent' && isOrderly(reason);
}

export function nowSeconds(): number {
  return Math.floor(now() / 1_000);
}

/** Counts a restart against the child's own budget. */
export function childMayRestart(child: Child, intensity: Intensity): boolean {
  const { restarts, allowed } = addRestart(child.restarts, nowSeconds(), intensity);
  child.restarts = restarts;
  return allowed;
}

/** Reports in the name of one supervisor. */
export class Reporter {
  readonly #supervisor: Pid;

  constructor(supervisor: Pid) {
    this.#supervisor = supervisor;
  }

  error(
    errorContext: SupervisorReport['errorContext'],
    reason: ExitReason,
    child: Child,
    pid: Offender['pid'] = child.pid,
  ): void {
    const offender = describeChild(child.spec, pid);
    const supervisor = this.#name();
    log(
      'error',
      { kind: 'supervisor', supervisor, errorContext, reason, offender },
      this.#supervisor,
    );
  }

  /** simple_one_for_one tells of all that ended with one reason at once. */
  errors(reason: ExitReason, child: Child, count: number): void {
    const offender = { ...describeChild(child.spec, undefined), nbChildren: count };
    const supervisor = this.#name();
    const errorContext = 'shutdown_error';
    log(
      'error',
      { kind: 'supervisor', supervisor, errorContext, reason, offender },
      this.#supervisor,
    );
  }

  /** Of a dynamic child: OTP reports no progress of those. */
  restarted({ spec }: Child, predecessor: Pid, pid: Pid): void {
    const id = shownId(spec.id);
    tellDynamicRestart({ supervisor: this.#name(), id, predecessor, pid });
  }

  /** @param level `debug` for a child that somebody outside has asked to start, as in OTP 27 */
  progress(child: Child, level: 'info' | 'debug'): void {
    const started = describeChild(child.spec, child.pid);
    log(level, { kind: 'progress', supervisor: this.#name(), started }, this.#supervisor);
  }

  #name(): Pid | Name {
    return processOf(this.#supervisor)?.name ?? this.#supervisor;
  }
}

function describeChild(spec: CheckedSpec, pid: Offender['pid']): Offender {
  return {
    pid,
    id: shownId(spec.id),
    restartType: spec.restart,
    shutdown: spec.shutdown,
    childType: spec.type,
    significant: spec.significant,
  };
}
