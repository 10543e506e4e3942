/** What a gateway process holds, and the messages that change it. */
import type { From, Pid } from '../../actors/index.ts';
import type { Connection } from './connection.ts';
import type { Connections } from './connections.ts';
import type { GatewayOptions } from './options.ts';
import type { ConnectionId, ToGateway } from './port.ts';
import type { DrainResult } from './protocol.ts';
import type { WebApp } from './web-app.ts';

export interface GatewayState {
  readonly options: GatewayOptions;
  readonly app: WebApp;
  readonly connections: Connections;
  /** The TLS files that were tried last; undefined without TLS. */
  tlsState: string | undefined;
  /** Tells the sessions when this process dies. */
  guard: Pid;
  /** Connections with frames to flush. */
  toFlush: Connection[];
  /** Who waits for the end of the drain; undefined when nothing is drained. */
  draining: From<DrainResult>[] | undefined;
}

export type GatewayInfo =
  | ToGateway
  /** Frames are queued: what was in the mailbox before this goes out together. */
  | typeof FLUSH
  /** It is time to see whether the TLS files are others. */
  | { readonly kind: 'look_at_tls' }
  /** An isolate is there again, or a shard has another place: whoever has no session gets one. */
  | { readonly kind: 'sessions_welcome' }
  /** The session that an isolate was asked for could not be started. */
  | { readonly kind: 'session_failed'; readonly connection: ConnectionId }
  /** An isolate had to be ended while this process held its thread. */
  | { readonly kind: 'held_thread'; readonly process: Pid }
  /** No session attached in time. */
  | { readonly kind: 'attach_timeout'; readonly connection: ConnectionId }
  /** The last socket of a draining gateway is gone, or the time is over. */
  | { readonly kind: 'all_gone' }
  | { readonly kind: 'drain_timeout' };

export const FLUSH = { kind: 'flush' } as const;
export const LOOK_AT_TLS = { kind: 'look_at_tls' } as const satisfies GatewayInfo;
