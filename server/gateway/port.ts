/**
 * The port between the gateway (bytes) and sessions (packets). Both sides only exchange these messages, so the
 * gateway can sit in another thread than the processes that it serves.
 *
 * Frames are given on credit: a session says how much it has taken, and the gateway closes a connection that brings
 * far more than its session gets through.
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
  /** Whether this address may try a login now: counted once a socket. */
  readonly mayLogIn: boolean;
  /** What the previous session of this socket left with `remember`, undefined on a new socket. */
  readonly remembered: unknown;
  /** Nobody has spoken on this socket yet: the session may begin before the gateway has answered it. */
  readonly first: boolean;
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
  | {
      readonly kind: 'attach';
      readonly connection: ConnectionId;
      readonly session: Pid;
      /**
       * Of the socket's first session, which has begun: as `remember`. There is no `attached` then, but `closed` when
       * another session was faster. Undefined of one that asks what its predecessor left.
       */
      readonly remembered: unknown;
    }
  | {
      readonly kind: 'send';
      readonly connection: ConnectionId;
      readonly session: Pid;
      readonly frame: Uint8Array;
      /** What the session has taken so far: see {@link creditOf}. */
      readonly taken: number;
    }
  /** Said by a session that takes much and says little. */
  | {
      readonly kind: 'took';
      readonly connection: ConnectionId;
      readonly session: Pid;
      readonly taken: number;
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

/** What a frame counts for: its bytes, and something for being a message. */
export const creditOf = (frame: Uint8Array): number => frame.length + FRAME_CREDIT;
const FRAME_CREDIT = 8 * 1024;

/**
 * More than this given and not taken: closed with `window_exceeded`. A client that keeps to its window of 256
 * unaccepted sends of 96 KiB each is below it, also while nobody takes anything.
 */
export const GIVEN_AT_MOST = 32 * 1024 * 1024;

/** A session says `took` at the latest after so much. */
export const SAY_TAKEN_AFTER = 1024 * 1024;

/** The gateway's answer to `attach`. */
export interface Attached {
  readonly kind: 'attached';
  readonly remembered: unknown;
}
