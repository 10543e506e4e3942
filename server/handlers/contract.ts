/**
 * What handlers are. A packet handler is called in the session's process with its state, for one packet; a request
 * handler answers one request, beside the packets. Each is a module of its own that can be replaced while the server
 * runs (docs/handlers.md), so a session asks for it by name each time.
 */
import { code, Exit } from '../../actors/index.ts';
import type { Ack, Login, Ping, Read, RequestPacket, Send } from '../../protocol/packets.ts';
import type { Argument, Method, Reply } from '../../protocol/requests.ts';
import { RequestError } from '../request-error.ts';
import type { SessionState } from '../sessions/state.ts';
import { requireReadable } from './readable.ts';
import type { RequestContext } from './requests/context.ts';

/** Handles one packet: changes the session's state in place and says what is to be said. What it throws ends the session's process. */
export type PacketHandler<Packet> = (state: SessionState, packet: Packet) => void;

/**
 * Answers one request.
 * @throws RequestError for what the client is told with an `error` packet
 */
export type RequestHandler<M extends Method> = (
  context: RequestContext,
  argument: Argument<M>,
) => Promise<Reply<M>>;

export interface PacketHandlers {
  readonly login: PacketHandler<Login>;
  readonly send: PacketHandler<Send | Read>;
  readonly ack: PacketHandler<Ack>;
  readonly request: PacketHandler<RequestPacket>;
  readonly ping: PacketHandler<Ping>;
}

export type RequestHandlers = { readonly [M in Method]: RequestHandler<M> };

export type Handlers = PacketHandlers & {
  readonly [M in Method as `requests/${M}`]: RequestHandler<M>;
};

/** Each looked up by name once. */
const modules: Partial<Record<keyof Handlers, code.Module<object>>> = {};

const moduleOf = (name: keyof Handlers): code.Module<object> =>
  (modules[name] ??= code.moduleOf(name));

interface Version<Handler> {
  readonly default: Handler;
}

/**
 * Handles a packet with the handler that runs now for this user, which during a canary may not be everybody's. A crash
 * in there is that handler's, and not the session's.
 */
export function handle<N extends keyof PacketHandlers>(
  name: N,
  state: SessionState,
  packet: Parameters<PacketHandlers[N]>[1],
): void {
  const version = moduleOf(name).lookup(state.user) as Version<
    (state: SessionState, packet: Parameters<PacketHandlers[N]>[1]) => unknown
  >;
  const { default: handler } = version;
  try {
    const result = handler(state, packet);
    if (result !== undefined) refusePromise(result, `${name}, given ${packet.kind}, returned`);
  } catch (thrown) {
    code.blame(name, version, thrown);
    throw thrown;
  }
}

/**
 * Answers a request with the handler that runs now for this user.
 * @throws (rejects) whatever it throws
 */
export async function answerRequest<M extends Method>(
  method: M,
  context: RequestContext,
  argument: Argument<M>,
): Promise<Reply<M>> {
  const name = `requests/${method}` as const;
  const version = moduleOf(name).lookup(context.user) as Version<RequestHandler<M>>;
  const { default: handler } = version;
  try {
    const value = await handler(context, argument);
    if (version !== code.builtIn(name).exports)
      requireReadable({ kind: 'reply', id: 1, method, value });
    return value;
  } catch (thrown) {
    // These two are answers: nobody crashes for them.
    if (!(thrown instanceof RequestError || thrown instanceof Exit))
      code.blame(name, version, thrown);
    throw thrown;
  }
}

/** @throws TypeError for a promise */
export function refusePromise(result: unknown, who: string): void {
  if (!isPromise(result)) return;
  // Nobody waits for it, and what it may reject with is nothing any more.
  result.then(undefined, () => undefined);
  throw new TypeError(
    `${who} a promise: a packet handler must not wait (the client's other packets are behind it), so write it without async; a request handler may wait`,
  );
}

const isPromise = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === 'object' &&
  value !== null &&
  typeof (value as Partial<PromiseLike<unknown>>).then === 'function';
