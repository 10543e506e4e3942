/**
 * Calls whose reply is fetched later: `send_request` of `gen_server.erl`. A process that does not
 * wait for it gets the response as a message.
 */
import { callingProcess } from '../context.ts';
import type { Exit, ExitReason } from '../exit.ts';
import { askRemote, pack } from '../isolates/outgoing.ts';
import { outboxTo } from '../isolates/outbox.ts';
import { ops } from '../isolates/signal.ts';
import { kindOf } from '../kind-of.ts';
import { thisIsolate } from '../pid.ts';
import { processAt } from '../process-table.ts';
import type { Process } from '../process.ts';
import { isolateAt } from '../server-ref.ts';
import type { Dest, TypedServer, UntypedServer } from '../server-ref.ts';
import { deliver } from '../signals.ts';
import { CallMessage } from './messages.ts';
import { asId, PendingRequest } from './pending-request.ts';
import type { RequestId } from './pending-request.ts';
import { ReplySlot } from './reply-slot.ts';
import { reqidsAdd } from './request-ids.ts';
import type { RequestIdCollection } from './request-ids.ts';
import type { AnyRequest, ReplyOf, RequestOfKind } from './types.ts';

/**
 * Asks a server and goes on; with a label and a collection: the collection with the request in it.
 * @throws TypeError for what is no server, as Erlang's badarg, and when it is in another isolate and the
 *   request cannot cross
 */
export function sendRequest<Call extends AnyRequest, Kind extends Call['kind']>(
  server: TypedServer<Call, unknown>,
  request: RequestOfKind<Call, Kind> & { readonly kind: Kind },
): RequestId<ReplyOf<RequestOfKind<Call, Kind>>>;
export function sendRequest<Call extends AnyRequest, Kind extends Call['kind'], Label>(
  server: TypedServer<Call, unknown>,
  request: RequestOfKind<Call, Kind> & { readonly kind: Kind },
  label: Label,
  collection: RequestIdCollection<Label>,
): RequestIdCollection<Label>;
export function sendRequest<Label>(
  server: UntypedServer,
  request: AnyRequest,
  label: Label,
  collection: RequestIdCollection<Label>,
): RequestIdCollection<Label>;
export function sendRequest(server: UntypedServer, request: AnyRequest): RequestId;
export function sendRequest(
  server: Dest,
  request: AnyRequest,
  label?: unknown,
  collection?: RequestIdCollection,
): RequestId | RequestIdCollection {
  const caller = callingProcess();
  const pending = new PendingRequest(caller);
  const id = asId(pending);
  // Refuses what is no collection before anything is sent.
  const collected = collection === undefined ? undefined : reqidsAdd(id, label, collection);
  ask(pending, caller, server, request);
  return collected ?? id;
}

function ask(
  pending: PendingRequest,
  caller: Process | undefined,
  server: Dest,
  request: AnyRequest,
): void {
  const failed = (why: ExitReason): void => pending.answer(['error', [why, server]]);
  const slotFor = (whom: Process | number): ReplySlot => {
    const slot = new ReplySlot(
      caller,
      whom,
      ['sendRequest', server, kindOf(request)],
      Infinity,
      value => pending.answer(['reply', value]),
      exit => failed(whyOf(exit)),
    );
    pending.abandonedBy(() => slot.release());
    return slot;
  };
  const target = processAt(server);
  const isolate = isolateAt(server);
  if (target !== undefined) deliver(target, new CallMessage(request, slotFor(target)));
  else if (isolate === thisIsolate()) failed('noproc');
  else if (outboxTo(isolate) === undefined) failed('noconnection');
  else {
    const packed = pack(request, 'sendRequest()');
    askRemote(ops.call, server, slotFor(isolate).ref, packed);
  }
}

function whyOf(exit: Exit): ExitReason {
  return (exit.reason as readonly unknown[])[0];
}
