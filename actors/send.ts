/** Sending ordinary messages. */
import { callingProcess } from './context.ts';
import type { Name, Pid } from './pid.ts';
import { processAt, processNamed, processOf } from './process-table.ts';
import { deliver } from './signals.ts';

/** Where a message goes; what a server understands is in {@link ServerRef}. */
export type Dest = Pid | Name;

/**
 * Sends a message. To a dead pid: silently nothing. To a name that nobody has: a TypeError, as
 * Erlang's badarg. A receiver whose mailbox is full dies `'mailbox_overflow'`: flows inside the
 * tree use credit, so that is a bug's end. Senders outside the tree use {@link offer}.
 */
export function send(dest: Dest, message: unknown): void {
  callingProcess();
  const target = typeof dest === 'number' ? processOf(dest) : named(dest);
  if (target !== undefined) deliver(target, message);
}

function named(name: Name) {
  const target = processNamed(name);
  if (target === undefined) {
    throw new TypeError(`send(): no process is registered as "${name}"`);
  }
  return target;
}

/**
 * Sends a message unless the receiver is dead or its mailbox is at its limit: then false, and
 * nothing is queued. For senders outside of the tree, such as a socket, that can push back.
 */
export function offer(dest: Dest, message: unknown): boolean {
  callingProcess();
  const target = processAt(dest);
  if (target === undefined || target.mailbox.length >= target.mailboxLimit) return false;
  deliver(target, message);
  return true;
}
