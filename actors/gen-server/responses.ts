/**
 * Fetching what `sendRequest` asked for: `receive_response`, `wait_response` and `check_response` of
 * `gen_server.erl`, of one request or of the first in a collection that is answered.
 */
import { shown } from '../bad-argument.ts';
import { after, now } from '../clock.ts';
import type { TimerHandle } from '../clock.ts';
import { callingProcess } from '../context.ts';
import type { Holding, Process } from '../process.ts';
import { smallAdd, smallDelete } from '../small-set.ts';
import { millisecondsOf } from '../time-limit.ts';
import type { TimeLimit } from '../time-limit.ts';
import { isResponse, requestOf } from './pending-request.ts';
import type { RequestId, Response, ResponseMessage, PendingRequest } from './pending-request.ts';
import { Collection, collectionOf, sealed } from './request-ids.ts';
import type { RequestIdCollection } from './request-ids.ts';

/**
 * Milliseconds from now, or a moment on the clock of `performance.now()`; `Infinity` or `'infinity'`:
 * no end.
 */
export type ResponseTimeout = TimeLimit | readonly ['abs', number];

/** The response to one request of a collection, its label, and the collection as it goes on. */
export type CollectedResponse<Label> = readonly [Response, Label, RequestIdCollection<Label>];

/**
 * Waits for the response. After a `'timeout'` the request is given up: a late reply vanishes.
 * Of a collection: for the first one, of whichever request; all are given up at the timeout.
 * `remove` takes the answered request out of the collection. An empty one is `'no_request'`.
 * Only the process that sent a request can receive its response.
 */
export function receiveResponse<Reply>(
  id: RequestId<Reply>,
  timeout?: ResponseTimeout,
): Promise<Response<Reply> | 'timeout'>;
export function receiveResponse<Label>(
  collection: RequestIdCollection<Label>,
  timeout: ResponseTimeout,
  remove: boolean,
): Promise<CollectedResponse<Label> | 'no_request' | 'timeout'>;
export function receiveResponse(
  asked: RequestId | RequestIdCollection,
  timeout: ResponseTimeout = Infinity,
  remove?: boolean,
): Promise<unknown> {
  return awaitResponse('receiveResponse()', asked, timeout, remove, true);
}

/** As {@link receiveResponse}, but after a `'timeout'` one can wait again, or get it as a message. */
export function waitResponse<Reply>(
  id: RequestId<Reply>,
  timeout?: ResponseTimeout,
): Promise<Response<Reply> | 'timeout'>;
export function waitResponse<Label>(
  collection: RequestIdCollection<Label>,
  timeout: ResponseTimeout,
  remove: boolean,
): Promise<CollectedResponse<Label> | 'no_request' | 'timeout'>;
export function waitResponse(
  asked: RequestId | RequestIdCollection,
  timeout: ResponseTimeout = Infinity,
  remove?: boolean,
): Promise<unknown> {
  return awaitResponse('waitResponse()', asked, timeout, remove, false);
}

/**
 * The response that a message carries when it answers this request, or one of the collection, else
 * `'no_reply'`. For the callbacks of a server, which get responses as messages.
 */
export function checkResponse<Reply>(
  message: unknown,
  id: RequestId<Reply>,
): Response<Reply> | 'no_reply';
export function checkResponse<Label>(
  message: unknown,
  collection: RequestIdCollection<Label>,
  remove: boolean,
): CollectedResponse<Label> | 'no_request' | 'no_reply';
export function checkResponse(
  message: unknown,
  asked: RequestId | RequestIdCollection,
  remove?: boolean,
): unknown {
  const wanted = wantedOf('checkResponse()', asked, remove);
  if (wanted.requests.length === 0) return 'no_request';
  const request = isResponse(message) ? (message.id as unknown as PendingRequest) : undefined;
  if (request === undefined || !wanted.requests.includes(request)) return 'no_reply';
  return wanted.answer(request, (message as ResponseMessage).response);
}

interface Wanted {
  readonly requests: readonly PendingRequest[];
  answer(request: PendingRequest, response: Response): unknown;
}

