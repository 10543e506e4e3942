import type { Offer } from './delivery/sender.ts';
import type { CloseCode, ErrorCode } from './errors.ts';
import type { Conversation, DeviceId, GroupId, UserId } from './ids.ts';
import type { Refusal } from './refusal.ts';
import type { Argument, Method, Reply } from './requests.ts';
import type { Row } from './rows.ts';

/**
 * The packets as programs hold them. On the wire each is a msgpack array whose first element is its kind's
 * number; `codec/` turns one into the other and docs/protocol.md has every field, type and limit.
 */

/** What a connection claims at login, as bits. Per device and role the newest connection wins. */
export const roles = { send: 1, receive: 2 } as const;

/** Whom a send is for, and which version of the truth it was made for. */
export type Addressing = DirectAddressing | GroupAddressing;

export interface DirectAddressing {
  readonly kind: 'direct';
  /** Each addressed user with the version of its device list (never the own user; see `own`). */
  readonly users: readonly (readonly [UserId, number])[];
  /** The version of the own device list: the user's other devices get a copy. */
  readonly own: number;
}

export interface GroupAddressing {
  readonly kind: 'group';
  readonly group: GroupId;
  readonly version: number;
}

export interface Send extends Offer {
  readonly kind: 'send';
  readonly to: Addressing;
  readonly body: Uint8Array;
}

/** The user has read what `sender` sent in `conversation`, up to `upTo` in the sender's numbering. Numbered like a send. */
export interface Read extends Offer {
  readonly kind: 'read';
  readonly sender: DeviceId;
  readonly conversation: Conversation;
  readonly upTo: number;
}

export interface Login {
  readonly kind: 'login';
  /** The protocol's version, 1. */
  readonly version: number;
  /** Bits of {@link roles}; at least one. */
  readonly roles: number;
  readonly proof:
    | { readonly kind: 'signature'; readonly signature: Uint8Array }
    | { readonly kind: 'ticket'; readonly ticket: Uint8Array };
  /** Name and version of the client program, for the host's statistics. */
  readonly agent: string;
}

/** Rows up to `upTo` are stored by the device. `again`: rows are missing, push from there again. */
export interface Ack {
  readonly kind: 'ack';
  readonly upTo: number;
  readonly again: boolean;
}

export type RequestPacket = {
  readonly [M in Method]: {
    readonly kind: 'request';
    /** Made by the client, rising per device; the reply carries it. */
    readonly id: number;
    readonly method: M;
    readonly argument: Argument<M>;
  };
}[Method];

export interface Ping {
  readonly kind: 'ping';
  readonly token: number;
}

export type ClientPacket = Login | Send | Read | Ack | RequestPacket | Ping;

export interface Challenge {
  readonly kind: 'challenge';
  /** 32 random bytes, good for this connection only. */
  readonly nonce: Uint8Array;
  readonly time: number;
}

export interface Welcome {
  readonly kind: 'welcome';
  /** Logs in without a signature until `ticketExpiresAt`; opaque. */
  readonly ticket: Uint8Array;
  readonly ticketExpiresAt: number;
  readonly time: number;
  readonly limits: WireLimits;
}

/** The limits that a client must keep to; see protocol/limits.ts. */
export interface WireLimits {
  readonly packetBytes: number;
  readonly frameBytes: number;
  readonly bodyBytes: number;
  readonly unacceptedSends: number;
  readonly unackedRows: number;
  readonly openRequests: number;
  readonly idleTimeoutMs: number;
}

/**
 * What the server has committed about this device: sent after login, after a session's restart and at a gap.
 * The client settles its outbox by it and offers the rest again; it answers with `ack`.
 */
export interface State {
  readonly kind: 'state';
  /** The highest number taken. */
  readonly upTo: number;
  /** The highest number decided, with its `rev`, and why it was refused if it was. */
  readonly seen: number;
  readonly rev: number;
  readonly why: Refusal | null;
  /** The highest row acknowledged. */
  readonly acked: number;
  /** The store's era: a new one after every restore of the server. */
  readonly era: number;
}

export interface Accepted {
  readonly kind: 'accepted';
  readonly upTo: number;
  /** When `upTo` was accepted: the server's clock. */
  readonly at: number;
}

export interface Rejected {
  readonly kind: 'rejected';
  readonly seq: number;
  readonly rev: number;
  readonly why: Refusal;
  readonly upTo: number;
}

/** Rows in order; `after` is the number before the first, so that a gap is seen. */
export interface Deliver {
  readonly kind: 'deliver';
  readonly after: number;
  readonly rows: readonly Row[];
}

/** `method` repeats the request's, so that a reply can be read and checked by itself. */
export interface ReplyPacket<M extends Method = Method> {
  readonly kind: 'reply';
  readonly id: number;
  readonly method: M;
  readonly value: Reply<M>;
}

/** Something was not taken; the connection stays. `about`: the id of the request that failed. */
export interface ErrorPacket {
  readonly kind: 'error';
  readonly code: ErrorCode;
  readonly message: string;
  readonly field?: string;
  readonly limit?: number;
  readonly about?: number;
  readonly retryAfterMs?: number;
}

/** The last packet before the server closes: when to come back (jitter included), null for never with these credentials. */
export interface Close {
  readonly kind: 'close';
  readonly code: CloseCode;
  readonly message: string;
  readonly retryAfterMs: number | null;
}

export interface Pong {
  readonly kind: 'pong';
  readonly token: number;
}

export type ServerPacket =
  | Challenge
  | Welcome
  | State
  | Accepted
  | Rejected
  | Deliver
  | ReplyPacket
  | ErrorPacket
  | Close
  | Pong;

/** The first element of a packet's array. Never used again for another kind. */
export const packetKinds = {
  login: 1,
  send: 2,
  read: 3,
  ack: 4,
  request: 5,
  ping: 6,
  challenge: 33,
  welcome: 34,
  state: 35,
  accepted: 36,
  rejected: 37,
  deliver: 38,
  reply: 39,
  error: 40,
  close: 41,
  pong: 42,
} as const satisfies Record<ClientPacket['kind'] | ServerPacket['kind'], number>;

/** The WebSocket subprotocol. */
export const subprotocol = 'strowger.v1';
/** Where a device connects: `/v1/<device>`. */
export const devicePath = (device: DeviceId): string => `/v1/${device}`;
