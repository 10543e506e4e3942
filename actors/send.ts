/** Sending ordinary messages. */
import { callingProcess } from './context.ts';
import { sendRemote } from './isolates/outgoing.ts';
import { ops } from './isolates/signal.ts';
import { thisIsolate } from './pid.ts';
import { processAt } from './process-table.ts';
import { isolateAt } from './server-ref.ts';
import type { Dest } from './server-ref.ts';
import { deliver } from './signals.ts';
import { isVia } from './via-name.ts';

/**
 * Sends a message, wherever the receiver lives. To a dead pid, to a name in a certain isolate that
 * nobody has there, into an isolate that is not connected: silently nothing. To a plain name that
 * nobody has: a TypeError, as Erlang's badarg. To another isolate only plain data can be sent:
 * a TypeError names what cannot cross. Behind a via name it is the module's `send` that sends. A receiver whose mailbox is full dies `'mailbox_overflow'`: flows inside the
 * tree use credit, so that is a bug's end. Senders outside the tree use {@link offer}.
 */
export function send(dest: Dest, message: unknown): void {
  callingProcess();
  if (isVia(dest)) {
    const [, module, name] = dest;
    module.send(name, message);
    return;
  }
  const target = processAt(dest);
  if (target !== undefined) deliver(target, message);
  else if (isolateAt(dest) !== thisIsolate()) sendRemote(ops.send, dest, message, 'send()');
  else if (typeof dest === 'string') {
    throw new TypeError(`send(): no process is registered as "${dest}"`);
  }
}

/**
 * Sends a message unless the receiver is dead or its mailbox is at its limit: then false, and
 * nothing is queued. For senders outside of the tree, such as a socket, that can push back.
 *
 * Of a receiver in another isolate nothing is known here: true only says that the isolate is
 * connected, and at the other end a message to a dead process or a full mailbox is dropped
 * silently. Flows between isolates use credit instead.
 */
export function offer(dest: Dest, message: unknown): boolean {
  callingProcess();
  const target = processAt(dest);
  if (target === undefined) {
    const here = isolateAt(dest) === thisIsolate();
    return !here && sendRemote(ops.offer, dest, message, 'offer()');
  }
  if (target.mailbox.length >= target.mailboxLimit) return false;
  deliver(target, message);
  return true;
}
