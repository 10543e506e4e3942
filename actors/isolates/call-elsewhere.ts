/** A request to a server that is not in this isolate, and the wait for its reply: of calls and of system messages. */
import { callingProcess } from '../context.ts';
import { Exit } from '../exit.ts';
import { thisIsolate } from '../pid.ts';
import { ReplySlot } from '../gen-server/reply-slot.ts';
import type { CallDescription } from '../gen-server/reply-slot.ts';
import { isolateAt } from '../server-ref.ts';
import type { Dest } from '../server-ref.ts';
import { askRemote } from './outgoing.ts';
import type { Packed } from './outgoing.ts';
import { outboxTo } from './outbox.ts';
import type { ops } from './signal.ts';

/**
 * The other isolate watches the server until the reply. Rejects as a call does, with `'noproc'` when the server would
 * have to be in this isolate and with `'noconnection'` when its isolate is away.
 * @param pack puts the request into the form in which it crosses; what it throws is what the promise rejects with
 */
export function callElsewhere<Request>(
  op: typeof ops.call | typeof ops.system,
  server: Dest,
  request: Request,
  pack: (request: Request, isolate: number) => Packed,
  description: CallDescription,
  timeoutMs: number,
): Promise<unknown> {
  const isolate = isolateAt(server);
  if (isolate === thisIsolate()) return Promise.reject(new Exit(['noproc', description]));
  if (outboxTo(isolate) === undefined) {
    return Promise.reject(new Exit(['noconnection', description]));
  }
  return new Promise((resolve, reject) => {
    const packed = pack(request, isolate);
    const caller = callingProcess();
    const slot = new ReplySlot(caller, isolate, description, timeoutMs, resolve, reject);
    askRemote(op, server, slot.ref, packed);
    if (timeoutMs === 0) slot.fail('timeout');
  });
}
