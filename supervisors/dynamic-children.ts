/**
 * Children without ids or order, kept by pid: for a dynamic supervisor, and for simple_one_for_one.
 *
 * Everything here costs the same per child however many there are, and needs no promise as long as
 * the children start and end synchronously. See Elixir's `DynamicSupervisor`.
 */
import { inspect } from 'node:util';
import { isOrderly } from '../actors/exit.ts';
import type { ExitReason } from '../actors/exit.ts';
import type { Eventually } from '../actors/gen-server/types.ts';
import { cast } from '../actors/gen-server/gen-server.ts';
import { isolateOf, isPid, thisIsolate } from '../actors/pid.ts';
import type { Pid } from '../actors/pid.ts';
import { processOf } from '../actors/process-table.ts';
import { endProcess, endProcesses } from '../actors/termination.ts';
import {
  childMayRestart,
  endedAsAsked,
  forgetArgs,
  isRunning,
  newChild,
  nowSeconds,
  Reporter,
  rowOf,
  runStart,
} from './child.ts';
import type { Child, ChildRow, Started } from './child.ts';
import type {
  AdminResult,
  ChildCounts,
  Children,
  Outcome,
  StartChildResult,
  SupervisorCall,
  SupervisorReply,
  TryAgain,
} from './children.ts';
import { checkDynamicSpec } from './child-spec.ts';
import type { ChildId } from './child-id.ts';
import type { CheckedSpec, ChildSpec } from './child-spec.ts';
import type { Flags } from './flags.ts';
import { lookAtChild, recentRestarts } from './look.ts';
import type { LookPage, SupervisorLook } from './look.ts';
import { addRestart } from './restart-intensity.ts';

export interface DynamicOptions {
  readonly maxChildren: number;
  /** Handed to every child's start. */
  readonly extraArguments: readonly unknown[];
  /** The one specification of a simple_one_for_one supervisor. */
  readonly template?: CheckedSpec;
}

export class DynamicChildren implements Children {
  readonly #self: Pid;
  readonly #report: Reporter;
  readonly #maxChildren: number;
  readonly #extraArguments: readonly unknown[];
  #template: CheckedSpec | undefined;
  #flags: Flags;
  /** By pid; a child between two tries of its restart by its last one. */
  readonly #children = new Map<Pid, Child>();
  #restarting = 0;
  #supervisors = 0;
  #restarts: number[] = [];

  constructor(self: Pid, flags: Flags, options: DynamicOptions) {
    this.#self = self;
    this.#report = new Reporter(self);
    this.#flags = flags;
    this.#maxChildren = options.maxChildren;
    this.#extraArguments = options.extraArguments;
    this.#template = options.template;
  }

