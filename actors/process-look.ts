/**
 * Looking at processes as an observer does: at all of them with the least that tells them apart, and at one closely. What
 * could be long is told of in part, with how long it is; nothing is asked of the process itself.
 */
import { CallMessage, CastMessage } from './gen-server/messages.ts';
import { monitorCount, monitorMembers } from './monitor-table.ts';
import type { Name, Pid } from './pid.ts';
import { livingProcesses, namedProcesses, processOf } from './process-table.ts';
import type { Ancestor, Phase, Process } from './process.ts';
import type { Dest } from './server-ref.ts';
import { smallMembers, smallSize } from './small-set.ts';
import { getLog } from './sys/debug-command.ts';
import type { SystemEvent } from './sys/system-event.ts';
import { pendingTimer } from './timers.ts';
import type { PendingTimer } from './timers.ts';

/** Of each process what tells them apart. The very process: its numbers go on changing. */
export interface ProcessGlance {
  readonly pid: Pid;
  readonly name: Name | undefined;
  readonly label: string;
  readonly parent: Pid | undefined;
  readonly phase: Phase;
  readonly suspended: boolean;
  readonly callbacks: number;
  readonly handlerMicros: number;
  readonly mailbox: { readonly length: number };
}

/** Every living process of this isolate, oldest first. May be gone through over many turns. */
export const glanceAtAll = (): IterableIterator<ProcessGlance> => livingProcesses();

/** Those with a registered name. */
export const glanceAtNamed = (): IterableIterator<ProcessGlance> => namedProcesses();

/** One process of this isolate; undefined for a dead one. */
export const glanceAt = (pid: Pid): ProcessGlance | undefined => processOf(pid);

/** The beginning of a list, and how long it is. */
export interface Beginning<T> {
  readonly total: number;
  readonly items: readonly T[];
}

/** The processes that a living one is linked to. */
export function glanceAtLinks(pid: Pid, limit: number): Beginning<Pid> {
  const links = processOf(pid)?.links;
  return { total: smallSize(links), items: first(smallMembers(links), limit) };
}

export interface ProcessLook extends ProcessGlance {
  /** What it is: `gen_server` …; undefined for a bare process. */
  readonly behaviour: string | undefined;
  readonly ancestors: readonly Ancestor[];
  readonly trapExit: boolean;
  readonly mailboxLimit: number;
  readonly links: Beginning<Pid>;
  readonly monitors: Beginning<Dest>;
  readonly monitoredBy: Beginning<Pid>;
  /** The kinds of the messages that wait, oldest first. */
  readonly messages: Beginning<string>;
  /** Timers that will send it something: the one that is due first comes first. */
  readonly timers: Beginning<{ readonly leftMs: number; readonly message: string }>;
  /** What its behaviour says that it handled last. */
  readonly lastMessage: string | undefined;
  /** What `sys.log` has kept, the oldest first; undefined while it is off. */
  readonly log: readonly SystemEvent[] | undefined;
  /** Whether `sys.statistics` is on. */
  readonly countsEvents: boolean;
}

/** A living process of this isolate, each of its lists no longer than the limit; undefined for a dead one. */
export function lookAtProcess(pid: Pid, limit: number): ProcessLook | undefined {
  const process = processOf(pid);
  if (process === undefined) return undefined;
  const { mailbox } = process;
  const told = process.behaviour?.describe?.() ?? {};
  return {
    pid,
    name: process.name,
    label: process.label,
    phase: process.phase,
    suspended: process.suspended,
    callbacks: process.callbacks,
    handlerMicros: process.handlerMicros,
    mailbox: { length: mailbox.length },
    behaviour: textOf(told['behaviour']),
    parent: process.parent,
    ancestors: process.ancestors,
    trapExit: process.trapExit,
    mailboxLimit: process.mailboxLimit,
    links: { total: smallSize(process.links), items: first(smallMembers(process.links), limit) },
    monitors: monitorsIn(process, limit),
    monitoredBy: watchersOf(process, limit),
    messages: { total: mailbox.length, items: mailbox.toArray(limit).map(messageKind) },
    timers: timersOf(process, limit),
    lastMessage: textOf(told['lastMessage'] ?? told['lastEvent']),
    log: process.debug?.find('log') === undefined ? undefined : getLog(process),
    countsEvents: process.debug?.find('statistics') !== undefined,
  };
}

const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' ? value : undefined;

/** The kind of a message, without its contents. */
export function messageKind(message: unknown): string {
  if (message instanceof CallMessage) return `call ${messageKind(message.request)}`;
  if (message instanceof CastMessage) return `cast ${messageKind(message.message)}`;
  if (typeof message !== 'object' || message === null) return typeof message;
  return 'kind' in message && typeof message.kind === 'string' ? message.kind : 'object';
}

function monitorsIn({ monitors }: Process, limit: number): Beginning<Dest> {
  const items = first(monitorMembers(monitors), limit).map(({ watched }) => watched);
  return { total: monitorCount(monitors), items };
}

/** Some watch for who is outside of any process: these are counted only. */
function watchersOf({ watchers }: Process, limit: number): Beginning<Pid> {
  const known: Pid[] = [];
  for (const { watcherPid } of smallMembers(watchers)) {
    if (known.length === limit) break;
    if (watcherPid !== undefined) known.push(watcherPid);
  }
  return { total: smallSize(watchers), items: known };
}

/** A process may have very many: only those that are told of are kept in order. */
function timersOf({ holdings }: Process, limit: number): ProcessLook['timers'] {
  const soonest: PendingTimer[] = [];
  let total = 0;
  for (const holding of smallMembers(holdings)) {
    const timer = pendingTimer(holding);
    if (timer === undefined) continue;
    total += 1;
    keepSoonest(soonest, timer, limit);
  }
  const items = soonest.map(({ leftMs, message }) => ({ leftMs, message: messageKind(message) }));
  return { total, items };
}

function keepSoonest(soonest: PendingTimer[], timer: PendingTimer, limit: number): void {
  let place = soonest.length;
  while (place > 0 && (soonest[place - 1]?.leftMs ?? 0) > timer.leftMs) place -= 1;
  if (place >= limit) return;
  soonest.splice(place, 0, timer);
  if (soonest.length > limit) soonest.pop();
}

function first<T>(members: Iterable<T>, limit: number): T[] {
  const items: T[] = [];
  if (limit <= 0) return items;
  for (const member of members) {
    items.push(member);
    if (items.length === limit) break;
  }
  return items;
}
