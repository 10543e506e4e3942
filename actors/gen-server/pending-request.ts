/** A request under way: where its response goes until somebody has received it. */
import type { ExitReason } from '../exit.ts';
import type { Process } from '../process.ts';
import type { Dest } from '../server-ref.ts';
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

export type Waiter = (request: PendingRequest, response: Response) => void;

export class PendingRequest {
  /** The process that asked, whose mailbox takes the response; undefined outside of any. */
  readonly caller: Process | undefined;
  /** Ends the watch of the server, so that no response comes any more. */
  #abandon: (() => void) | undefined;
  /** Of a caller that is no process. */
  #response: Response | undefined;
  #waiter: Waiter | undefined;

  constructor(caller: Process | undefined) {
    this.caller = caller;
  }

  abandonedBy(abandon: () => void): void {
    this.#abandon = abandon;
  }

  answer(response: Response): void {
    const waiter = this.#waiter;
    this.#abandon = undefined;
    if (waiter !== undefined) waiter(this, response);
    else if (this.caller === undefined) this.#response = response;
    else if (this.caller.alive) deliver(this.caller, this.#message(response));
  }

  /** The response that is here already; it is received by that. */
  take(): Response | undefined {
    const response = this.#response;
    this.#response = undefined;
    return response;
  }

  waitWith(waiter: Waiter | undefined): void {
    this.#waiter = waiter;
  }

  /** Nobody wants the response any more. */
  abandon(): void {
    this.#abandon?.();
    this.#abandon = undefined;
  }

  #message(response: Response): ResponseMessage {
    return { kind: 'response', id: asId(this), response };
  }
}

export function asId<Reply>(request: PendingRequest): RequestId<Reply> {
  return request as unknown as RequestId<Reply>;
}

/** @throws TypeError for what no `sendRequest` returned */
export function requestOf(id: unknown, what: string): PendingRequest {
  if (id instanceof PendingRequest) return id;
  throw new TypeError(`${what} expects what sendRequest() returned`);
}

export function isResponse(message: unknown): message is ResponseMessage {
  return (
    typeof message === 'object' &&
    message !== null &&
    (message as Partial<ResponseMessage>).kind === 'response' &&
    (message as Partial<ResponseMessage>).id instanceof PendingRequest
  );
}
