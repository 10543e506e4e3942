/** Looking at processes from outside. */
import { isolateOf, requirePid, thisIsolate } from './pid.ts';
import type { Name, Pid } from './pid.ts';
import { monitorsOf } from './monitor-table.ts';
import { processOf } from './process-table.ts';
import type { Ancestor, Phase } from './process.ts';
import type { Dest } from './server-ref.ts';
import { smallList } from './small-set.ts';

export interface ProcessInfo {
  readonly name: Name | undefined;
  readonly label: string;
  readonly parent: Pid | undefined;
  readonly ancestors: readonly Ancestor[];
  readonly status: Phase | 'suspended';
  readonly trapExit: boolean;
  readonly messageQueueLen: number;
  readonly mailboxLimit: number;
  readonly links: readonly Pid[];
  /** The processes that this one monitors, once for each monitor; by pid where that is known. */
  readonly monitors: readonly Dest[];
  /** The processes that monitor this one or wait for its reply. */
  readonly monitoredBy: readonly Pid[];
  /** Messages handled, and the microseconds of its turns: in place of reductions. */
  readonly callbacks: number;
  readonly handlerMicros: number;
}

/**
 * What is known of a living process; undefined for a dead one.
 * @throws TypeError for what is no pid, and for a process of another isolate, as Erlang's badarg: ask
 *   there, with a call
 */
export function processInfo(pid: Pid): ProcessInfo | undefined {
  requireOurs('processInfo()', pid);
  const process = processOf(pid);
  if (process === undefined) return undefined;
  return {
    name: process.name,
    label: process.label,
    parent: process.parent,
    ancestors: process.ancestors,
    status: process.suspended ? 'suspended' : process.phase,
    trapExit: process.trapExit,
    messageQueueLen: process.mailbox.length,
    mailboxLimit: process.mailboxLimit,
    links: smallList(process.links),
    monitors: monitorsOf(process.monitors).map(({ watched }) => watched),
    monitoredBy: smallList(process.watchers).flatMap(({ watcherPid }) => watcherPid ?? []),
    callbacks: process.callbacks,
    handlerMicros: Math.round(process.handlerMicros),
  };
}

/**
 * True while the process lives.
 * @throws TypeError for what is no pid, and for a process of another isolate, as Erlang's badarg: only
 *   a monitor tells
 */
export function isAlive(pid: Pid): boolean {
  requireOurs('isAlive()', pid);
  return processOf(pid) !== undefined;
}

function requireOurs(what: string, pid: Pid): void {
  requirePid(what, pid);
  const isolate = isolateOf(pid);
  if (isolate === thisIsolate()) return;
  throw new TypeError(
    `${what} knows processes of its own isolate only, and ${pid} lives in isolate ${isolate}: ` +
      'monitor() it, or ask a process there',
  );
}
