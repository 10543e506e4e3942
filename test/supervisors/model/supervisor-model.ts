/**
 * A model of `supervisor.erl` (OTP 27): its rules on plain data, one function for each of its own,
 * without processes. Time is a number that a stubborn child's end moves on.
 */
import { badCombination, reasonOfCrash } from './tree.ts';
import type { Admin, Branch, Crash, Flags, Leaf, Node } from './tree.ts';

export type Reason = unknown;

/** A process: one life of a leaf or a supervisor. */
export interface Life {
  readonly name: string;
  readonly node: Node;
  readonly supervisor: ModelSupervisor | undefined;
  alive: boolean;
}

export interface ModelChild {
  node: Node;
  life: Life | 'restarting' | undefined;
  /** Its last life while it is `restarting`: that of a simple_one_for_one is still found by it. */
  last?: Life;
  restarts: number[];
}

/** What all supervisors of a run share: the time, and what can be seen from outside. */
export class World {
  timeMs = 0;
  /** Starts and reports in order. */
  readonly trace: string[] = [];
  /** Ends of processes in order. */
  readonly ends: string[] = [];
  readonly #starts = new Map<string, number>();
  readonly #lives = new Map<string, number>();

  nextStart(id: string): number {
    return count(this.#starts, id);
  }

  nextName(id: string): string {
    return `${id}#${count(this.#lives, id)}`;
  }

  end(life: Life, reason: Reason): void {
    life.alive = false;
    this.ends.push(`${life.name} ${JSON.stringify(reason)}`);
  }
}

function count(counts: Map<string, number>, id: string): number {
  const number = counts.get(id) ?? 0;
  counts.set(id, number + 1);
  return number;
}

type Message =
  | { readonly kind: 'exit'; readonly life: Life; readonly reason: Reason }
  | { readonly kind: 'tryAgain'; readonly child: ModelChild }
  | { readonly kind: 'call'; readonly admin: Admin; readonly answered: (answer: unknown) => void };

type Start = { ok: Life } | 'ignore' | { error: Reason };
type Outcome = 'go_on' | 'shutdown';

export class ModelSupervisor {
  readonly world: World;
  readonly parent: ModelSupervisor | undefined;
  readonly life: Life;
  flags: Flags;
  readonly node: Branch;
  /** In start order. */
  children: ModelChild[] = [];
  #restarts: number[] = [];
  #mailbox: Message[] = [];

  constructor(world: World, node: Branch, parent: ModelSupervisor | undefined) {
    this.world = world;
    this.node = node;
    this.flags = node.flags;
    this.parent = parent;
    this.life = { name: world.nextName(node.id), node, supervisor: this, alive: true };
  }

  get simple(): boolean {
    return this.flags.strategy === 'simple_one_for_one';
  }

  // --- init/1

  start(): Start {
    if (this.simple) return { ok: this.life };
    this.children = this.node.pool.slice(0, this.node.initial).map(newChild);
    const failed = this.#startChildren(this.children);
    if (failed === undefined) return { ok: this.life };
    this.#terminateChildren(this.children);
    const reason = ['shutdown', ['failed_to_start_child', failed.child.node.id, failed.reason]];
    this.world.end(this.life, reason);
    return { error: reason };
  }

  // --- what others do

  /** A process ends by itself: its supervisor has an EXIT in its mailbox. */
  crash(life: Life, crash: Crash): void {
    const reason = reasonOfCrash(crash);
    this.world.end(life, reason);
    this.#mailbox.push({ kind: 'exit', life, reason });
  }

  /** Everything below dies with a supervisor that is killed. */
  killed(life: Life): void {
    for (const child of life.supervisor?.children ?? []) {
      if (isLife(child.life)) this.world.end(child.life, 'killed');
    }
    this.crash(life, 'kill');
  }

  ask(admin: Admin, answered: (answer: unknown) => void): void {
    this.#mailbox.push({ kind: 'call', admin, answered });
  }