  update(flags: Flags, specs: readonly CheckedSpec[]): void {
    this.#flags = flags;
    const [template] = specs;
    if (this.#template === undefined || template === undefined) return;
    this.#template = template;
    this.#supervisors = template.type === 'supervisor' ? this.#children.size : 0;
    for (const child of this.#children.values()) child.spec = template;
  }

  checkpoint(): () => void {
    const flags = this.#flags;
    const template = this.#template;
    return () => this.update(flags, template === undefined ? [] : [template]);
  }

  look({ offset, limit }: LookPage): SupervisorLook {
    const flags = this.#flags;
    const children = [];
    let place = 0;
    for (const child of this.#children.values()) {
      if (place >= offset + limit) break;
      if (place >= offset) children.push(lookAtChild(child, undefined, flags));
      place += 1;
    }
    const restarts = recentRestarts(this.#restarts, flags);
    return { flags, restarts, total: this.#children.size, children };
  }

  // --- the end of a child

  exited(pid: Pid, reason: ExitReason): Eventually<Outcome> {
    const child = this.#children.get(pid);
    if (child === undefined) return 'go_on';
    const { restart } = child.spec;
    if (restart === 'permanent' || !isOrderly(reason)) {
      this.#report.error('child_terminated', reason, child);
      if (restart !== 'temporary') return this.#restart(pid, child);
    }
    this.#remove(pid, child);
    return 'go_on';
  }

  tryAgain(key: ChildId | Pid): Eventually<Outcome> {
    const pid = key as Pid;
    const child = this.#children.get(pid);
    return child?.pid === 'restarting' ? this.#restart(pid, child) : 'go_on';
  }

  #restart(last: Pid, child: Child): Eventually<Outcome> {
    if (!this.#mayRestart(child)) {
      this.#report.error('shutdown', 'reached_max_restart_intensity', child);
      this.#remove(last, child);
      return this.#flags.intensityPer === 'supervisor' ? 'shutdown' : 'go_on';
    }
    const started = runStart(child);
    return started instanceof Promise
      ? started.then(result => this.#restarted(last, child, result))
      : this.#restarted(last, child, started);
  }

  #mayRestart(child: Child): boolean {
    if (this.#flags.intensityPer === 'child') return childMayRestart(child, this.#flags);
    const { restarts, allowed } = addRestart(this.#restarts, nowSeconds(), this.#flags);
    this.#restarts = restarts;
    return allowed;
  }

  #restarted(last: Pid, child: Child, result: Started): Outcome {
    if (result[0] === 'error') {
      this.#report.error('start_error', result[1], child);
      if (child.pid !== 'restarting') this.#restarting += 1;
      child.pid = 'restarting';
      const again: TryAgain = { kind: 'tryAgain', key: last };
      cast(this.#self, again);
      return 'go_on';
    }
    this.#remove(last, child);
    if (result[0] === 'ok') {
      this.#add(result[1], child);
      this.#report.restarted(child, last, result[1]);
    }
    return 'go_on';
  }

  #add(pid: Pid, child: Child): void {
    child.pid = pid;
    this.#children.set(pid, child);
    if (child.spec.type === 'supervisor') this.#supervisors += 1;
    forgetArgs(child);
  }

  #remove(pid: Pid, child: Child): void {
    this.#children.delete(pid);
    if (child.pid === 'restarting') this.#restarting -= 1;
    if (child.spec.type === 'supervisor') this.#supervisors -= 1;
  }

  endAll(): Eventually<void> {
    const children = [...this.#children.values()].filter(isRunning);
    const reasons = endProcesses(
      children.map(({ pid, spec }) => ({ pid, shutdown: spec.shutdown })),
    );
    const finish = (ends: readonly ExitReason[]): void => {
      if (this.#template === undefined) {
        children.forEach((child, index) => this.#reportEnd(child, ends[index]));
      } else this.#reportEnds(this.#template, ends);
      this.#children.clear();
      this.#restarting = 0;
      this.#supervisors = 0;
    };
    return reasons instanceof Promise ? reasons.then(finish) : finish(reasons);
  }

  #reportEnd(child: Child, reason: ExitReason): void {
    if (endedAsAsked(child.spec, reason)) return;
    this.#report.error('shutdown_error', reason, child);
  }

  /** One report for all that ended with the same reason, as `wait_dynamic_children/5` makes them. */
  #reportEnds(template: CheckedSpec, reasons: readonly ExitReason[]): void {
    const counts = new Map<string, { reason: ExitReason; count: number }>();
    for (const reason of reasons) {
      if (endedAsAsked(template, reason)) continue;
      const text = typeof reason === 'string' ? reason : inspect(reason, { depth: 4 });
      const entry = counts.get(text);
      if (entry === undefined) counts.set(text, { reason, count: 1 });
      else entry.count += 1;
    }
    for (const { reason, count } of counts.values()) {
      this.#report.errors(reason, newChild(template), count);
    }
  }

  // --- administration

  answer(request: SupervisorCall): Eventually<SupervisorReply> {
    switch (request.kind) {
      case 'startChild':
        return this.#startChild(request.spec);
      case 'terminateChild':
        return this.#terminateChild(request.id);
      case 'getChildspec': {
        const spec = this.#specOf(request.id);
        return spec === undefined ? NOT_FOUND : ['ok', spec];
      }
      case 'whichChild':
        return this.#whichChild(request.id);
      case 'restartChild':
      case 'deleteChild':
        return ['error', 'simple_one_for_one'];
      case 'whichChildren':
        return this.#rows();
      case 'countChildren':
        return this.#counts();
    }
  }

  #startChild(given: ChildSpec | readonly unknown[]): Eventually<StartChildResult> {
    const child = this.#make(given);
    if ('error' in child) return ['error', child.error];
    if (this.#children.size >= this.#maxChildren) return ['error', 'max_children'];
    const started = runStart(child);
    return started instanceof Promise
      ? started.then(result => this.#started(child, result))
      : this.#started(child, started);
  }

  #make(given: ChildSpec | readonly unknown[]): Child | { error: unknown } {
    const template = this.#template;
    if (template !== undefined) {
      if (Array.isArray(given)) return newChild(template, given as readonly unknown[]);
      return { error: ['EXIT', ['badarg', given]] };
    }
    const checked = checkDynamicSpec(given);
    return 'error' in checked ? checked : newChild(checked.spec, this.#extraArguments);
  }

  /**
   * Where the two differ: Elixir's dynamic supervisor says `:ignore` where simple_one_for_one says
   * `{ok, undefined}`, and gives the bare reason of a start that raised, without `'EXIT'`.
   */
  #started(child: Child, result: Started): StartChildResult {
    if (result[0] === 'ok') this.#add(result[1], child);
    if (this.#template !== undefined) return result[0] === 'ignore' ? ['ok', undefined] : result;
    const raised = result[0] === 'error' && Array.isArray(result[1]) && result[1][0] === 'EXIT';
    return raised ? ['error', (result[1] as readonly unknown[])[1]] : result;
  }

  #terminateChild(id: ChildId | Pid): Eventually<AdminResult> {
    const simple = this.#template !== undefined;
    if (simple && !isPid(id)) return ['error', 'simple_one_for_one'];
    const pid = id as Pid;
    const child = this.#children.get(pid);
    if (child === undefined) return simple && isDead(pid) ? 'ok' : NOT_FOUND;
    const finish = (reason: ExitReason): AdminResult => {
      this.#reportEnd(child, reason);
      this.#remove(pid, child);
      return 'ok';
    };
    if (!isRunning(child)) {
      this.#remove(pid, child);
      return 'ok';
    }
    const reason = endProcess({ pid, shutdown: child.spec.shutdown });
    return reason instanceof Promise ? reason.then(finish) : finish(reason);
  }

  #whichChild(id: ChildId | Pid): SupervisorReply {
    if (this.#template !== undefined && !isPid(id)) return ['error', 'simple_one_for_one'];
    const child = this.#children.get(id as Pid);
    return child === undefined ? NOT_FOUND : ['ok', rowOf(child, undefined)];
  }

  /** By pid, a dead one's included, or by the id of the one specification there is. */
  #specOf(id: ChildId | Pid): CheckedSpec | undefined {
    const template = this.#template;
    const child = this.#children.get(id as Pid);
    if (template === undefined || child !== undefined) return child?.spec;
    return id === template.id || (isPid(id) && isDead(id)) ? template : undefined;
  }

  /** The oldest first: there is no order of starts to tell of, but that of OTP's maps of pids. */
  #rows(): ChildRow[] {
    return [...this.#children.values()].map(child => rowOf(child, undefined));
  }

  #counts(): ChildCounts {
    const { size } = this.#children;
    return {
      specs: this.#template === undefined ? size : 1,
      active: size - this.#restarting,
      supervisors: this.#supervisors,
      workers: size - this.#supervisors,
    };
  }
}

/** simple_one_for_one takes a dead process for a child that has ended already. */
function isDead(pid: Pid): boolean {
  return processOf(pid) === undefined && isolateOf(pid) === thisIsolate();
}

const NOT_FOUND = ['error', 'not_found'] as const;
