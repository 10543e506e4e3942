/**
 * Ending other processes and waiting for their deaths, as `supervisor.erl` does in `shutdown/1`:
 * monitor, signal, and after the timeout a kill. The link stays until the end, so that nothing is
 * orphaned when the caller dies meanwhile; its EXIT is not delivered.
 */
import { after } from './clock.ts';
import type { TimerHandle } from './clock.ts';
import { requireProcess } from './context.ts';
import type { ExitReason } from './exit.ts';
import { demonitorRemote, exitRemote, monitorRemote } from './isolates/outgoing.ts';
import { outboxTo } from './isolates/outbox.ts';
import { awaitSignal, stopAwaiting } from './isolates/waiting.ts';
import type { Waiting } from './isolates/waiting.ts';
import { unlinkProcesses } from './links.ts';
import type { ExitMessage } from './messages.ts';
import { isExit } from './parent-exit.ts';
import { isolateOf, makeRef } from './pid.ts';
import type { Pid } from './pid.ts';
import { processOf } from './process-table.ts';
import type { Holding, Process, Watcher } from './process.ts';
import { sendExitSignal } from './signals.ts';
import { smallAdd, smallDelete } from './small-set.ts';

/** How a child is ended: milliseconds to end by itself, or without end, or at once. */
export type Shutdown = number | 'brutal_kill' | 'infinity';

export interface Ending {
  readonly pid: Pid;
  readonly shutdown: Shutdown;
}

/** The reasons in the order of the endings, known at once when all died at once. */
export function endProcesses(
  endings: readonly Ending[],
): readonly ExitReason[] | Promise<readonly ExitReason[]> {
  const group = new EndingGroup(requireProcess('endProcesses()'), endings);
  group.begin();
  return group.outcome();
}

/** The reason with which the process ended, known at once when it died at once. */
export function endProcess(ending: Ending): ExitReason {
  const reasons = endProcesses([ending]);
  return reasons instanceof Promise ? reasons.then(([reason]) => reason) : reasons[0];
}

class EndingGroup implements Holding {
  readonly #caller: Process;
  readonly #endings: readonly Ending[];
  readonly #reasons: ExitReason[];
  /** One timer for all that have the same time, as simple_one_for_one shares one. */
  readonly #timers = new Map<number, TimerHandle>();
  readonly #remote: RemoteEndingWatch[] = [];
  /** The endings by index that are not over. */
  readonly #open: Set<number>;
  #resolve: ((reasons: readonly ExitReason[]) => void) | undefined;

  constructor(caller: Process, endings: readonly Ending[]) {
    this.#caller = caller;
    this.#endings = endings;
    this.#reasons = new Array<ExitReason>(endings.length);
    this.#open = new Set(endings.keys());
  }

  begin(): void {
    this.#caller.holdings = smallAdd<Holding>(this.#caller.holdings, this);
    const dead = new Map<Pid, number>();
    this.#endings.forEach(({ pid, shutdown }, index) => {
      const how = shutdown === 'brutal_kill' ? 'kill' : 'shutdown';
      const target = processOf(pid);
      if (target !== undefined) {
        const watch = new EndingWatch(this, index, this.#caller);
        target.watchers = smallAdd<Watcher>(target.watchers, watch);
        sendExitSignal(target, this.#caller.pid, how);
      } else if (outboxTo(isolateOf(pid)) !== undefined) {
        this.#remote.push(new RemoteEndingWatch(this, index, this.#caller, pid));
        exitRemote(this.#caller.pid, pid, how);
      } else {
        dead.set(pid, index);
      }
    });
    if (dead.size > 0) this.#readLastWords(dead);
    for (const shutdown of this.#times()) {
      this.#timers.set(
        shutdown,
        after(shutdown, () => this.#kill(shutdown)),
      );
    }
  }

  outcome(): readonly ExitReason[] | Promise<readonly ExitReason[]> {
    if (this.#open.size === 0) return this.#reasons;
    return new Promise(resolve => (this.#resolve = resolve));
  }

  died(index: number, reason: ExitReason): void {
    this.#reasons[index] = reason;
    this.#open.delete(index);
    if (this.#open.size > 0) return;
    this.release();
    this.#caller.holdings = smallDelete<Holding>(this.#caller.holdings, this);
    this.#resolve?.(this.#reasons);
  }

  /**
   * Those that were dead before: their EXITs wait in the mailbox and say why. Read once for all. One
   * without an EXIT had unlinked itself: `child_process_unlinked`, as `unlink_flush/2` says.
   */
  #readLastWords(dead: ReadonlyMap<Pid, number>): void {
    const exits = this.#caller.mailbox.extract(
      message => isExit(message) && dead.has(message.pid),
    ) as ExitMessage[];
    const reasons = new Map(exits.map(({ pid, reason }) => [pid, reason]));
    for (const [pid, index] of dead) {
      this.died(index, reasons.has(pid) ? reasons.get(pid) : 'child_process_unlinked');
    }
  }

  /** One elsewhere was dead before it was watched; its EXIT came first, if it was linked. */
  wasDead(index: number, pid: Pid): void {
    this.#readLastWords(new Map([[pid, index]]));
  }

  /** The caller died: its timers go, and its links end the children. */
  release(): void {
    for (const watch of this.#remote) watch.release();
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
  }

  /** The distinct times that somebody still needs. */
  #times(): Set<number> {
    const times = new Set<number>();
    for (const index of this.#open) {
      const shutdown = this.#endings[index]?.shutdown;
      if (typeof shutdown === 'number') times.add(shutdown);
    }
    return times;
  }

  #kill(shutdown: number): void {
    this.#timers.delete(shutdown);
    for (const index of [...this.#open]) {
      const ending = this.#endings[index];
      if (ending?.shutdown !== shutdown) continue;
      const target = processOf(ending.pid);
      if (target !== undefined) sendExitSignal(target, this.#caller.pid, 'kill');
      else exitRemote(this.#caller.pid, ending.pid, 'kill');
    }
  }
}

class EndingWatch implements Watcher {
  readonly #group: EndingGroup;
  readonly #index: number;
  readonly #caller: Process;

  constructor(group: EndingGroup, index: number, caller: Process) {
    this.#group = group;
    this.#index = index;
    this.#caller = caller;
  }

  get watcherPid(): Pid {
    return this.#caller.pid;
  }

  targetDied(target: Process, reason: ExitReason): void {
    unlinkProcesses(this.#caller, target);
    this.#group.died(this.#index, reason);
  }
}

/** A child in another isolate, which watches it for us. */
class RemoteEndingWatch implements Waiting {
  readonly isolate: number;
  readonly #group: EndingGroup;
  readonly #index: number;
  readonly #caller: Process;
  readonly #pid: Pid;
  readonly #ref = makeRef();
  #over = false;

  constructor(group: EndingGroup, index: number, caller: Process, pid: Pid) {
    this.isolate = isolateOf(pid);
    this.#group = group;
    this.#index = index;
    this.#caller = caller;
    this.#pid = pid;
    awaitSignal(this.#ref, this);
    monitorRemote(caller.pid, this.#ref, pid);
  }

  /** The link goes here at once: the exit that comes over it next finds none. */
  down(_pid: Pid | undefined, reason: ExitReason): void {
    this.#over = true;
    this.#caller.links = smallDelete(this.#caller.links, this.#pid);
    if (reason === 'noproc') this.#group.wasDead(this.#index, this.#pid);
    else this.#group.died(this.#index, reason);
  }

  release(): void {
    if (this.#over) return;
    stopAwaiting(this.#ref);
    demonitorRemote(this.isolate, this.#ref);
  }
}