  /** Handles what is in the mailbox, and what comes of it above. */
  run(): void {
    for (let message = this.#take(); message !== undefined; message = this.#take()) {
      if (this.#handle(message) === 'shutdown') this.#end();
    }
    if (!this.life.alive) this.parent?.run();
  }

  #take(): Message | undefined {
    return this.life.alive ? this.#mailbox.shift() : undefined;
  }

  #handle(message: Message): Outcome {
    switch (message.kind) {
      case 'exit': {
        const child = this.children.find(({ life }) => life === message.life);
        return child === undefined ? 'go_on' : this.#doRestart(child, message.reason);
      }
      case 'tryAgain': {
        const there = this.children.includes(message.child);
        return there && message.child.life === 'restarting'
          ? this.#restart(message.child)
          : 'go_on';
      }
      case 'call':
        message.answered(this.#answer(message.admin));
        return 'go_on';
    }
  }

  #end(): void {
    this.terminate();
    this.world.end(this.life, 'shutdown');
    for (const message of this.#mailbox) if (message.kind === 'call') message.answered('exit');
    this.parent?.mourn(this.life, 'shutdown');
  }

  mourn(life: Life, reason: Reason): void {
    this.#mailbox.push({ kind: 'exit', life, reason });
  }

  terminate(): void {
    if (this.simple) this.#terminateDynamicChildren();
    else this.#terminateChildren(this.children);
  }

  // --- restart

  #doRestart(child: ModelChild, reason: Reason): Outcome {
    const { restart } = child.node;
    if (restart === 'permanent') {
      this.#report('child_terminated', reason, child);
      return this.#restart(child);
    }
    if (isOrderly(reason)) return this.#deleteAndJudge(child);
    this.#report('child_terminated', reason, child);
    return restart === 'transient' ? this.#restart(child) : this.#deleteAndJudge(child);
  }

