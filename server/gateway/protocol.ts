/** What the gateway may be asked by others of the server. What sessions and gateway say to each other is in `port.ts`. */
import { serverName } from '../../actors/index.ts';
import type { Request } from '../../actors/index.ts';
import type { Connection } from './connection.ts';
import type { Listening, ListenError } from './listen.ts';

/** Why new TLS files are not used, as a sentence. */
export type RenewResult = readonly ['ok'] | readonly ['error', string];

export type ListenResult = readonly ['ok', Listening] | readonly ['error', ListenError];

/** How many sockets had to be closed because the time was over. */
export interface DrainResult {
  readonly cut: number;
}

export type GatewayCall =
  /** Opens the port; once it was opened, a restarted gateway opens it again by itself. */
  | Request<'listen', object, ListenResult>
  /**
   * Closes the port, tells each session to end its open work, and waits for them. Give the call
   * more time than the drain.
   */
  | Request<'drain', { readonly withinMs: number }, DrainResult>
  /** New connections get the certificate that is in the TLS files now; the open ones stay. */
  | Request<'renew_tls', object, RenewResult>
  /** How many sockets are open. */
  | Request<'connections', object, number>
  /** The connections themselves, to be looked at and not to be kept; for who is in the gateway's thread. */
  | Request<'living', object, Iterable<Connection>>;

/** The registered name of the gateway. */
export const gatewayName = serverName<GatewayCall>('gateway');
