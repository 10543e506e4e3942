/** Links, monitors, exits: the public functions by which processes watch and end each other. */
import { badArgument, requireOptions } from './bad-argument.ts';
import { callingProcess, requireProcess } from './context.ts';
import { Exit, FencedExit } from './exit.ts';
import type { ExitReason } from './exit.ts';
import { demonitorRemote, exitRemote, monitorRemote } from './isolates/outgoing.ts';
import { outboxTo } from './isolates/outbox.ts';
import { linkToRemote, unlinkFromRemote } from './isolates/remote-links.ts';
import { awaitSignal, stopAwaiting } from './isolates/waiting.ts';
import type { Waiting } from './isolates/waiting.ts';
import type { DownMessage } from './messages.ts';
import type { Watching } from './monitor-table.ts';
import { monitorIn, withMonitor, withoutMonitor } from './monitor-table.ts';
import { isolateOf, makeRef, requirePid, thisIsolate } from './pid.ts';
import type { MonitorRef, Pid } from './pid.ts';
import { processAt, processOf } from './process-table.ts';
import type { Process, Watcher } from './process.ts';
import { isolateAt } from './server-ref.ts';
import type { Dest } from './server-ref.ts';
import { deliverNotice, sendExitSignal, sendLinkSignal } from './signals.ts';
import { smallAdd, smallDelete } from './small-set.ts';

/** Who an exit signal from outside of any process comes from. */
const OUTSIDE = 0 as Pid;

/**
 * Links the calling process with another: each gets the other's end as an exit signal. `'noproc'`
 * when it is dead already, `'noconnection'` when its isolate is not connected, or is gone later.
 */
export function link(pid: Pid): void {
  const process = requireProcess('link()');
  if (pid === process.pid) return;
  const other = processOf(pid);
  if (other !== undefined) {
    linkProcesses(process, other);
    return;
  }
  requirePid('link()', pid);
  if (isolateOf(pid) === thisIsolate()) sendLinkSignal(process, pid, 'noproc');
  else linkToRemote(process, pid);
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
  if (other !== undefined) {
    unlinkProcesses(process, other);
    return;
  }
  requirePid('unlink()', pid);
  unlinkFromRemote(process, pid);
}

export function unlinkProcesses(one: Process, other: Process): void {
  one.links = smallDelete(one.links, other.pid);
  other.links = smallDelete(other.links, one.pid);
}

class Monitor implements Watcher, Watching {
  readonly ref: MonitorRef;
  readonly watcher: Process;
  readonly target: Process;
  readonly dest: Dest;

  constructor(watcher: Process, target: Process, dest: Dest) {
    this.ref = makeRef();
    this.watcher = watcher;
    this.target = target;
    this.dest = dest;
  }

  get watched(): Pid {
    return this.target.pid;
  }

  get watcherPid(): Pid {
    return this.watcher.pid;
  }

  targetDied(target: Process, reason: ExitReason): void {
    this.watcher.monitors = withoutMonitor(this.watcher.monitors, this.ref);
    if (!this.watcher.alive) return;
    deliverNotice(this.watcher, down(this.ref, this.dest, target.pid, reason));
  }

  release(): void {
    this.target.watchers = smallDelete<Watcher>(this.target.watchers, this);
  }
}

/** A monitor of a process that another isolate watches for us. */
class RemoteMonitor implements Watching, Waiting {
  readonly ref: MonitorRef;
  readonly watcher: Process;
  readonly watched: Dest;
  readonly isolate: number;

  constructor(watcher: Process, watched: Dest) {
    this.ref = makeRef();
    this.watcher = watcher;
    this.watched = watched;
    this.isolate = isolateAt(watched);
    awaitSignal(this.ref, this);
    monitorRemote(watcher.pid, this.ref, watched);
  }

  down(pid: Pid | undefined, reason: ExitReason): void {
    this.watcher.monitors = withoutMonitor(this.watcher.monitors, this.ref);
    deliverNotice(this.watcher, down(this.ref, this.watched, pid, reason));
  }

  release(): void {
    stopAwaiting(this.ref);
    demonitorRemote(this.isolate, this.ref);
  }
}

function down(ref: MonitorRef, dest: Dest, pid: Pid | undefined, reason: ExitReason): DownMessage {
  if (typeof dest === 'number') return { kind: 'DOWN', ref, pid: dest, reason };
  if (typeof dest === 'string') return { kind: 'DOWN', ref, pid, reason, name: dest };
  if (!('isolate' in dest)) return { kind: 'DOWN', ref, pid, reason, via: dest };
  return { kind: 'DOWN', ref, pid, reason, name: dest.name, isolate: dest.isolate };
}

/**
 * Watches a process: one DOWN message when it dies, at once (`'noproc'`) when it is dead already;
 * `'noconnection'` when its isolate is not connected, or is gone later. Monitors stack, and each
 * gives its own DOWN. What is sent to a name in the same turn reaches the process that is watched.
 */
export function monitor(dest: Dest): MonitorRef {
  const watcher = requireProcess('monitor()');
  const target = processAt(dest);
  if (target !== undefined) return watch(watcher, target, dest);
  const isolate = isolateAt(dest);
  if (outboxTo(isolate) !== undefined) {
    const made = new RemoteMonitor(watcher, dest);
    watcher.monitors = withMonitor(watcher.monitors, made);
    return made.ref;
  }
  const ref = makeRef();
  const reason = isolate === thisIsolate() ? 'noproc' : 'noconnection';
  deliverNotice(watcher, down(ref, dest, undefined, reason));
  return ref;
}

/** A monitor of the calling process on one that is known to live. */
export function monitorProcess(target: Process, what: string): MonitorRef {
  return watch(requireProcess(what), target, target.pid);
}

function watch(watcher: Process, target: Process, dest: Dest): MonitorRef {
  const made = new Monitor(watcher, target, dest);
  target.watchers = smallAdd<Watcher>(target.watchers, made);
  watcher.monitors = withMonitor(watcher.monitors, made);
  return made.ref;
}

/** Ends a monitor; with `flush` its DOWN is taken out of the mailbox if it is there already. */
export function demonitor(ref: MonitorRef, options: { readonly flush?: boolean } = {}): void {
  const process = requireProcess('demonitor()');
  if (typeof ref !== 'number') throw badArgument('demonitor()', 'what monitor() returned', ref);
  requireOptions('demonitor()', options);
  monitorIn(process.monitors, ref)?.release();
  process.monitors = withoutMonitor(process.monitors, ref);
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

/**
 * Switches the trapping of exit signals, and returns how it was.
 * @throws TypeError for what is no boolean, as Erlang's badarg
 */
export function trapExit(on: boolean): boolean {
  const process = requireProcess('trapExit()');
  if (typeof on !== 'boolean') throw badArgument('trapExit()', 'true or false', on);
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
  if (target !== undefined) sendExitSignal(target, caller?.pid ?? OUTSIDE, reason);
  else {
    requirePid('exit()', pid);
    if (isolateOf(pid) !== thisIsolate()) exitRemote(caller?.pid ?? OUTSIDE, pid, reason);
  }
  if (caller !== undefined && !caller.alive) throw new FencedExit();
}
