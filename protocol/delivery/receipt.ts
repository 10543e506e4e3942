/**
 * Receipts: watermarks in the sender's numbering, kept by the receiver's shard per pair of sending and receiving
 * device. They only rise and never pass what was stored for the pair.
 */
import type { Conversation } from '../ids.ts';
import { limits } from '../limits.ts';

export interface ReceiptState {
  /** The highest number of the sender that was stored for the receiver. */
  readonly stored: number;
  /** The highest one that the receiver acknowledged. */
  readonly delivered: number;
  /** The highest one read, by conversation; the direct one under `''`. */
  readonly read: Readonly<Record<string, number>>;
}

export const newReceipt: ReceiptState = { stored: 0, delivered: 0, read: {} };

const keyOf = (conversation: Conversation): string => conversation ?? '';

/** The state with `upTo` read in `conversation`, or the same object when that tells nothing new. */
export function raiseRead(
  state: ReceiptState,
  conversation: Conversation,
  upTo: number,
): ReceiptState {
  const key = keyOf(conversation);
  const clamped = Math.min(upTo, state.stored);
  if (clamped <= (state.read[key] ?? 0)) return state;
  // A reader may name any group: without a limit each one would make the receipt longer.
  const isNew = state.read[key] === undefined;
  if (isNew && Object.keys(state.read).length >= limits.conversationsPerReceipt) return state;
  return { ...state, read: { ...state.read, [key]: clamped } };
}

/** The state with `upTo` delivered, or the same object when that tells nothing new. */
export function raiseDelivered(state: ReceiptState, upTo: number): ReceiptState {
  return upTo <= state.delivered ? state : { ...state, delivered: upTo };
}

/** `read` as it stands in a receipt row. */
export const readPairs = (state: ReceiptState): readonly (readonly [Conversation, number])[] =>
  state.read === newReceipt.read
    ? nothingRead
    : Object.entries(state.read).map(([key, upTo]) => [(key || null) as Conversation, upTo]);

const nothingRead: readonly (readonly [Conversation, number])[] = [];
