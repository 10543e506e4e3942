/** Sending a system message and waiting for the answer. */
import { callingProcess } from '../context.ts';
import { Exit } from '../exit.ts';
import { callElsewhere } from '../isolates/call-elsewhere.ts';
import { pack, packReason } from '../isolates/outgoing.ts';
import type { Packed } from '../isolates/outgoing.ts';
import { ops } from '../isolates/signal.ts';
import { processAt } from '../process-table.ts';
import type { Process } from '../process.ts';
import { ReplySlot } from '../gen-server/reply-slot.ts';
import type { CallDescription } from '../gen-server/reply-slot.ts';
import type { Dest } from '../server-ref.ts';
import { deliverSystem } from '../signals.ts';
import { rejecting } from '../thenable.ts';
import { millisecondsOf } from '../time-limit.ts';
import type { TimeLimit } from '../time-limit.ts';
import { SystemMessage } from './system-message.ts';
import type { DebugRequest, SystemRequest } from './system-message.ts';

/**
 * Rejects with an {@link Exit} `[why, ['system', server, what was asked, timeoutMs]]`, as a call does;
 * with a TypeError when the server is in another isolate and the request holds code.
 */
export function systemCall(
  server: Dest,
  request: SystemRequest,
  timeout: TimeLimit,
): Promise<unknown> {
  const timeoutMs = millisecondsOf(timeout);
  const caller = callingProcess();
  return rejecting(() => ask(caller, server, request, timeoutMs));
}

function ask(
  caller: Process | undefined,
  server: Dest,
  request: SystemRequest,
  timeoutMs: number,
): Promise<unknown> {
  const description: CallDescription = ['system', server, nameOf(request), timeoutMs];
  const target = processAt(server);
  if (target === undefined) {
    return callElsewhere(ops.system, server, request, packRequest, description, timeoutMs);
  }
  if (target === caller) return Promise.reject(new Exit(['calling_self', description]));
  return new Promise((resolve, reject) => {
    const slot = new ReplySlot(caller, target, description, timeoutMs, resolve, reject);
    deliverSystem(target, new SystemMessage(request, slot));
    if (timeoutMs === 0) slot.fail('timeout');
  });
}

function nameOf(request: SystemRequest): string {
  return request.kind === 'debug' ? request.command[0] : request.kind;
}

/** A debug function stays where it is; it can be removed from elsewhere by a plain id. */
function packCommand(request: DebugRequest, isolate: number): Packed {
  const [what] = request.command;
  if (what !== 'install') return pack(request, `sys.${what}()`);
  throw new TypeError(
    `sys.install() takes code, which cannot cross to isolate ${isolate}: call it there`,
  );
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
    case 'stop':
      return packReason(request);
    case 'debug':
      return packCommand(request, isolate);
    default:
      return pack(request, `sys.${request.kind}()`);
  }
}