  #deleteAndJudge(child: ModelChild): Outcome {
    this.#delete(child);
    const { autoShutdown } = this.flags;
    if (autoShutdown === 'never' || !child.node.significant) return 'go_on';
    if (autoShutdown === 'any_significant') return 'shutdown';
    const others = this.children.some(({ life, node }) => life !== undefined && node.significant);
    return others ? 'go_on' : 'shutdown';
  }

  #restart(child: ModelChild): Outcome {
    if (!this.#addRestart(child)) {
      this.#report('shutdown', 'reached_max_restart_intensity', child);
      this.#delete(child);
      if (this.flags.intensityPer === 'supervisor') return 'shutdown';
      this.#forget(child);
      return 'go_on';
    }
    const again = this.#restartByStrategy(child);
    if (again !== undefined) this.#mailbox.push({ kind: 'tryAgain', child: again });
    return 'go_on';
  }

  #addRestart(child: ModelChild): boolean {
    const holder = this.flags.intensityPer === 'child' ? child : undefined;
    const now = Math.floor(this.world.timeMs / 1_000);
    const old = holder?.restarts ?? this.#restarts;
    const restarts = [...old.filter(second => second >= now - this.flags.period), now];
    if (holder === undefined) this.#restarts = restarts;
    else holder.restarts = restarts;
    return restarts.length <= this.flags.intensity;
  }

  #restartByStrategy(child: ModelChild): ModelChild | undefined {
    switch (this.flags.strategy) {
      case 'simple_one_for_one':
      case 'one_for_one': {
        const result = this.#doStartChild(child);
        if (typeof result === 'object' && 'error' in result) {
          this.#report('start_error', result.error, child);
          if (isLife(child.life)) child.last = child.life;
          child.life = 'restarting';
          return child;
        }
        child.life = result === 'ignore' ? undefined : result.ok;
        // Ours: OTP keeps `undefined` for a child, and cannot end it.
        if (this.simple && result === 'ignore') this.#forget(child);
        return undefined;
      }
      case 'rest_for_one':
        return this.#restartMultiple(child, this.children.slice(this.children.indexOf(child)));
      case 'one_for_all':
        return this.#restartMultiple(child, this.children);
    }
  }

  #restartMultiple(child: ModelChild, group: readonly ModelChild[]): ModelChild | undefined {
    child.life = undefined;
    this.#terminateChildren(group);
    const failed = this.#startChildren(group.filter(one => this.children.includes(one)));
    if (failed !== undefined) failed.child.life = 'restarting';
    return failed?.child;
  }

  #startChildren(group: readonly ModelChild[]): { child: ModelChild; reason: Reason } | undefined {
    for (const child of group) {
      const result = this.#doStartChild(child);
      if (result === 'ignore') {
        if (child.node.restart === 'temporary') this.#forget(child);
      } else if ('error' in result) {
        this.#report('start_error', result.error, child);
        return { child, reason: result.error };
      } else child.life = result.ok;
    }
    return undefined;
  }

  #doStartChild(child: ModelChild): Start {
    const result = this.#callStart(child.node);
    if (typeof result === 'object' && 'ok' in result && !this.simple) {
      this.world.trace.push(`progress ${child.node.id} ${result.ok.name}`);
    }
    return result;
  }

  #callStart(node: Node): Start {
    this.world.trace.push(`start ${node.id}`);
    if (node.kind === 'branch') return new ModelSupervisor(this.world, node, this).start();
    const outcome = node.outcomes[this.world.nextStart(node.id)] ?? 'ok';
    if (outcome === 'error') return { error: 'refused' };
    if (outcome === 'ignore') return 'ignore';
    const name = this.world.nextName(node.id);
    return { ok: { name, node, supervisor: undefined, alive: true } };
  }

  // --- terminate

  #terminateChildren(group: readonly ModelChild[]): void {
    for (const child of [...group].reverse()) {
      this.#doTerminate(child);
      this.#delete(child);
    }
  }

  #doTerminate(child: ModelChild): void {
    if (!isLife(child.life)) return;
    const reason = this.#shutdown(child.life);
    if (!endedAsAsked(child.node, reason)) this.#report('shutdown_error', reason, child);
  }

  /** In parallel, with one timer; one report for each reason. */
  #terminateDynamicChildren(): void {
    const begin = this.world.timeMs;
    let end = begin;
    const reasons = new Map<string, number>();
    for (const { life } of this.children) {
      if (!isLife(life)) continue;
      this.world.timeMs = begin;
      const reason = this.#shutdown(life);
      end = Math.max(end, this.world.timeMs);
      if (endedAsAsked(life.node, reason)) continue;
      const text = JSON.stringify(reason);
      reasons.set(text, (reasons.get(text) ?? 0) + 1);
    }
    this.world.timeMs = end;
    for (const [reason, times] of reasons) {
      this.world.trace.push(`shutdown_error ${reason} ${this.node.id}.template ${times}`);
    }
    this.children = [];
  }

  #shutdown(life: Life): Reason {
    if (!life.alive) return this.#lastWords(life);
    const reason = endOf(life, this.world);
    this.world.end(life, reason);
    return reason;
  }

  /** It died before: its EXIT waits in the mailbox and says why. */
  #lastWords(life: Life): Reason {
    const at = this.#mailbox.findIndex(one => one.kind === 'exit' && one.life === life);
    const [message] = this.#mailbox.splice(at, 1);
    return message?.kind === 'exit' ? message.reason : 'noproc';
  }

  /** del_child/2 */
  #delete(child: ModelChild): void {
    child.life = undefined;
    if (this.simple || child.node.restart === 'temporary') this.#forget(child);
  }

  #forget(child: ModelChild): void {
    this.children = this.children.filter(one => one !== child);
  }

  #report(context: string, reason: Reason, child: ModelChild): void {
    const id = this.simple ? `${this.node.id}.template` : child.node.id;
    this.world.trace.push(`${context} ${JSON.stringify(reason)} ${id} ${nameOf(child.life)}`);
  }

  // --- handle_call

  #answer(admin: Admin): unknown {
    if (this.simple) return this.#answerSimple(admin);
    if (admin.kind === 'startChild') return this.#handleStartChild(admin.node);
    const child = this.children.find(({ node }) => node.id === admin.id);
    if (child === undefined) return ['error', 'not_found'];
    if (admin.kind === 'terminateChild') {
      this.#doTerminate(child);
      this.#delete(child);
      return 'ok';
    }
    if (child.life === 'restarting') return ['error', 'restarting'];
    if (child.life !== undefined) return ['error', 'running'];
    if (admin.kind === 'deleteChild') {
      this.#forget(child);
      return 'ok';
    }
    const result = this.#doStartChild(child);
    if (result === 'ignore') return ['ok', undefined];
    if ('error' in result) return ['error', result.error];
    child.life = result.ok;
    return ['ok', result.ok.name];
  }

  #handleStartChild(node: Node): unknown {
    const bad = badCombination(node, this.flags);
    if (bad !== undefined) return ['error', bad];
    const present = this.children.find(child => child.node.id === node.id);
    if (present !== undefined) {
      const { life } = present;
      return ['error', isLife(life) ? ['already_started', life.name] : 'already_present'];
    }
    const child = newChild(node);
    const result = this.#doStartChild(child);
    if (result === 'ignore') {
      if (node.restart !== 'temporary') this.children.push(child);
      return ['ok', undefined];
    }
    if ('error' in result) return ['error', [result.error, node.id]];
    child.life = result.ok;
    this.children.push(child);
    return ['ok', result.ok.name];
  }

  /** By the name of a life; a dead one counts as terminated. */
  #answerSimple(admin: Admin): unknown {
    if (admin.kind === 'startChild') {
      const result = this.#callStart(admin.node);
      if (result === 'ignore') return ['ok', undefined];
      if ('error' in result) return ['error', result.error];
      this.children.push({ ...newChild(admin.node), life: result.ok });
      return ['ok', result.ok.name];
    }
    if (admin.kind !== 'terminateChild') return ['error', 'simple_one_for_one'];
    const child = this.children.find(
      ({ life, last }) => (isLife(life) ? life : last)?.name === admin.id,
    );
    if (child === undefined) return 'ok';
    this.#doTerminate(child);
    this.#forget(child);
    return 'ok';
  }

  // --- code_change/3

  upgrade(flags: Flags, pool: readonly Node[]): void {
    this.flags = flags;
    const updated = pool.map(node => {
      const child = this.children.find(one => one.node.id === node.id) ?? newChild(node);
      child.node = node;
      return child;
    });
    this.children = [...updated, ...this.children.filter(one => !updated.includes(one))];
  }
}

