/**
 * What is counted where every message passes: plain numbers, added to in place, which the registry reads when somebody
 * asks for `/metrics`. A counter object per event would cost more than the event.
 */

/** Counted by the gateway. */
export interface GatewayTally {
  /** Open sockets now. */
  connections: number;
  /** Sockets opened since the start. */
  opened: number;
  framesIn: number;
  bytesIn: number;
  framesOut: number;
  bytesOut: number;
  /** Times a socket held more than its backpressure limit. */
  congested: number;
  /** Sessions that died and left their socket behind. */
  sessionsLost: number;
}

/** Counted by sessions, stores and mailboxes. */
export interface DeliveryTally {
  /** Sessions now. */
  sessions: number;
  /** Sends accepted. */
  accepted: number;
  /** Sends rejected. */
  rejected: number;
  /** Rows pushed to devices. */
  pushed: number;
  /** Rows acknowledged by devices and removed. */
  delivered: number;
}

export interface Tallies {
  readonly gateway: GatewayTally;
  readonly delivery: DeliveryTally;
}

export const createTallies = (): Tallies => ({
  gateway: {
    connections: 0,
    opened: 0,
    framesIn: 0,
    bytesIn: 0,
    framesOut: 0,
    bytesOut: 0,
    congested: 0,
    sessionsLost: 0,
  },
  delivery: { sessions: 0, accepted: 0, rejected: 0, pushed: 0, delivered: 0 },
});
