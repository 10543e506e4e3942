/** The same trees as real supervisors and processes, told of in the model's words. */
import { Exit, exit, self, send, setLogger, spawnLink, sys } from '../../../actors/index.ts';
import type { LogEvent, LogSink, Pid } from '../../../actors/index.ts';
import { isExit } from '../../../actors/parent-exit.ts';
import { processOf } from '../../../actors/process-table.ts';
import type { Process, Watcher } from '../../../actors/process.ts';
import { smallAdd } from '../../../actors/small-set.ts';
import { supervisor } from '../../../supervisors/index.ts';
import type { ChildSpec, SupervisorFlags } from '../../../supervisors/index.ts';
import type { Admin, Branch, Crash, Flags, Leaf, Node } from './tree.ts';

interface Told {
  readonly exit: unknown;
}

export class RealTree {
  /** Starts and reports in order. */
  readonly trace: string[] = [];
  readonly ends: string[] = [];
  /** Living and dead processes by the names that the model gives them. */
  readonly pids = new Map<string, Pid>();
  readonly #names = new Map<Pid, string>();
  readonly #starts = new Map<string, number>();
  readonly #lives = new Map<string, number>();
  readonly #oldLogger: LogSink;

  constructor() {
    this.#oldLogger = setLogger(event => this.#log(event));
  }

