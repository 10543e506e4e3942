/**
 * Links between processes of different isolates: the link protocol of `erl_dist_protocol`.
 *
 * Each side keeps its half. An unlink is acknowledged: until then the other side may have sent an
 * exit over the link that is none any more, or a link that crosses with the unlink on its way; both
 * come before the acknowledgement and are dropped. What comes after it belongs to a new link.
 */
import { makeRef } from '../pid.ts';
import type { Pid } from '../pid.ts';
import { isolateOf } from '../pid.ts';
import type { ExitReason } from '../exit.ts';
import { processOf } from '../process-table.ts';
import type { Process } from '../process.ts';
import { sendLinkSignal } from '../signals.ts';
import { smallAdd, smallDelete, smallHas } from '../small-set.ts';
import { linkExitRemote } from './outgoing.ts';
import { outboxTo } from './outbox.ts';
import { ops } from './signal.ts';

/** The unlinks that are not acknowledged, by the other end; a map, because few processes have any. */
const unlinking = new WeakMap<Process, Map<Pid, number>>();

function isUnlinking(process: Process, other: Pid): boolean {
  return unlinking.get(process)?.has(other) === true;
}

/** Links one of ours to a process elsewhere; when its isolate is not connected it gets the exit. */
export function linkToRemote(process: Process, other: Pid): void {
  if (smallHas(process.links, other)) return;
  const outbox = outboxTo(isolateOf(other));
  if (outbox === undefined) {
    sendLinkSignal(process, other, 'noconnection');
    return;
  }
  process.links = smallAdd(process.links, other);
  outbox.push([ops.link, process.pid, other], process);
}

/** Removes the link, if there is one: no exit comes over it from here on. */
export function unlinkFromRemote(process: Process, other: Pid): void {
  if (!smallHas(process.links, other)) return;
  process.links = smallDelete(process.links, other);
  const id = makeRef();
  const pending = unlinking.get(process);
  if (pending === undefined) unlinking.set(process, new Map([[other, id]]));
  else pending.set(other, id);
  outboxTo(isolateOf(other))?.push([ops.unlink, process.pid, other, id], process);
}

// --- what the other isolate says; `from` lives there, `to` here

export function linkArrived(from: Pid, to: Pid): void {
  const process = processOf(to);
  if (process === undefined) linkExitRemote(to, from, 'noproc');
  // The other side will meet our unlink after this, and drop its half.
  else if (!isUnlinking(process, from)) process.links = smallAdd(process.links, from);
}

export function unlinkArrived(from: Pid, to: Pid, id: number): void {
  const process = processOf(to);
  if (process !== undefined) process.links = smallDelete(process.links, from);
  outboxTo(isolateOf(from))?.push([ops.unlinked, to, from, id], undefined);
}

export function unlinkedArrived(from: Pid, to: Pid, id: number): void {
  const process = processOf(to);
  const pending = process === undefined ? undefined : unlinking.get(process);
  // A later unlink of the same process still waits for its own.
  if (pending?.get(from) === id) pending.delete(from);
}

export function linkExitArrived(from: Pid, to: Pid, reason: ExitReason): void {
  const process = processOf(to);
  if (process === undefined || isUnlinking(process, from) || !smallHas(process.links, from)) return;
  process.links = smallDelete(process.links, from);
  sendLinkSignal(process, from, reason);
}

/** The process's links into an isolate that is gone break. */
export function breakLinks(process: Process, links: readonly Pid[], isolate: number): void {
  for (const pid of unlinking.get(process)?.keys() ?? []) {
    if (isolateOf(pid) === isolate) unlinking.get(process)?.delete(pid);
  }
  for (const pid of links) {
    if (isolateOf(pid) !== isolate || !smallHas(process.links, pid)) continue;
    process.links = smallDelete(process.links, pid);
    sendLinkSignal(process, pid, 'noconnection');
  }
}
