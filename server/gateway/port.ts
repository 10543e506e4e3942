/**
 * The port between the gateway (bytes) and sessions (packets). Both sides only exchange these messages, so the
 * gateway can sit in another thread than the processes that it serves.
 */
import type { Pid } from '../../actors/index.ts';
import type { CloseCode } from '../../protocol/errors.ts';
import type { DeviceId } from '../../protocol/ids.ts';

/** A socket, never used again for another one while the gateway lives. */
export type ConnectionId = number;

/** What a session is started with. */
export interface Opening {
  readonly gateway: Pid;
  readonly connection: ConnectionId;
  /** From the path; not proved yet. */
  readonly device: DeviceId;
  /** The peer's address, for limits and logs. */
  readonly address: string;
  /** What the previous session of this socket left with `remember`, undefined on a new socket. */
  readonly remembered: unknown;
}

/** To a session. A session that ends for good sends `close` first. */
export type ToSession =
  | { readonly kind: 'frame'; readonly data: Uint8Array }
  /** The socket holds more than its backpressure limit: pushing pauses … */
  | { readonly kind: 'congested' }
  /** … until it has drained. */
  | { readonly kind: 'drained' }
  /** The socket is gone; nothing may be sent any more. The session ends `normal`. */
  | { readonly kind: 'closed'; readonly code: number }
  /** The server stops: the session says `close going_away` when its open work is answered. */
  | { readonly kind: 'drain'; readonly retryAfterMs: number };

/** To the gateway process. All but `attach` are ignored when they come from another session than the attached one. */
export type ToGateway =
  /** A session (also a restarted one) takes the connection; answered with `attached` or, when the socket is gone, `closed`. */
  | { readonly kind: 'attach'; readonly connection: ConnectionId; readonly session: Pid }
  | {
      readonly kind: 'send';
      readonly connection: ConnectionId;
      readonly session: Pid;
      readonly frame: Uint8Array;
    }
  | {
      readonly kind: 'close';
      readonly connection: ConnectionId;
      readonly session: Pid;
      readonly code: CloseCode;
      readonly message: string;
    }
  /** State for the session that follows this one if it dies. */
  | {
      readonly kind: 'remember';
      readonly connection: ConnectionId;
      readonly session: Pid;
      readonly state: unknown;
    };

/** The gateway's answer to `attach`. */
export interface Attached {
  readonly kind: 'attached';
  readonly remembered: unknown;
}
