/**
 * Signals: messages, exit signals, links, monitors, and death.
 *
 * Exit signals act at once, even while a handler awaits; only messages queue. What a death causes
 * (DOWN to the watchers, signals to the linked) is worked off in order from one queue, so that a
 * chain of a hundred thousand links needs no stack.
 */
import { crashSeen } from './crash-watch.ts';
import { log } from './logger.ts';
import { isOrderly } from './exit.ts';
import type { ExitReason } from './exit.ts';
import type { ExitMessage } from './messages.ts';
import { linkExitRemote } from './isolates/outgoing.ts';
import type { Pid } from './pid.ts';
import { monitorsOf } from './monitor-table.ts';
import { leaveProcess, processOf } from './process-table.ts';
import type { Process } from './process.ts';
import { smallDelete, smallList } from './small-set.ts';
import { putInTurn } from './system-queue.ts';
import { requestTurn } from './turns.ts';

/** Puts a message into the mailbox; the receiver dies when its mailbox is full. */
export function deliver(target: Process, message: unknown): void {
  if (target.mailbox.length >= target.mailboxLimit) {
    crash(target, 'mailbox_overflow');
    return;
  }
  target.mailbox.push(message);
  if (target.phase === 'idle') requestTurn(target);
}

/**
 * Puts in an EXIT or DOWN. They do not count against the limit: a supervisor must survive the death of
 * all its children, and who traps exits be told to end when there is more work than it can do.
 */
export function deliverNotice(target: Process, message: unknown): void {
  target.mailbox.push(message);
  if (target.phase === 'idle') requestTurn(target);
}

/** Puts in a system message: it comes in its turn, and a suspended process handles it all the same. */
export function deliverSystem(target: Process, message: unknown): void {
  putInTurn(target, message);
  if (target.phase === 'idle') requestTurn(target);
}

/** Begins to handle messages, those that came while it started first. */
export function wake(process: Process): void {
  process.phase = 'idle';
  if (process.system !== undefined || process.mailbox.length > 0) requestTurn(process);
}

/**
 * An exit signal made by `exit(pid, reason)`. `'kill'` cannot be trapped; `'normal'` from another
 * process is dropped unless it is trapped, from the process itself it ends it.
 */
export function sendExitSignal(target: Process, from: Pid, reason: ExitReason): void {
  if (!target.alive) return;
  if (reason === 'kill') die(target, 'killed');
  else if (target.trapExit) trap(target, from, reason);
  else if (reason !== 'normal' || from === target.pid) die(target, reason);
}

/** An exit signal that came over a link: here `'kill'` is a reason like any other. */
export function sendLinkSignal(target: Process, from: Pid, reason: ExitReason): void {
  if (!target.alive) return;
  if (target.trapExit) trap(target, from, reason);
  else if (reason !== 'normal') die(target, reason);
}

function trap(target: Process, from: Pid, reason: ExitReason): void {
  const message: ExitMessage = { kind: 'EXIT', pid: from, reason };
  // A suspended process still obeys its parent.
  if (target.suspended && from === target.obeys) deliverSystem(target, message);
  else deliverNotice(target, message);
}

interface Death {
  readonly process: Process;
  readonly reason: ExitReason;
}

let deaths: Death[] = [];
let announcing = false;

/**
 * Ends a process for what it did itself, with a crash report unless the end is an orderly one.
 * Who is ended by a signal reports nothing, as in Erlang: its supervisor does.
 */
export function crash(process: Process, reason: ExitReason): void {
  if (!process.alive) return;
  if (!isOrderly(reason)) {
    reportCrash(process, reason);
    crashSeen(process, reason);
  }
  die(process, reason);
}

/** Ends the process: nothing that its code still does has an effect from here on. */
export function die(process: Process, reason: ExitReason): void {
  if (!process.alive) return;
  if (process.phase === 'starting') unlinkStarter(process);
  process.phase = 'dead';
  process.exitReason = reason;
  leaveProcess(process);
  process.mailbox.clear();
  process.system = undefined;
  process.behaviour?.release?.();
  process.behaviour = undefined;
  process.debug?.close();
  for (const holding of smallList(process.holdings)) holding.release();
  for (const holding of monitorsOf(process.monitors)) holding.release();
  process.holdings = undefined;
  process.monitors = undefined;
  deaths.push({ process, reason });
  announceDeaths();
}

/** Who starts a process learns from the start's result that it failed, not from a signal as well. */
function unlinkStarter(process: Process): void {
  const starter = process.parent === undefined ? undefined : processOf(process.parent);
  if (starter === undefined) return;
  starter.links = smallDelete(starter.links, process.pid);
  process.links = smallDelete(process.links, starter.pid);
}

function announceDeaths(): void {
  if (announcing) return;
  announcing = true;
  try {
    // The list grows while it is read: a death causes others.
    for (const death of deaths) announce(death);
  } finally {
    deaths = [];
    announcing = false;
  }
}

function announce({ process, reason }: Death): void {
  const watchers = smallList(process.watchers);
  process.watchers = undefined;
  for (const watcher of watchers) watcher.targetDied(process, reason);
  // Read after the watchers: a supervisor that ended a child itself unlinks it there.
  const links = smallList(process.links);
  process.links = undefined;
  for (const pid of links) {
    const peer = processOf(pid);
    if (peer === undefined) {
      linkExitRemote(process.pid, pid, reason);
      continue;
    }
    peer.links = smallDelete(peer.links, process.pid);
    sendLinkSignal(peer, process.pid, reason);
  }
}

function reportCrash(process: Process, reason: ExitReason): void {
  const behaviour = {
    ...process.behaviour?.describe?.(),
    ...process.behaviour?.describeCrash?.(reason),
  };
  log(
    'error',
    {
      kind: 'crash',
      initialCall: process.label,
      pid: process.pid,
      registeredName: process.name,
      error: reason,
      ancestors: process.ancestors,
      messageQueueLen: process.mailbox.length,
      links: smallList(process.links),
      trapExit: process.trapExit,
      status: process.phase === 'starting' ? 'starting' : 'running',
      handled: process.callbacks,
      behaviour,
    },
    process.pid,
  );
}
