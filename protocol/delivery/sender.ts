/**
 * Sending, as the sender's home shard decides it: one watermark per device and the highest number decided.
 * Pure functions, used by the store and by the random model in test/protocol/delivery/.
 */
import type { Refusal } from '../refusal.ts';

/** A send's place in its device's order. */
export interface Offer {
  /** 1, 2, 3 …: never used again for another message. */
  readonly seq: number;
  /** The number before it that was not refused; 0 for none. */
  readonly prev: number;
  /** 0, or one more each time it was repaired under the same number. */
  readonly rev: number;
}

/** What a shard keeps for each of its devices as a sender. */
export interface SenderState {
  /** The highest number taken. */
  readonly upTo: number;
  /** The highest number decided: taken or refused. */
  readonly seen: number;
  /** The `rev` of `seen`. */
  readonly rev: number;
  /** Why `seen` was refused, or null when it was taken. */
  readonly why: Refusal | null;
}

export const newSender: SenderState = { upTo: 0, seen: 0, rev: 0, why: null };

/**
 * - `accepted_again`: a repeat of what was taken; nothing is stored, the same answer goes out.
 * - `refused_again`: a repeat of what was refused.
 * - `gap`: a number before it is missing (it was refused or lost); the device gets `state` and offers again.
 * - `fresh`: not decided yet: the caller accepts or refuses it now.
 */
export type Judgement = 'accepted_again' | 'refused_again' | 'gap' | 'fresh';

export function judge(state: SenderState, offer: Offer): Judgement {
  if (offer.seq <= state.upTo) return 'accepted_again';
  if (offer.seq < state.seen || (offer.seq === state.seen && offer.rev <= state.rev))
    return 'refused_again';
  if (offer.prev > state.upTo) return 'gap';
  return 'fresh';
}

/** The state after a fresh offer was taken. */
export const accept = (offer: Offer): SenderState => ({
  upTo: offer.seq,
  seen: offer.seq,
  rev: offer.rev,
  why: null,
});

/** The state after a fresh offer was refused: `upTo` stays, so that what was pipelined behind it is a gap. */
export const refuse = (state: SenderState, offer: Offer, why: Refusal): SenderState => ({
  upTo: state.upTo,
  seen: offer.seq,
  rev: offer.rev,
  why,
});
