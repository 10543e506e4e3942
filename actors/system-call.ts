/** Sending a system message and waiting for the answer. */
import { callingProcess } from './context.ts';
import { Exit } from './exit.ts';
import { askRemote, pack, packReason } from './isolates/outgoing.ts';
import type { Packed } from './isolates/outgoing.ts';
import { outboxTo } from './isolates/outbox.ts';
import { ops } from './isolates/signal.ts';
import { thisIsolate } from './pid.ts';
import type { Process } from './process.ts';
import { processAt } from './process-table.ts';
import { ReplySlot } from './reply-slot.ts';
import type { CallDescription } from './reply-slot.ts';
import { isolateAt } from './server-ref.ts';
import type { Dest } from './server-ref.ts';
import { deliverSystem } from './signals.ts';
import { SystemMessage } from './system-message.ts';
import type { SystemRequest } from './system-message.ts';

/**
 * Rejects with an {@link Exit} `[why, ['system', server, request kind, timeoutMs]]`, as a call does;
 * with a TypeError when the server is in another isolate and the request holds code.
 */
export function systemCall(
  server: Dest,
  request: SystemRequest,
  timeoutMs: number,
): Promise<unknown> {
  const caller = callingProcess();
  const description: CallDescription = ['system', server, request.kind, timeoutMs];
  const target = processAt(server);
  if (target === undefined) {
    return systemCallElsewhere(caller, server, request, description, timeoutMs);
  }
  if (target === caller) return Promise.reject(new Exit(['calling_self', description]));
  return new Promise((resolve, reject) => {
    const slot = new ReplySlot(caller, target, description, timeoutMs, resolve, reject);
    deliverSystem(target, new SystemMessage(request, slot));
  });
}

function systemCallElsewhere(
  caller: Process | undefined,
  server: Dest,
  request: SystemRequest,
  description: CallDescription,
  timeoutMs: number,
): Promise<unknown> {
  const isolate = isolateAt(server);
  if (isolate === thisIsolate()) return Promise.reject(new Exit(['noproc', description]));
  if (outboxTo(isolate) === undefined) {
    return Promise.reject(new Exit(['noconnection', description]));
  }
  return new Promise((resolve, reject) => {
    const packed = packRequest(request, isolate);
    const { ref } = new ReplySlot(caller, isolate, description, timeoutMs, resolve, reject);
    askRemote(ops.system, server, ref, packed);
  });
}

/** A thread's code stays in the thread. */
function packRequest(request: SystemRequest, isolate: number): Packed {
  switch (request.kind) {
    case 'replaceState':
    case 'changeCode':
      throw new TypeError(
        `sys.${request.kind}() takes code, which cannot cross to isolate ${isolate}: call it there`,
      );
    case 'terminate':
      return packReason(request);
    default:
      return pack(request, `sys.${request.kind}()`);
  }
}
