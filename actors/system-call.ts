/** Sending a system message and waiting for the answer. */
import { callingProcess } from './context.ts';
import { Exit } from './exit.ts';
import type { Name, Pid } from './pid.ts';
import { processAt } from './process-table.ts';
import { ReplySlot } from './reply-slot.ts';
import type { CallDescription } from './reply-slot.ts';
import { deliverSystem } from './signals.ts';
import { SystemMessage } from './system-message.ts';
import type { SystemRequest } from './system-message.ts';

/** Rejects with an {@link Exit} `[why, ['system', server, request kind, timeoutMs]]`, as a call does. */
export function systemCall(
  server: Pid | Name,
  request: SystemRequest,
  timeoutMs: number,
): Promise<unknown> {
  const caller = callingProcess();
  const description: CallDescription = ['system', server, request.kind, timeoutMs];
  const target = processAt(server);
  if (target === undefined) return Promise.reject(new Exit(['noproc', description]));
  if (target === caller) return Promise.reject(new Exit(['calling_self', description]));
  return new Promise((resolve, reject) => {
    const slot = new ReplySlot(caller, target, description, timeoutMs, resolve, reject);
    deliverSystem(target, new SystemMessage(request, slot));
  });
}
