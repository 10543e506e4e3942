/**
 * Children with ids and an order: one_for_one, one_for_all, rest_for_one.
 * The rules are those of `supervisor.erl`: `do_restart/3`, `restart/3`, `restart_multiple_children/3`.
 */
import { isOrderly } from '../actors/exit.ts';
import type { ExitReason } from '../actors/exit.ts';
import { cast } from '../actors/gen-server/gen-server.ts';
import type { Pid } from '../actors/pid.ts';
import { endProcess } from '../actors/termination.ts';
import {
  childMayRestart,
  endedAsAsked,
  newChild,
  nowSeconds,
  Reporter,
  runStart,
} from './child.ts';
import type { Child } from './child.ts';
import type {
  AdminResult,
  ChildCounts,
  ChildRow,
  Children,
  Outcome,
  StartChildResult,
  SupervisorCall,
  SupervisorReply,
  TryAgain,
} from './children.ts';
import { checkChildSpec } from './child-spec.ts';
import type { CheckedSpec, ChildId, ChildSpec } from './child-spec.ts';
import type { Flags } from './flags.ts';
import { lookAtChild, recentRestarts } from './look.ts';
import type { LookPage, SupervisorLook } from './look.ts';
import { addRestart } from './restart-intensity.ts';

export class StaticChildren implements Children {
  readonly #self: Pid;
  readonly #report: Reporter;
  #flags: Flags;
  /** In start order. */
  #children: Child[];
  #restarts: readonly number[] = [];

  constructor(self: Pid, flags: Flags, specs: readonly CheckedSpec[]) {
    this.#self = self;
    this.#report = new Reporter(self);
    this.#flags = flags;
    this.#children = specs.map(spec => newChild(spec));
  }

  /** Starts all for the first time; when one fails the started ones are ended again. */
  async startAll(): Promise<ExitReason> {
    const failure = await this.#startInOrder(this.#children);
    if (failure === undefined) return undefined;
    await this.endAll();
    return ['failed_to_start_child', failure.child.spec.id, failure.reason];
  }

  async endAll(): Promise<void> {
    await this.#endInReverse(this.#children);
  }

  update(flags: Flags, specs: readonly CheckedSpec[]): void {
    const old = new Map(this.#children.map(child => [child.spec.id, child]));
    const updated = specs.map(spec => {
      const child = old.get(spec.id);
      old.delete(spec.id);
      if (child === undefined) return newChild(spec);
      child.spec = spec;
      return child;
    });
    this.#flags = flags;
    this.#children = [...updated, ...old.values()];
  }

  look({ offset, limit }: LookPage): SupervisorLook {
    const flags = this.#flags;
    return {
      flags,
      restarts: recentRestarts(this.#restarts, flags),
      total: this.#children.length,
      children: this.#children
        .slice(offset, offset + limit)
        .map(child => lookAtChild(child, child.spec.id, flags)),
    };
  }

  // --- the end of a child

  async exited(pid: Pid, reason: ExitReason): Promise<Outcome> {
    const child = this.#children.find(one => one.pid === pid);
    if (child === undefined) return 'go_on';
    const { restart } = child.spec;
    if (restart !== 'permanent' && isOrderly(reason)) return this.#ended(child);
    this.#report.error('child_terminated', reason, child);
    return restart === 'temporary' ? this.#ended(child) : this.#restart(child);
  }

  async tryAgain(key: ChildId | Pid): Promise<Outcome> {
    const child = this.#find(key);
    // It may have been terminated or deleted meanwhile: that ends the retries.
    return child?.pid === 'restarting' ? this.#restart(child) : 'go_on';
  }

  /** It ended for good by itself: a significant child may take the supervisor with it. */
  #ended(child: Child): Outcome {
    this.#setDown(child);
    const { autoShutdown } = this.#flags;
    if (autoShutdown === 'never' || !child.spec.significant) return 'go_on';
    if (autoShutdown === 'any_significant') return 'shutdown';
    const others = this.#children.some(one => one.spec.significant && one.pid !== undefined);
    return others ? 'go_on' : 'shutdown';
  }

  /** A temporary child's spec goes with its process. */
  #setDown(child: Child): void {
    child.pid = undefined;
    if (child.spec.restart === 'temporary') this.#remove(child);
  }

