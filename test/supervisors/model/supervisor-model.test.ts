/**
 * Random trees of supervisors, with random crashes, administration, upgrades and waits, come to the
 * same as a model of supervisor.erl: starts and reports in order, ends in order, answers, children.
 */
import fc from 'fast-check';
import t from 'tap';
import { setClock, stop } from '../../../actors/index.ts';
import { createVirtualClock, settle } from '../../../actors/testing.ts';
import type { VirtualClock } from '../../../actors/testing.ts';
import { randomSteps, randomTree } from './random-tree.ts';
import type { Step } from './random-tree.ts';
import { RealTree } from './real-tree.ts';
import { isLife, ModelSupervisor, nameOf, World } from './supervisor-model.ts';
import type { Life, ModelChild } from './supervisor-model.ts';
import type { Admin, Branch, Crash, Flags, Leaf, Node } from './tree.ts';

const RUNS = Number(process.env.SUPERVISOR_MODEL_RUNS ?? 250);

/** Every living supervisor, from the top down. */
function supervisors(top: ModelSupervisor): ModelSupervisor[] {
  if (!top.life.alive) return [];
  const below = top.children.flatMap(({ life }) =>
    isLife(life) && life.supervisor !== undefined ? supervisors(life.supervisor) : [],
  );
  return [top, ...below];
}

function pick<T>(list: readonly T[], number: number): T | undefined {
  return list[number % Math.max(1, list.length)];
}

type LeafLife = Life & { readonly node: Leaf };

function leaves({ children }: ModelSupervisor): LeafLife[] {
  return children.flatMap(({ life }) =>
    isLife(life) && life.node.kind === 'leaf' ? [life as LeafLife] : [],
  );
}

/** One run: the model goes first and says how long it takes. */
class Run {
  readonly world = new World();
  readonly real = new RealTree();
  readonly top: ModelSupervisor;
  readonly #clock: VirtualClock;
  readonly #dynamic: ReadonlySet<string>;

  constructor(clock: VirtualClock, root: Branch) {
    this.#clock = clock;
    this.top = new ModelSupervisor(this.world, root, undefined);
    this.#dynamic = new Set(dynamicIds(root));
  }

  async start(): Promise<boolean> {
    const expected = this.top.start();
    const starting = this.real.start(this.top.node);
    await this.#catchUp();
    const [tag, what] = await starting;
    const failed = typeof expected === 'object' && 'error' in expected;
    if (failed) same('start', [tag, what], ['error', expected.error]);
    else same('start', [tag, this.real.nameOf(what)], ['ok', this.top.life.name]);
    await this.#compare(false);
    return !failed;
  }

  async step(step: Step): Promise<void> {
    const chosen = pick(supervisors(this.top), step.supervisor);
    if (chosen === undefined) return;
    const { kind } = step;
    if (kind === 'wait') this.world.timeMs += step.ms;
    else if (kind === 'upgrade') await this.#upgrade(chosen, step);
    else if (kind === 'killSupervisor') this.#killSupervisor(chosen);
    else if (kind === 'crash') this.#crash(chosen, pick(leaves(chosen), step.one), step.crash);
    else if (kind === 'crashTwo') this.#crashTwo(chosen, step);
    else if (kind === 'ask') await this.#ask(chosen, this.#admin(chosen, step));
    else if (kind === 'crashAndAsk') await this.#crashAndAsk(chosen, step);
    else await this.#askRefused(chosen, step);
    await this.#catchUp();
    await this.#compare(kind === 'killSupervisor');
  }