function wantedOf(what: string, asked: unknown, remove: boolean | undefined): Wanted {
  if (remove === undefined && !(asked instanceof Collection)) {
    return { requests: [requestOf(asked, what)], answer: (_request, response) => response };
  }
  const collection = collectionOf(asked, what);
  if (typeof remove !== 'boolean') {
    throw new TypeError(`${what} of a collection expects whether to remove what was answered`);
  }
  return {
    requests: [...collection.labels.keys()],
    answer: (request, response) => [
      response,
      collection.labels.get(request),
      sealed(remove ? collection.without(request) : collection),
    ],
  };
}

function awaitResponse(
  what: string,
  asked: unknown,
  timeout: ResponseTimeout,
  remove: boolean | undefined,
  giveUp: boolean,
): Promise<unknown> {
  const caller = callingProcess();
  const wanted = wantedOf(what, asked, remove);
  const leftMs = timeLeft(what, timeout);
  if (wanted.requests.length === 0) return Promise.resolve('no_request');
  const here = takeFirst(wanted.requests);
  if (here !== undefined) return Promise.resolve(wanted.answer(...here));
  return new Promise(resolve => {
    const wait = new Wait(caller, wanted, resolve, giveUp);
    wait.begin(leftMs);
  });
}

function timeLeft(what: string, timeout: ResponseTimeout): number {
  const leftMs = Array.isArray(timeout) ? timeUntil(timeout) : millisecondsOf(timeout as TimeLimit);
  if (typeof leftMs === 'number' && leftMs >= 0) return leftMs;
  throw new RangeError(`${what} expects milliseconds of 0 or more, got ${shown(timeout)}`);
}

/** A moment that is over is 0 ms from now; what is no moment is none. */
function timeUntil([tag, moment]: readonly unknown[]): number {
  return tag === 'abs' && typeof moment === 'number' ? Math.max(0, moment - now()) : NaN;
}

/** The oldest response that lies in the mailbox, or waits for a caller that is no process. */
function takeFirst(
  requests: readonly PendingRequest[],
): readonly [PendingRequest, Response] | undefined {
  for (const request of requests) {
    const response = request.take();
    if (response !== undefined) return [request, response];
  }
  const mailbox = requests[0]?.caller?.mailbox;
  if (mailbox === undefined) return undefined;
  const wanted = new Set<unknown>(requests);
  let found = false;
  const [message] = mailbox.extract(each => {
    if (found || !isResponse(each) || !wanted.has(each.id)) return false;
    found = true;
    return true;
  }) as ResponseMessage[];
  return message === undefined
    ? undefined
    : [message.id as unknown as PendingRequest, message.response];
}

class Wait implements Holding {
  readonly #caller: Process | undefined;
  readonly #wanted: Wanted;
  readonly #resolve: (value: unknown) => void;
  readonly #giveUp: boolean;
  #timer: TimerHandle | undefined;

  constructor(
    caller: Process | undefined,
    wanted: Wanted,
    resolve: (value: unknown) => void,
    giveUp: boolean,
  ) {
    this.#caller = caller;
    this.#wanted = wanted;
    this.#resolve = resolve;
    this.#giveUp = giveUp;
  }

  begin(leftMs: number): void {
    if (leftMs === 0) {
      this.#timeout();
      return;
    }
    if (this.#caller !== undefined) {
      this.#caller.holdings = smallAdd<Holding>(this.#caller.holdings, this);
    }
    for (const request of this.#wanted.requests) {
      request.waitWith((answered, response) => {
        this.#end();
        this.#resolve(this.#wanted.answer(answered, response));
      });
    }
    if (leftMs !== Infinity) this.#timer = after(leftMs, () => this.#timeout());
  }

  /** The caller died: its code must not go on. */
  release(): void {
    this.#timer?.cancel();
  }

  #timeout(): void {
    this.#end();
    if (this.#giveUp) for (const request of this.#wanted.requests) request.abandon();
    this.#resolve('timeout');
  }

  #end(): void {
    this.#timer?.cancel();
    for (const request of this.#wanted.requests) request.waitWith(undefined);
    if (this.#caller !== undefined) {
      this.#caller.holdings = smallDelete<Holding>(this.#caller.holdings, this);
    }
  }
}
