/**
 * Children with ids and an order: one_for_one, one_for_all, rest_for_one.
 * The rules are those of `supervisor.erl`: `do_restart/3`, `restart/3`, `restart_multiple_children/3`.
 *
 * A child is found by id and by pid at the same cost however many there are; what concerns all of
 * them (rest_for_one, an end, a list) goes through all of them.
 */
import { isOrderly } from '../actors/exit.ts';
import type { ExitReason } from '../actors/exit.ts';
import { cast } from '../actors/gen-server/gen-server.ts';
import type { Pid } from '../actors/pid.ts';
import { endProcess } from '../actors/termination.ts';
import {
  childMayRestart,
  endedAsAsked,
  isActive,
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
import { keyOf } from './child-id.ts';
import type { ChildId } from './child-id.ts';
import { checkChildSpec } from './child-spec.ts';
import type { CheckedSpec, ChildSpec } from './child-spec.ts';
import type { Flags } from './flags.ts';
import { lookAtChild, recentRestarts } from './look.ts';
import type { LookPage, SupervisorLook } from './look.ts';
import { addRestart } from './restart-intensity.ts';

export class StaticChildren implements Children {
  readonly #self: Pid;
  readonly #report: Reporter;
  #flags: Flags;
  /** In start order, by what stands for their ids. */
  #children = new Map<unknown, Child>();
  readonly #byPid = new Map<Pid, Child>();
  #restarts: number[] = [];

  constructor(self: Pid, flags: Flags, specs: readonly CheckedSpec[]) {
    this.#self = self;
    this.#report = new Reporter(self);
    this.#flags = flags;
    for (const spec of specs) this.#children.set(keyOf(spec.id), newChild(spec));
  }

  /** Starts all for the first time; when one fails the started ones are ended again. */
  async startAll(): Promise<ExitReason> {
    const failure = await this.#startInOrder([...this.#children.values()]);
    if (failure === undefined) return undefined;
    await this.endAll();
    return ['failed_to_start_child', failure.child.spec.id, failure.reason];
  }

  async endAll(): Promise<void> {
    await this.#endInReverse([...this.#children.values()]);
  }

  update(flags: Flags, specs: readonly CheckedSpec[]): void {
    const old = this.#children;
    this.#flags = flags;
    this.#children = new Map(
      specs.map(spec => {
        const key = keyOf(spec.id);
        const child = old.get(key) ?? newChild(spec);
        child.spec = spec;
        old.delete(key);
        return [key, child];
      }),
    );
    for (const [key, child] of old) this.#children.set(key, child);
  }

  /** No child starts or ends between the two: the supervisor is suspended. */
  checkpoint(): () => void {
    const flags = this.#flags;
    const specs = [...this.#children].map(([key, child]) => ({ key, child, spec: child.spec }));
    return () => {
      this.#flags = flags;
      for (const { child, spec } of specs) child.spec = spec;
      this.#children = new Map(specs.map(({ key, child }) => [key, child]));
    };
  }

  look({ offset, limit }: LookPage): SupervisorLook {
    const flags = this.#flags;
    const children = [];
    let place = 0;
    for (const child of this.#children.values()) {
      if (place >= offset + limit) break;
      if (place >= offset) children.push(lookAtChild(child, child.spec.id, flags));
      place += 1;
    }
    const restarts = recentRestarts(this.#restarts, flags);
    return { flags, restarts, total: this.#children.size, children };
  }

  // --- the end of a child

  async exited(pid: Pid, reason: ExitReason): Promise<Outcome> {
    const child = this.#byPid.get(pid);
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
    for (const { spec, pid } of this.#children.values()) {
      if (spec.significant && pid !== undefined) return 'go_on';
    }
    return 'shutdown';
  }

  #setPid(child: Child, pid: Child['pid']): void {
    if (isRunning(child)) this.#byPid.delete(child.pid);
    child.pid = pid;
    if (isRunning(child)) this.#byPid.set(child.pid, child);
  }

  /** A temporary child's spec goes with its process. */
  #setDown(child: Child): void {
    this.#setPid(child, undefined);
    if (child.spec.restart === 'temporary') this.#children.delete(keyOf(child.spec.id));
  }

  async #restart(child: Child): Promise<Outcome> {
    if (!this.#mayRestart(child)) {
      this.#report.error('shutdown', 'reached_max_restart_intensity', child);
      this.#setPid(child, undefined);
      if (this.#flags.intensityPer === 'supervisor') return 'shutdown';
      this.#children.delete(keyOf(child.spec.id));
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
        return this.#restartOne(child);
      case 'rest_for_one': {
        const all = [...this.#children.values()];
        return this.#restartGroup(child, all.slice(all.indexOf(child)));
      }
      case 'one_for_all':
        return this.#restartGroup(child, [...this.#children.values()]);
      case 'simple_one_for_one':
        throw new TypeError('simple_one_for_one children are kept by DynamicChildren');
    }
  }

  async #restartOne(child: Child): Promise<Child | undefined> {
    const result = await this.#start(child);
    if (result[0] !== 'error') return undefined;
    this.#report.error('start_error', result[1], child);
    this.#setPid(child, 'restarting');
    return child;
  }

  async #restartGroup(child: Child, group: readonly Child[]): Promise<Child | undefined> {
    this.#setPid(child, undefined);
    await this.#endInReverse(group);
    const left = group.filter(({ spec }) => this.#children.has(keyOf(spec.id)));
    const failure = await this.#startInOrder(left);
    if (failure === undefined) return undefined;
    this.#setPid(failure.child, 'restarting');
    return failure.child;
  }

  async #startInOrder(
    group: readonly Child[],
  ): Promise<{ child: Child; reason: ExitReason } | undefined> {
    for (const child of group) {
      const result = await this.#start(child);
      if (result[0] === 'error') {
        this.#report.error('start_error', result[1], child);
        return { child, reason: result[1] };
      }
      // One that has to be there to be restarted is kept without a process.
      if (result[0] === 'ignore') this.#setDown(child);
    }
    return undefined;
  }

  async #start(child: Child, level: 'info' | 'debug' = 'info'): Promise<Started> {
    const result = await runStart(child);
    if (result[0] === 'error') return result;
    this.#setPid(child, result[0] === 'ok' ? result[1] : undefined);
    if (result[0] === 'ok') this.#report.progress(child, level);
    return result;
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

  #find(id: ChildId): Child | undefined {
    return this.#children.get(keyOf(id));
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
      case 'getChildspec': {
        const child = this.#find(request.id);
        return child === undefined ? NOT_FOUND : ['ok', child.spec];
      }
      case 'whichChild': {
        const child = this.#find(request.id);
        return child === undefined ? NOT_FOUND : ['ok', rowOf(child, child.spec.id)];
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
    const { spec } = checked;
    const present = this.#find(spec.id);
    if (present !== undefined) {
      return ['error', isRunning(present) ? ['already_started', present.pid] : 'already_present'];
    }
    const child = newChild(spec);
    const result = await this.#start(child, 'debug');
    if (result[0] === 'error') {
      const already = Array.isArray(result[1]) && result[1][0] === 'already_started';
      return already ? result : ['error', [result[1], spec]];
    }
    if (result[0] === 'ok' || spec.restart !== 'temporary')
      this.#children.set(keyOf(spec.id), child);
    return asStarted(result);
  }

  async #restartChild(id: ChildId): Promise<StartChildResult> {
    const child = this.#find(id);
    if (child === undefined) return NOT_FOUND;
    if (child.pid !== undefined) return isUp(child);
    return asStarted(await this.#start(child, 'debug'));
  }

  #deleteChild(id: ChildId): AdminResult {
    const child = this.#find(id);
    if (child === undefined) return NOT_FOUND;
    if (child.pid !== undefined) return isUp(child);
    this.#children.delete(keyOf(id));
    return 'ok';
  }

  async #terminateChild(id: ChildId | Pid): Promise<AdminResult> {
    const child = this.#find(id);
    if (child === undefined) return NOT_FOUND;
    await this.#end(child);
    return 'ok';
  }

  #rows(): ChildRow[] {
    return [...this.#children.values()].reverse().map(child => rowOf(child, child.spec.id));
  }

  #counts(): ChildCounts {
    let active = 0;
    let supervisors = 0;
    for (const child of this.#children.values()) {
      if (isActive(child)) active += 1;
      if (child.spec.type === 'supervisor') supervisors += 1;
    }
    const specs = this.#children.size;
    return { specs, active, supervisors, workers: specs - supervisors };
  }
}

/** What a start that did not fail answers to who asked for it. */
function asStarted(result: Started): StartChildResult {
  return result[0] === 'ignore' ? ['ok', undefined] : result;
}

function isUp({ pid }: Child): readonly ['error', 'restarting' | 'running'] {
  return ['error', pid === 'restarting' ? 'restarting' : 'running'];
}

const NOT_FOUND = ['error', 'not_found'] as const;