  #crash(chosen: ModelSupervisor, victim: LeafLife | undefined, crash: Crash): void {
    if (victim === undefined) return;
    this.#end(chosen, victim, crash);
    chosen.run();
  }

  /** Both are dead before the supervisor has seen the first one. */
  #crashTwo(chosen: ModelSupervisor, { one, other, crash }: Step): void {
    const own = leaves(chosen);
    const first = pickTroubled(own, one);
    const second = pick(own, (one % 1_000) + 1);
    const orderly = other % 2 === 0 ? 'shutdown' : crash;
    if (first !== undefined && isSudden(first, crash)) this.#end(chosen, first, crash);
    if (second !== undefined && second !== first && isSudden(second, orderly)) {
      this.#end(chosen, second, orderly);
    }
    chosen.run();
  }

  #end(chosen: ModelSupervisor, victim: LeafLife, crash: Crash): void {
    chosen.crash(victim, crash);
    this.real.crash(victim.name, victim.node, crash);
  }

  /** Only one of which all children die at once with it: others would be told, and take their time. */
  #killSupervisor(chosen: ModelSupervisor): void {
    const { parent } = chosen;
    const all = leaves(chosen);
    const simple = chosen.children.every(({ life }) => !isLife(life) || life.node.kind === 'leaf');
    if (parent === undefined || !simple || all.some(({ node }) => node.manner !== 'obedient'))
      return;
    chosen.life.alive = false;
    parent.killed(chosen.life);
    this.real.kill(chosen.life.name);
    parent.run();
  }

  async #ask(chosen: ModelSupervisor, admin: Admin): Promise<void> {
    let expected: unknown;
    chosen.ask(admin, answer => {
      expected = answer;
    });
    const asked = this.real.ask(chosen.life.name, chosen.node, admin);
    chosen.run();
    await this.#catchUp();
    same(`answer to ${admin.kind}`, await asked, expected);
  }

  /** The request is in the mailbox before the supervisor has seen the crash. */
  async #crashAndAsk(chosen: ModelSupervisor, step: Step): Promise<void> {
    const victim = pickTroubled(leaves(chosen), step.one);
    let admin = this.#admin(chosen, step);
    if (victim !== undefined && isSudden(victim, step.crash)) {
      this.#end(chosen, victim, step.crash);
      const own = chosen.simple ? victim.name : victim.node.id;
      // Half of the time about the one that has crashed.
      if (step.other % 2 === 0 && 'id' in admin) admin = { ...admin, id: own };
    }
    await this.#ask(chosen, admin);
  }

  async #askRefused(chosen: ModelSupervisor, step: Step): Promise<void> {
    const node = pick(chosen.node.pool, step.one);
    if (node === undefined || chosen.simple) return;
    const restart = chosen.flags.autoShutdown === 'never' ? node.restart : 'permanent';
    await this.#ask(chosen, {
      kind: 'startChild',
      node: { ...node, restart, significant: true, id: `${node.id}.refused` },
    });
  }

  #admin(chosen: ModelSupervisor, step: Step): Admin {
    const { admin } = step;
    const node = pick(chosen.node.pool, step.other) as Node;
    if (admin === 'startChild') return { kind: admin, node: judged(node, chosen.flags) };
    if (!chosen.simple || admin !== 'terminateChild') return { kind: admin, id: node.id };
    const life = pick(leaves(chosen), step.other);
    // Nothing runs: a living process that is no child of it cannot be named here.
    return life === undefined
      ? { kind: 'deleteChild', id: node.id }
      : { kind: admin, id: life.name };
  }

  async #upgrade(chosen: ModelSupervisor, step: Step): Promise<void> {
    if (chosen.simple) return;
    const { pool } = chosen.node;
    const from = step.one % pool.length;
    const some = [...pool.slice(from), ...pool.slice(0, from)].slice(
      0,
      step.other % (pool.length + 1),
    );
    const restart = pick(['permanent', 'transient', 'temporary'] as const, step.ms) ?? 'permanent';
    const next = some.map((node, index) =>
      judged(index === 0 ? { ...node, restart } : node, step.flags),
    );
    chosen.upgrade(step.flags, next);
    await this.real.upgrade(chosen.life.name, step.flags, next);
  }

  /** Lets the real ones have the time that the model has had. */
  async #catchUp(): Promise<void> {
    await this.#clock.advance(this.world.timeMs - this.#clock.now());
    for (let seen = -1; seen !== this.real.trace.length + this.real.ends.length;) {
      seen = this.real.trace.length + this.real.ends.length;
      await settle();
    }
  }

  async #compare(anyOrder: boolean): Promise<void> {
    const order = (ends: string[]): string[] => (anyOrder ? ends.toSorted() : this.#ordered(ends));
    same('starts and reports', reportsInOrder(this.real.trace), reportsInOrder(this.world.trace));
    same('ends', order(this.real.ends), order(this.world.ends));
    this.real.ends.length = this.world.ends.length = 0;
    this.real.trace.length = this.world.trace.length = 0;
    for (const one of supervisors(this.top)) await this.#compareChildren(one);
  }

  /** The children of a simple_one_for_one end in an order that is not defined: last, and sorted. */
  #ordered(ends: readonly string[]): string[] {
    const isDynamic = (end: string): boolean => this.#dynamic.has(end.slice(0, end.indexOf('#')));
    const others = ends.filter(end => !isDynamic(end));
    return [...others, ...ends.filter(isDynamic).toSorted()];
  }

  async #compareChildren(one: ModelSupervisor): Promise<void> {
    const { rows, counts } = await this.real.look(one.life.name);
    const { children, simple, life } = one;
    const row = (child: ModelChild): string =>
      `${simple ? 'undefined' : child.node.id} ${nameOf(child.life)}`;
    const expected = children.map(row).reverse();
    if (simple) same(`children of ${life.name}`, rows.toSorted(), expected.toSorted());
    else same(`children of ${life.name}`, rows, expected);
    const branches = children.filter(({ node }) => node.kind === 'branch').length;
    same(`counts of ${life.name}`, counts, {
      specs: simple ? 1 : children.length,
      active: children.filter(child => isLife(child.life)).length,
      supervisors: branches,
      workers: children.length - branches,
    });
  }

  async end(): Promise<void> {
    if (this.top.life.alive) {
      this.top.terminate();
      this.world.end(this.top.life, 'killed');
      const stopped = stop(this.real.pidOf(this.top.life.name), 'killed');
      await this.#catchUp();
      await stopped;
      await this.#compare(false);
    }
    this.real.close();
  }
}

