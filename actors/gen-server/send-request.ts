/**
 * Calls whose reply is fetched later: `send_request`, `receive_response` and `check_response` of
 * `gen_server.erl`. A process that does not wait gets the response as a message.
 */
import { after } from '../clock.ts';
import { callingProcess } from '../context.ts';
import type { Exit, ExitReason } from '../exit.ts';
import { CallMessage } from './messages.ts';
import type { AnyRequest, ReplyOf, RequestOfKind } from './types.ts';
import { askRemote, pack } from '../isolates/outgoing.ts';
import { outboxTo } from '../isolates/outbox.ts';
import { ops } from '../isolates/signal.ts';
import { thisIsolate } from '../pid.ts';
import { processAt } from '../process-table.ts';
import type { Process } from '../process.ts';
import { ReplySlot } from './reply-slot.ts';
import { isolateAt } from '../server-ref.ts';
import type { Dest, TypedServer, UntypedServer } from '../server-ref.ts';
import { deliver } from '../signals.ts';

declare const requestBrand: unique symbol;

/** Names a request that is under way. */
export interface RequestId<Reply = unknown> {
  readonly [requestBrand]: Reply;
}

/** The reply, or why there will be none: `[reason, server]`. */
export type Response<Reply = unknown> =
  readonly ['reply', Reply] | readonly ['error', readonly [ExitReason, Dest]];

/** What a process that did not wait finds in its mailbox; `checkResponse` reads it. */
export interface ResponseMessage {
  readonly kind: 'response';
  readonly id: RequestId;
  readonly response: Response;
}

class PendingRequest {
  readonly #caller: Process | undefined;
  #response: Response | undefined;
  #waiter: ((response: Response) => void) | undefined;

  constructor(caller: Process | undefined) {
    this.#caller = caller;
  }

  answer(response: Response): void {
    const waiter = this.#waiter;
    if (waiter !== undefined) waiter(response);
    else if (this.#caller === undefined) this.#response = response;
    else if (this.#caller.alive) deliver(this.#caller, this.#message(response));
  }

  wait(resolve: (response: Response) => void): void {
    const here = this.#response ?? this.#takeFromMailbox();
    if (here === undefined) this.#waiter = resolve;
    else resolve(here);
  }

  #message(response: Response): ResponseMessage {
    return { kind: 'response', id: this as unknown as RequestId, response };
  }

  #takeFromMailbox(): Response | undefined {
    const [message] =
      this.#caller?.mailbox.extract(one => isResponse(one) && isSame(one.id, this)) ?? [];
    return message === undefined ? undefined : (message as ResponseMessage).response;
  }
}

/**
 * Asks a server and goes on.
 * @throws TypeError when the server is in another isolate and the request cannot cross
 */
export function sendRequest<Call extends AnyRequest, Kind extends Call['kind']>(
  server: TypedServer<Call, unknown>,
  request: RequestOfKind<Call, Kind> & { readonly kind: Kind },
): RequestId<ReplyOf<RequestOfKind<Call, Kind>>>;
export function sendRequest(server: UntypedServer, request: AnyRequest): RequestId;
export function sendRequest(server: Dest, request: AnyRequest): RequestId {
  const caller = callingProcess();
  const pending = new PendingRequest(caller);
  const target = processAt(server);
  const failed = (why: ExitReason): void => pending.answer(['error', [why, server]]);
  const ask = (whom: Process | number): ReplySlot =>
    new ReplySlot(
      caller,
      whom,
      ['sendRequest', server, request.kind],
      Infinity,
      value => pending.answer(['reply', value]),
      exit => failed(whyOf(exit)),
    );
  const isolate = isolateAt(server);
  if (target !== undefined) deliver(target, new CallMessage(request, ask(target)));
  else if (isolate === thisIsolate()) failed('noproc');
  else if (outboxTo(isolate) === undefined) failed('noconnection');
  else {
    const packed = pack(request, 'sendRequest()');
    askRemote(ops.call, server, ask(isolate).ref, packed);
  }
  return pending as unknown as RequestId;
}

function whyOf(exit: Exit): ExitReason {
  return (exit.reason as readonly unknown[])[0];
}

/**
 * Waits for the response. After a `'timeout'` the request is given up: who waited once gets no
 * message, and a late reply vanishes.
 */
export function receiveResponse<Reply>(
  id: RequestId<Reply>,
  timeoutMs = Infinity,
): Promise<Response<Reply> | 'timeout'> {
  callingProcess();
  const pending = pendingOf(id);
  return new Promise(resolve => {
    const timer = timeoutMs === Infinity ? undefined : after(timeoutMs, () => resolve('timeout'));
    pending.wait(response => {
      timer?.cancel();
      resolve(response as Response<Reply>);
    });
  });
}

/** The response that a message carries when it answers this request, else `'no_reply'`. */
export function checkResponse<Reply>(
  message: unknown,
  id: RequestId<Reply>,
): Response<Reply> | 'no_reply' {
  if (!isResponse(message) || !isSame(message.id, id)) return 'no_reply';
  return message.response as Response<Reply>;
}

function isResponse(message: unknown): message is ResponseMessage {
  return (
    typeof message === 'object' &&
    message !== null &&
    (message as Partial<ResponseMessage>).kind === 'response'
  );
}

function isSame(one: unknown, other: unknown): boolean {
  return one === other;
}

function pendingOf(id: RequestId): PendingRequest {
  if (id instanceof PendingRequest) return id;
  throw new TypeError('receiveResponse() expects what sendRequest() returned');
}
