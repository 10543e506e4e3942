/**
 * Asking one handler and fetching the response later: `send_request` and so on of `gen_event.erl`.
 * They are gen-server's, but that a handler's `['error', why]` is no reply: it is the response.
 */
import {
  checkResponse as check,
  receiveResponse as receive,
  waitResponse as wait,
} from '../gen-server/responses.ts';
import type { CollectedResponse, ResponseTimeout } from '../gen-server/responses.ts';
import type { RequestId, Response } from '../gen-server/pending-request.ts';
import type { RequestIdCollection } from '../gen-server/request-ids.ts';
import { sendRequest as send } from '../gen-server/send-request.ts';
import type { AnyRequest } from '../gen-server/types.ts';
import type { Pid } from '../pid.ts';
import type { Dest } from '../server-ref.ts';
import type { Handler } from './types.ts';

export type HandlerResponse = Response | readonly ['error', unknown];

export type CollectedHandlerResponse<Label> = readonly [
  HandlerResponse,
  Label,
  RequestIdCollection<Label>,
];

/** Asks one handler and goes on; with a label and a collection: the collection with it. */
export function sendRequest(manager: Dest, handler: Handler, request: unknown): RequestId;
export function sendRequest<Label>(
  manager: Dest,
  handler: Handler,
  request: unknown,
  label: Label,
  collection: RequestIdCollection<Label>,
): RequestIdCollection<Label>;
export function sendRequest(
  manager: Dest,
  handler: Handler,
  request: unknown,
  label?: unknown,
  collection?: RequestIdCollection,
): RequestId | RequestIdCollection {
  const call = { kind: 'call', handler, request } as AnyRequest;
  const untyped = manager as Pid;
  return collection === undefined ? send(untyped, call) : send(untyped, call, label, collection);
}

/** As gen-server's: after a `'timeout'` the request is given up, of a collection all of them. */
export function receiveResponse(
  id: RequestId,
  timeout?: ResponseTimeout,
): Promise<HandlerResponse | 'timeout'>;
export function receiveResponse<Label>(
  collection: RequestIdCollection<Label>,
  timeout: ResponseTimeout,
  remove: boolean,
): Promise<CollectedHandlerResponse<Label> | 'no_request' | 'timeout'>;
export async function receiveResponse(...args: readonly unknown[]): Promise<unknown> {
  return plain(await (receive as Fetch)(...args), args);
}

/** As {@link receiveResponse}, but after a `'timeout'` one can wait again. */
export function waitResponse(
  id: RequestId,
  timeout?: ResponseTimeout,
): Promise<HandlerResponse | 'timeout'>;
export function waitResponse<Label>(
  collection: RequestIdCollection<Label>,
  timeout: ResponseTimeout,
  remove: boolean,
): Promise<CollectedHandlerResponse<Label> | 'no_request' | 'timeout'>;
export async function waitResponse(...args: readonly unknown[]): Promise<unknown> {
  return plain(await (wait as Fetch)(...args), args);
}

/** The response that a message carries when it answers the request, else `'no_reply'`. */
export function checkResponse(message: unknown, id: RequestId): HandlerResponse | 'no_reply';
export function checkResponse<Label>(
  message: unknown,
  collection: RequestIdCollection<Label>,
  remove: boolean,
): CollectedHandlerResponse<Label> | 'no_request' | 'no_reply';
export function checkResponse(...args: readonly unknown[]): unknown {
  return plain((check as Fetch)(...args), args);
}

type Fetch = (...args: readonly unknown[]) => unknown;

/** Of a collection comes the response with its label and the collection that is left. */
function plain(fetched: unknown, args: readonly unknown[]): unknown {
  if (args[2] === undefined || !Array.isArray(fetched)) return handlers(fetched);
  const [response, ...rest] = fetched as unknown as CollectedResponse<unknown>;
  return [handlers(response), ...rest];
}

function handlers(response: unknown): unknown {
  if (!Array.isArray(response) || response[0] !== 'reply') return response;
  const reply: unknown = response[1];
  return Array.isArray(reply) && reply[0] === 'error' && reply.length === 2 ? reply : response;
}