  close(): void {
    setLogger(this.#oldLogger);
  }

  start(root: Branch): Promise<readonly unknown[]> {
    return this.#startBranch(root);
  }

  nameOf(pid: unknown): string {
    return typeof pid === 'number' ? (this.#names.get(pid as Pid) ?? 'unknown') : String(pid);
  }

  pidOf(name: string): Pid {
    const pid = this.pids.get(name);
    if (pid === undefined) throw new Error(`no process was called ${name}`);
    return pid;
  }

  /** Makes a leaf end with the reason, at once if a signal can do that. */
  crash(name: string, leaf: Leaf, crash: Crash): void {
    const pid = this.pidOf(name);
    if (crash === 'kill') exit(pid, 'kill');
    else if (crash === 'normal' || leaf.manner !== 'obedient') {
      send(pid, { exit: reason(crash) } satisfies Told);
    } else exit(pid, reason(crash));
  }

  kill(name: string): void {
    exit(this.pidOf(name), 'kill');
  }

  /** The answer in the model's words; `'exit'` when the supervisor ended before it came. */
  async ask(name: string, branch: Branch, admin: Admin): Promise<unknown> {
    const pid = this.pidOf(name);
    try {
      return this.#inWords(await this.#request(pid, branch, admin));
    } catch (thrown) {
      if (thrown instanceof Exit) return 'exit';
      throw thrown;
    }
  }

  #request(pid: Pid, branch: Branch, admin: Admin): Promise<unknown> {
    const simple = branch.flags.strategy === 'simple_one_for_one';
    switch (admin.kind) {
      case 'startChild':
        return supervisor.startChild(pid, simple ? [admin.node] : this.#spec(admin.node));
      case 'restartChild':
        return supervisor.restartChild(pid, admin.id);
      case 'deleteChild':
        return supervisor.deleteChild(pid, admin.id);
      case 'terminateChild':
        return supervisor.terminateChild(pid, simple ? this.pidOf(admin.id) : admin.id);
    }
  }

  #inWords(answer: unknown): unknown {
    if (!Array.isArray(answer)) return answer;
    const [tag, what] = answer as readonly unknown[];
    if (tag === 'ok') return ['ok', what === undefined ? undefined : this.nameOf(what)];
    if (!Array.isArray(what)) return answer;
    if (what[0] === 'already_started') return ['error', ['already_started', this.nameOf(what[1])]];
    const spec = what[1] as Partial<ChildSpec> | undefined;
    return typeof spec === 'object' && 'start' in spec ? ['error', [what[0], spec.id]] : answer;
  }

  /** `whichChildren` and `countChildren` of a living supervisor. */
  async look(name: string): Promise<{ rows: string[]; counts: unknown }> {
    const pid = this.pidOf(name);
    const rows = await supervisor.whichChildren(pid);
    return {
      rows: rows.map(({ id, pid: child }) => `${id as string} ${this.nameOf(child)}`),
      counts: await supervisor.countChildren(pid),
    };
  }

  async upgrade(name: string, flags: Flags, pool: readonly Node[]): Promise<void> {
    const pid = this.pidOf(name);
    const init = (): [SupervisorFlags, ChildSpec[]] => [flags, pool.map(one => this.#spec(one))];
    await sys.suspend(pid);
    await sys.changeCode(pid, { init }, 1, null);
    await sys.resume(pid);
  }

  // --- specifications and starts

  #spec(node: Node): ChildSpec {
    const { id, restart, significant } = node;
    const rest = { id, restart, significant };
    if (node.kind === 'leaf') {
      return { ...rest, start: () => this.#startLeaf(node), shutdown: node.shutdown };
    }
    return {
      ...rest,
      type: 'supervisor',
      start: () => {
        this.trace.push(`start ${id}`);
        return this.#startBranch(node) as ReturnType<ChildSpec['start']>;
      },
    };
  }

  #startBranch(node: Branch): Promise<readonly unknown[]> {
    const { flags, pool, initial } = node;
    return supervisor.startLink(() => {
      this.#appeared(self(), node.id);
      if (flags.strategy !== 'simple_one_for_one') {
        return [flags, pool.slice(0, initial).map(one => this.#spec(one))];
      }
      const [first] = pool as readonly Leaf[];
      const template: ChildSpec = {
        ...this.#spec(first as Leaf),
        id: `${node.id}.template`,
        start: leaf => this.#startLeaf(leaf as Leaf),
      };
      return [flags, [template]];
    });
  }

  #startLeaf(node: Leaf): ReturnType<ChildSpec['start']> {
    this.trace.push(`start ${node.id}`);
    const started = this.#start(node);
    return node.later ? Promise.resolve(started) : started;
  }

  #start(node: Leaf): Awaited<ReturnType<ChildSpec['start']>> {
    const { id, outcomes, manner } = node;
    const outcome = outcomes[count(this.#starts, id)] ?? 'ok';
    if (outcome === 'error') return ['error', 'refused'];
    if (outcome === 'ignore') return ['ignore'];
    const pid = spawnLink(message => obey(message, manner), { trapExit: manner !== 'obedient' });
    this.#appeared(pid, id);
    return ['ok', pid];
  }

  #appeared(pid: Pid, id: string): void {
    const name = `${id}#${count(this.#lives, id)}`;
    this.pids.set(name, pid);
    this.#names.set(pid, name);
    const process = processOf(pid) as Process;
    const watcher: Watcher = {
      watcherPid: undefined,
      targetDied: (_process, why) => {
        this.ends.push(`${name} ${JSON.stringify(why)}`);
      },
    };
    process.watchers = smallAdd(process.watchers, watcher);
  }

  #log({ report }: LogEvent): void {
    if (report.kind === 'progress') {
      const { id, pid } = report.started;
      this.trace.push(`progress ${id} ${this.nameOf(pid)}`);
    } else if (report.kind === 'supervisor') {
      const { errorContext, reason: why, offender } = report;
      const who = offender.nbChildren ?? this.nameOf(offender.pid);
      this.trace.push(`${errorContext} ${JSON.stringify(why)} ${offender.id} ${who}`);
    }
  }
}

function count(counts: Map<string, number>, id: string): number {
  const number = counts.get(id) ?? 0;
  counts.set(id, number + 1);
  return number;
}

function reason(crash: Crash): unknown {
  return crash === 'term' ? ['shutdown', 'term'] : crash;
}

/** What a leaf does with a message. */
function obey(message: unknown, manner: Leaf['manner']): void {
  if (!isExit(message)) throw new Exit((message as Told).exit);
  if (message.reason !== 'shutdown') throw new Exit(message.reason);
  if (manner !== 'stubborn') throw new Exit(manner);
}