function dynamicIds({ pool, flags }: Branch): string[] {
  return pool.flatMap(node => {
    if (node.kind === 'branch') return dynamicIds(node);
    return flags.strategy === 'simple_one_for_one' ? [node.id] : [];
  });
}

/** A simple_one_for_one tells of each reason that its children ended with, in no certain order. */
function reportsInOrder(trace: readonly string[]): string[] {
  const lines: string[] = [];
  let group: string[] = [];
  for (const line of trace) {
    if (/^shutdown_error .*template \d+$/.test(line)) group.push(line);
    else {
      lines.push(...group.toSorted(), line);
      group = [];
    }
  }
  return [...lines, ...group.toSorted()];
}

/** One whose restart may fail, if there is any: more can happen then before the next message. */
function pickTroubled(own: readonly LeafLife[], number: number): LeafLife | undefined {
  const troubled = own.filter(({ node }) => node.outcomes.includes('error'));
  return pick(troubled.length > 0 ? troubled : own, number);
}

/** Whether a signal makes it end with this reason at once. */
function isSudden({ node }: LeafLife, crash: Crash): boolean {
  return crash === 'kill' || (node.manner === 'obedient' && crash !== 'normal');
}

/** As it may stand under the flags. */
function judged(node: Node, flags: Flags): Node {
  const may = flags.autoShutdown !== 'never' && node.restart !== 'permanent';
  return { ...node, significant: node.significant && may };
}

function same(what: string, real: unknown, model: unknown): void {
  const [is, should] = [real, model].map(one => JSON.stringify(one, undefined, 1));
  if (is !== should) throw new Error(`${what}: is ${is}, should be ${should}`);
}

void t.test('supervisors do what the model of supervisor.erl does', async t => {
  let steps = 0;
  await fc.assert(
    fc.asyncProperty(randomTree, randomSteps, async (root, all) => {
      const clock = createVirtualClock();
      const old = setClock(clock);
      const run = new Run(clock, root);
      try {
        if (!(await run.start())) return;
        for (const step of all) {
          await run.step(step);
          steps += 1;
        }
        await run.end();
      } finally {
        run.real.close();
        setClock(old);
      }
    }),
    { numRuns: RUNS },
  );
  t.ok(steps > RUNS, `${steps} steps in ${RUNS} trees`);
});
