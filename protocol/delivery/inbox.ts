/**
 * Receiving, as the device itself keeps it: which rows it has stored, what it knows by its sender's number, and
 * how far its peers have got. Functions over one plain state that they change in place, without input or output:
 * used by the SDK, by the load generator and by the random model of delivery.
 */
import type { Conversation, DeviceId } from '../ids.ts';
import type { Deliver, State } from '../packets.ts';
import type { ReceiptRow, Row, UndeliveredRow } from '../rows.ts';

/** How far a peer's device has got with what this device sent, as the application was told. Only rises. */
export interface PeerState {
  readonly delivered: number;
  readonly read: ReadonlyMap<Conversation, number>;
}

/** What a device keeps as a receiver. */
export interface InboxState {
  /** The highest row number stored. */
  have: number;
  /** The server's era as last met; null before the first `state`. */
  era: number | null;
  /** The highest `seq` stored, by sending device: a redelivery of any cause is known by it. */
  readonly from: Map<DeviceId, number>;
  readonly peers: Map<DeviceId, PeerState>;
}

export const newInbox = (): InboxState => ({
  have: 0,
  era: null,
  from: new Map(),
  peers: new Map(),
});

/** Rows before the packet are missing here: it is not taken, `ack {upTo: have, again: true}` asks for them. */
export const missesRows = (state: InboxState, packet: Deliver): boolean =>
  packet.after > state.have;

/**
 * Takes one row of a packet that misses nothing.
 * @returns what the application shall see, cut to what is new, or null when it knows all of it
 */
export function takeRow(state: InboxState, row: Row): Row | null {
  if (row.n <= state.have) return null;
  state.have = row.n;
  switch (row.kind) {
    case 'message':
      if (row.seq <= (state.from.get(row.from) ?? 0)) return null;
      state.from.set(row.from, row.seq);
      return row;
    case 'receipt':
      return takeReceipt(state, row);
    case 'undelivered':
      return clip(state, row);
    case 'group':
      return row;
    default:
      return row satisfies never;
  }
}

/** A receipt with the watermarks as they stand after it, and of `read` only those that rose. */
function takeReceipt(state: InboxState, row: ReceiptRow): ReceiptRow | null {
  const known = state.peers.get(row.peer);
  const delivered = Math.max(known?.delivered ?? 0, row.delivered);
  const risen = row.read.filter(
    ([conversation, upTo]) => upTo > (known?.read.get(conversation) ?? 0),
  );
  if (delivered === (known?.delivered ?? 0) && risen.length === 0) return null;
  const read =
    risen.length === 0 && known !== undefined
      ? known.read
      : new Map([...(known?.read ?? []), ...risen]);
  state.peers.set(row.peer, { delivered, read });
  return { ...row, delivered, read: risen };
}

/** What was shown as delivered stays so. */
function clip(state: InboxState, row: UndeliveredRow): UndeliveredRow | null {
  const after = Math.max(row.after, state.peers.get(row.peer)?.delivered ?? 0);
  return after >= row.upTo ? null : { ...row, after };
}

/**
 * The server knows of rows that this device never stored: its memory is an old copy. It retires and is linked anew.
 * In another era it says nothing, as the row numbers themselves may have gone back.
 */
export const receivedIsRolledBack = (state: InboxState, told: State): boolean =>
  told.era === state.era && told.acked > state.have;

/** The server was restored since this device last met it, or this is the first meeting. */
export const isNewEraOfRows = (state: InboxState, told: State): boolean => told.era !== state.era;

/** Takes over the row numbers of a restored server; senders' numbers stay known, so nothing comes twice. */
export function adoptRowNumbers(state: InboxState, told: State): void {
  state.have = told.acked;
  state.era = told.era;
}
