/** Links, monitors, exits: the public functions by which processes watch and end each other. */
import { callingProcess, requireProcess } from './context.ts';
import { Exit, FencedExit } from './exit.ts';
import type { ExitReason } from './exit.ts';
import type { DownMessage } from './messages.ts';
import type { MonitorRef, Name, Pid } from './pid.ts';
import { processAt, processOf } from './process-table.ts';
import type { Process, Watcher, Watching } from './process.ts';
import { deliverNotice, sendExitSignal, sendLinkSignal } from './signals.ts';
import { smallAdd, smallDelete } from './small-set.ts';

/** Who an exit signal from outside of any process comes from. */
const OUTSIDE = 0 as Pid;

/** Links the calling process with another: each gets the other's end as an exit signal. */
export function link(pid: Pid): void {
  const process = requireProcess('link()');
  if (pid === process.pid) return;
  const other = processOf(pid);
  if (other !== undefined) {
    linkProcesses(process, other);
    return;
  }
  sendLinkSignal(process, pid, 'noproc');
  if (!process.alive) throw new FencedExit();
}

export function linkProcesses(one: Process, other: Process): void {
  one.links = smallAdd(one.links, other.pid);
  other.links = smallAdd(other.links, one.pid);
}

/** Removes the link, if there is one; a signal over it has no effect from here on. */
export function unlink(pid: Pid): void {
  const process = requireProcess('unlink()');
  const other = processOf(pid);
  if (other !== undefined) unlinkProcesses(process, other);
}

export function unlinkProcesses(one: Process, other: Process): void {
  one.links = smallDelete(one.links, other.pid);
  other.links = smallDelete(other.links, one.pid);
}

let lastRef = 0;

class Monitor implements Watcher, Watching {
  readonly ref: MonitorRef;
  readonly watcher: Process;
  readonly target: Process;
  readonly name: Name | undefined;

  constructor(watcher: Process, target: Process, name: Name | undefined) {
    this.ref = nextRef();
    this.watcher = watcher;
    this.target = target;
    this.name = name;
  }

  get watcherPid(): Pid {
    return this.watcher.pid;
  }

  targetDied(target: Process, reason: ExitReason): void {
    this.watcher.monitors?.delete(this.ref);
    if (this.watcher.alive)
      deliverNotice(this.watcher, down(this.ref, target.pid, reason, this.name));
  }

  release(): void {
    this.target.watchers = smallDelete<Watcher>(this.target.watchers, this);
  }
}

function nextRef(): MonitorRef {
  lastRef += 1;
  return lastRef as MonitorRef;
}

function down(
  ref: MonitorRef,
  pid: Pid | undefined,
  reason: ExitReason,
  name: Name | undefined,
): DownMessage {
  return { kind: 'DOWN', ref, pid, reason, ...(name === undefined ? {} : { name }) };
}

/**
 * Watches a process: one DOWN message when it dies, at once (`'noproc'`) when it is dead already.
 * Monitors stack, and each gives its own DOWN.
 */
export function monitor(dest: Pid | Name): MonitorRef {
  const watcher = requireProcess('monitor()');
  const target = processAt(dest);
  const name = typeof dest === 'string' ? dest : undefined;
  if (target !== undefined) return watch(watcher, target, name);
  const ref = nextRef();
  deliverNotice(watcher, down(ref, typeof dest === 'string' ? undefined : dest, 'noproc', name));
  return ref;
}

/** A monitor of the calling process on one that is known to live. */
export function monitorProcess(target: Process, what: string): MonitorRef {
  return watch(requireProcess(what), target, undefined);
}

function watch(watcher: Process, target: Process, name: Name | undefined): MonitorRef {
  const made = new Monitor(watcher, target, name);
  target.watchers = smallAdd<Watcher>(target.watchers, made);
  (watcher.monitors ??= new Map()).set(made.ref, made);
  return made.ref;
}

/** Ends a monitor; with `flush` its DOWN is taken out of the mailbox if it is there already. */
export function demonitor(ref: MonitorRef, options: { readonly flush?: boolean } = {}): void {
  const process = requireProcess('demonitor()');
  process.monitors?.get(ref)?.release();
  process.monitors?.delete(ref);
  if (options.flush === true) process.mailbox.extract(message => isDownOf(message, ref));
}

function isDownOf(message: unknown, ref: MonitorRef): boolean {
  return (
    typeof message === 'object' &&
    message !== null &&
    (message as Partial<DownMessage>).kind === 'DOWN' &&
    (message as Partial<DownMessage>).ref === ref
  );
}

/** Switches the trapping of exit signals, and returns how it was. */
export function trapExit(on: boolean): boolean {
  const process = requireProcess('trapExit()');
  const old = process.trapExit;
  process.trapExit = on;
  return old;
}

/** Ends the calling process with the bare reason. */
export function exit(reason: ExitReason): never;
/** Sends an exit signal; to the calling process itself it acts before this returns. */
export function exit(pid: Pid, reason: ExitReason): void;
export function exit(...args: [ExitReason] | [Pid, ExitReason]): void {
  if (args.length === 1) throw new Exit(args[0]);
  const [pid, reason] = args;
  const caller = callingProcess();
  const target = processOf(pid);
  if (target === undefined) return;
  sendExitSignal(target, caller?.pid ?? OUTSIDE, reason);
  if (caller !== undefined && !caller.alive) throw new FencedExit();
}