function newChild(node: Node): ModelChild {
  return { node, life: undefined, restarts: [] };
}

export function isLife(life: ModelChild['life']): life is Life {
  return typeof life === 'object';
}

export function nameOf(life: ModelChild['life']): string {
  return isLife(life) ? life.name : String(life);
}

/** How a living process ends when it is told to. */
function endOf(life: Life, world: World): Reason {
  const { node } = life;
  if (node.kind === 'branch') {
    life.supervisor?.terminate();
    return 'shutdown';
  }
  return endOfLeaf(node, world);
}

function endOfLeaf({ shutdown, manner }: Leaf, world: World): Reason {
  if (shutdown === 'brutal_kill') return 'killed';
  if (manner === 'obedient') return 'shutdown';
  if (manner !== 'stubborn') return manner;
  world.timeMs += Number(shutdown);
  return 'killed';
}

/** shutdown/1 */
function endedAsAsked(node: Node, reason: Reason): boolean {
  const brutal = node.kind === 'leaf' && node.shutdown === 'brutal_kill';
  if (reason === (brutal ? 'killed' : 'shutdown')) return true;
  return node.restart !== 'permanent' && isOrderly(reason);
}

function isOrderly(reason: Reason): boolean {
  return (
    reason === 'normal' || reason === 'shutdown' || (Array.isArray(reason) && reason.length === 2)
  );
}
