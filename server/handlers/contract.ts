/**
 * What handlers are. A packet handler is called in the session's process with its state, for one packet; a request
 * handler answers one request, beside the packets. Each is a module of its own that can be replaced while the server
 * runs (docs/handlers.md), so a session asks for it by name each time.
 */
import { code } from '../../actors/index.ts';
import type { UserId } from '../../protocol/ids.ts';
import type { Ack, Login, Ping, Read, RequestPacket, Send } from '../../protocol/packets.ts';
import type { Argument, Method, Reply } from '../../protocol/requests.ts';
import type { SessionState } from '../sessions/state.ts';
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

/** The handler that runs now for this user, which during a canary may not be everybody's. */
export const handlerFor = <N extends keyof Handlers>(name: N, user: UserId): Handlers[N] =>
  (code.lookup(name, user) as { readonly default: Handlers[N] }).default;
