/** Signals that came in from another isolate, obeyed in the order in which they were sent. */
import { CallMessage, CastMessage } from '../gen-server/messages.ts';
import type { ExitReason } from '../exit.ts';
import type { Pid } from '../pid.ts';
import { processAt, processOf } from '../process-table.ts';
import { deliver, deliverSystem, sendExitSignal } from '../signals.ts';
import { SystemMessage } from '../sys/system-message.ts';
import type { SystemRequest } from '../sys/system-message.ts';
import { downRemote } from './outgoing.ts';
import { RemoteFrom, RemoteOnlooker } from './remote-from.ts';
import { linkArrived, linkExitArrived, unlinkArrived, unlinkedArrived } from './remote-links.ts';
import { restore } from './restore.ts';
import { ESCAPED, ops } from './signal.ts';
import type { Signal, Target } from './signal.ts';
import { awaited, stopAwaiting } from './waiting.ts';
import { unwatchFor, watchFor } from './watches.ts';

/** Obeys one signal from the isolate. */
export function obey(isolate: number, signal: Signal): void {
  if (signal[0] < ESCAPED) act(isolate, signal);
  else act(isolate, restored(signal));
}

function restored(signal: Signal): Signal {
  const op = signal[0] - ESCAPED;
  return [op, ...signal.slice(1, -1), restore(signal.at(-1))] as unknown as Signal;
}

function act(isolate: number, signal: Signal): void {
  switch (signal[0]) {
    case ops.send: {
      const target = processAt(signal[1]);
      if (target !== undefined) deliver(target, signal[2]);
      return;
    }
    case ops.offer: {
      const target = processAt(signal[1]);
      if (target === undefined || target.mailbox.length >= target.mailboxLimit) return;
      deliver(target, signal[2]);
      return;
    }
    case ops.cast: {
      const target = processAt(signal[1]);
      if (target !== undefined) deliver(target, new CastMessage(signal[2]));
      return;
    }
    case ops.call:
      called(isolate, signal[1], signal[2] === 0 ? undefined : signal[2], signal[3], signal[4]);
      return;
    case ops.system: {
      const [, to, from, ref, request] = signal;
      const target = processAt(to);
      if (target === undefined) {
        downRemote(isolate, ref, undefined, 'noproc');
        return;
      }
      const caller = from === 0 ? undefined : from;
      watchFor(isolate, ref, caller, target);
      const onlooker = new RemoteOnlooker(caller, isolate, ref);
      deliverSystem(target, new SystemMessage(request as SystemRequest, onlooker));
      return;
    }
    case ops.reply:
      awaited(signal[1])?.replied?.(signal[2], isolate);
      return;
    case ops.monitor:
      monitored(isolate, signal[1], signal[2], signal[3]);
      return;
    case ops.demonitor:
      unwatchFor(isolate, signal[1]);
      return;
    case ops.down:
      ended(signal[1], signal[2], signal[3]);
      return;
    case ops.link:
      linkArrived(signal[1], signal[2]);
      return;
    case ops.unlink:
      unlinkArrived(signal[1], signal[2], signal[3]);
      return;
    case ops.unlinked:
      unlinkedArrived(signal[1], signal[2], signal[3]);
      return;
    case ops.linkExit:
      linkExitArrived(signal[1], signal[2], signal[3]);
      return;
    case ops.exit: {
      const target = processOf(signal[2]);
      if (target !== undefined) sendExitSignal(target, signal[1], signal[3]);
      return;
    }
  }
}

/** A caller that is no process is refused by a full mailbox, as a local one is. */
function called(
  isolate: number,
  to: Target,
  caller: Pid | undefined,
  ref: number,
  request: unknown,
): void {
  const target = processAt(to);
  if (target === undefined) {
    downRemote(isolate, ref, undefined, 'noproc');
  } else if (caller === undefined && target.mailbox.length >= target.mailboxLimit) {
    downRemote(isolate, ref, undefined, 'mailbox_full');
  } else {
    watchFor(isolate, ref, caller, target);
    deliver(target, new CallMessage(request, new RemoteFrom(caller, isolate, ref)));
  }
}

function monitored(isolate: number, watcher: Pid, ref: number, to: Target): void {
  const target = processAt(to);
  if (target !== undefined) watchFor(isolate, ref, watcher, target);
  else downRemote(isolate, ref, typeof to === 'number' ? to : undefined, 'noproc');
}

function ended(ref: number, pid: Pid | undefined, reason: ExitReason): void {
  const waiting = awaited(ref);
  stopAwaiting(ref);
  waiting?.down(pid, reason);
}