  #remove(child: Child): void {
    this.#children = this.#children.filter(one => one !== child);
  }

  async #restart(child: Child): Promise<Outcome> {
    if (!this.#mayRestart(child)) {
      this.#report.error('shutdown', 'reached_max_restart_intensity', child);
      child.pid = undefined;
      if (this.#flags.intensityPer === 'supervisor') return 'shutdown';
      this.#remove(child);
      return 'go_on';
    }
    const failed = await this.#restartByStrategy(child);
    if (failed !== undefined) {
      const again: TryAgain = { kind: 'tryAgain', key: failed.spec.id };
      cast(this.#self, again);
    }
    return 'go_on';
  }

  #mayRestart(child: Child): boolean {
    if (this.#flags.intensityPer === 'child') return childMayRestart(child, this.#flags);
    const { restarts, allowed } = addRestart(this.#restarts, nowSeconds(), this.#flags);
    this.#restarts = restarts;
    return allowed;
  }

  /** The child that could not be started and has to be tried again, if any. */
  async #restartByStrategy(child: Child): Promise<Child | undefined> {
    switch (this.#flags.strategy) {
      case 'one_for_one':
        return this.#restartGroup([child]);
      case 'rest_for_one':
        return this.#restartGroup(this.#children.slice(this.#children.indexOf(child)), child);
      case 'one_for_all':
        return this.#restartGroup(this.#children, child);
      case 'simple_one_for_one':
        throw new TypeError('simple_one_for_one children are kept by DynamicChildren');
    }
  }

  async #restartGroup(group: readonly Child[], child?: Child): Promise<Child | undefined> {
    if (child !== undefined) {
      child.pid = undefined;
      await this.#endInReverse(group);
    }
    const left = group.filter(one => this.#children.includes(one));
    const failure = await this.#startInOrder(left);
    if (failure === undefined) return undefined;
    failure.child.pid = 'restarting';
    return failure.child;
  }

  async #startInOrder(
    group: readonly Child[],
  ): Promise<{ child: Child; reason: ExitReason } | undefined> {
    for (const child of group) {
      const result = await this.#start(child);
      if (result[0] !== 'error') continue;
      this.#report.error('start_error', result[1], child);
      return { child, reason: result[1] };
    }
    return undefined;
  }

  async #start(child: Child): Promise<StartChildResult> {
    const result = await runStart(child);
    if (result[0] === 'error') return result;
    child.pid = result[0] === 'ok' ? result[1] : undefined;
    if (child.pid !== undefined) this.#report.progress(child);
    else if (child.spec.restart === 'temporary') this.#remove(child);
    return ['ok', child.pid];
  }

  async #endInReverse(group: readonly Child[]): Promise<void> {
    for (const child of group.toReversed()) await this.#end(child);
  }

  async #end(child: Child): Promise<void> {
    const { pid, spec } = child;
    if (typeof pid === 'number') {
      const reason = await endProcess({ pid, shutdown: spec.shutdown });
      if (!endedAsAsked(spec, reason)) this.#report.error('shutdown_error', reason, child);
    }
    this.#setDown(child);
  }

  // --- administration

  async answer(request: SupervisorCall): Promise<SupervisorReply> {
    switch (request.kind) {
      case 'startChild':
        return this.#startChild(request.spec as ChildSpec);
      case 'restartChild':
        return this.#restartChild(request.id);
      case 'deleteChild':
        return this.#deleteChild(request.id);
      case 'terminateChild':
        return this.#terminateChild(request.id);
      case 'getChildSpec': {
        const child = this.#find(request.id);
        return child === undefined ? NOT_FOUND : ['ok', child.spec];
      }
      case 'whichChildren':
        return this.#rows();
      case 'countChildren':
        return this.#counts();
    }
  }

  async #startChild(given: ChildSpec): Promise<StartChildResult> {
    const checked = checkChildSpec(given, this.#flags.autoShutdown);
    if ('error' in checked) return ['error', checked.error];
    const present = this.#find(checked.spec.id);
    if (present !== undefined) {
      const why = present.pid === undefined ? 'already_present' : ['already_started', present.pid];
      return ['error', why];
    }
    const child = newChild(checked.spec);
    this.#children.push(child);
    const result = await this.#start(child);
    if (result[0] !== 'error') return result;
    this.#remove(child);
    const already = Array.isArray(result[1]) && result[1][0] === 'already_started';
    return already ? result : ['error', [result[1], checked.spec]];
  }

  async #restartChild(id: ChildId): Promise<StartChildResult> {
    const child = this.#find(id);
    if (child === undefined) return NOT_FOUND;
    if (child.pid !== undefined) {
      return ['error', child.pid === 'restarting' ? 'restarting' : 'running'];
    }
    return this.#start(child);
  }

  #deleteChild(id: ChildId): AdminResult {
    const child = this.#find(id);
    if (child === undefined) return NOT_FOUND;
    if (child.pid !== undefined) {
      return ['error', child.pid === 'restarting' ? 'restarting' : 'running'];
    }
    this.#remove(child);
    return 'ok';
  }

  async #terminateChild(id: ChildId | Pid): Promise<AdminResult> {
    const child = this.#find(id);
    if (child === undefined) return NOT_FOUND;
    await this.#end(child);
    return 'ok';
  }

  #find(id: ChildId): Child | undefined {
    return this.#children.find(child => child.spec.id === id);
  }

  #rows(): ChildRow[] {
    return this.#children.toReversed().map(({ pid, spec }) => ({
      id: spec.id,
      pid,
      type: spec.type,
      modules: spec.modules,
    }));
  }

  #counts(): ChildCounts {
    const supervisors = this.#children.filter(({ spec }) => spec.type === 'supervisor').length;
    return {
      specs: this.#children.length,
      active: this.#children.filter(({ pid }) => typeof pid === 'number').length,
      supervisors,
      workers: this.#children.length - supervisors,
    };
  }
}

const NOT_FOUND = ['error', 'not_found'] as const;
