/** What a session owns. One value per process; handlers change it in place. */
import type { MonitorRef, Pid, TimerRef } from '../../actors/index.ts';
import type { EncodedDeliver } from '../../protocol/codec/encoded-deliver.ts';
import type { DeviceId, UserId } from '../../protocol/ids.ts';
import type { Read, Send, ServerPacket } from '../../protocol/packets.ts';
import type { Opening } from '../gateway/port.ts';
import type { ServerLimits } from '../config/config.ts';
import type { ServerMetrics } from '../metrics/server-metrics.ts';
import { StorePort } from '../stores/port.ts';
import type { Tickets } from './tickets.ts';

/** What sessions share: made once by the application. */
export interface SessionServices {
  readonly shards: number;
  readonly tickets: Tickets;
  readonly limits: ServerLimits;
  readonly metrics: ServerMetrics;
  /** Whether this account may try a login now. */
  readonly mayLogIn: (device: DeviceId) => boolean;
  /** How long a client is asked to stay away, in milliseconds, jitter included. */
  readonly retryAfterMs: () => number;
  /** The user's mailbox process, started when there is none. */
  readonly mailboxOf: (user: UserId) => Promise<Pid>;
}

export type Phase =
  /** Waits for `attached`, which the first session of a socket does not. */
  | 'attaching'
  /** The challenge is out. After the death of a session it is said again, and may be answered twice. */
  | 'challenged'
  /** The login's account is being loaded. */
  | 'checking'
  | 'active'
  /** The close packet is out; what still comes in is dropped. */
  | 'ending';

/** What the gateway keeps for the session that follows this one. */
export interface Remembered {
  /** Of the challenge that is out; undefined once logged in. */
  readonly nonce?: Uint8Array;
  /** The claimed roles once logged in, else 0. */
  readonly roles: number;
}

export interface SessionState {
  readonly services: SessionServices;
  readonly opening: Opening;
  readonly device: DeviceId;
  readonly user: UserId;
  readonly home: StorePort<SessionState>;
  /** Ports to the shards of users that were written to. */
  others: Map<number, StorePort<SessionState>> | undefined;
  phase: Phase;
  /** Of the challenge that is out; nobody needs it once logged in. */
  nonce: Uint8Array;
  /** Runs until the login. */
  loginTimer: TimerRef | undefined;
  roles: number;
  /** What was taken of the gateway's credit, and what it has been told of that. */
  taken: number;
  takenSaid: number;
  /** The challenge was repeated: a second answer to it is no mistake. */
  challengedAgain: boolean;
  /** A `flush` is on its way. */
  flushing: boolean;
  /** Packets for the next frame. */
  out: (ServerPacket | EncodedDeliver)[];
  readonly sending: Sending;
  readonly receiving: Receiving;
  openRequests: number;
  /** Bad packets in the current minute. */
  errors: { minute: number; count: number };
  /** Said by the gateway: end when nothing is open. */
  draining: number | null;
}

/** Sends on their way to the store. */
export interface Sending {
  /** In order, not yet given to the store. */
  queue: (Send | Read)[];
  underWay: number;
  /** Accounts and groups being loaded for the head of the queue. */
  loading: number;
  /** The last number that met a gap or a refusal: `state` is said once per run of them. 0 for none. */
  gapSeq: number;
  /** The disk was full: what comes is dropped until `state` has been said again. */
  held: boolean;
}

export type Course =
  /** Not logged in, or without the role. */
  | 'none'
  /** The store is asked whether rows wait. */
  | 'looking'
  /** The same, and it was told meanwhile that some do. */
  | 'told'
  /** Nothing waits, and no mailbox process runs: the store tells when rows come. */
  | 'resting'
  /** A mailbox process pushes, or is looked for. */
  | 'served';

export interface Receiving {
  course: Course;
  mailbox: Pid | undefined;
  watch: MonitorRef | undefined;
  /** What the device has acknowledged: where a new mailbox process begins. */
  acked: number;
  /** What the store had committed of it when it was asked last. */
  committed: number;
  congested: boolean;
}

export const NO_NONCE = new Uint8Array(0);

export const newSession = (
  services: SessionServices,
  opening: Opening,
  place: { user: UserId; shard: number },
): SessionState => ({
  services,
  opening,
  device: opening.device,
  user: place.user,
  home: new StorePort(place.shard),
  others: undefined,
  phase: 'attaching',
  nonce: NO_NONCE,
  loginTimer: undefined,
  roles: 0,
  taken: 0,
  takenSaid: 0,
  challengedAgain: false,
  flushing: false,
  out: [],
  sending: { queue: [], underWay: 0, loading: 0, gapSeq: 0, held: false },
  receiving: {
    course: 'none',
    mailbox: undefined,
    watch: undefined,
    acked: 0,
    committed: 0,
    congested: false,
  },
  openRequests: 0,
  errors: { minute: 0, count: 0 },
  draining: null,
});

/** The port to the shard of a user or group that is not this session's own. */
export function portTo(state: SessionState, shard: number): StorePort<SessionState> {
  if (shard === state.home.shard) return state.home;
  const others = (state.others ??= new Map<number, StorePort<SessionState>>());
  let port = others.get(shard);
  if (port === undefined) {
    port = new StorePort(shard);
    others.set(shard, port);
  }
  return port;
}
