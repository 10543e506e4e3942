/**
 * Links between two shards: rows numbered 1, 2, 3 … without holes, sent in batches that name the number before
 * their first row, a watermark at the receiver, trimmed at the sender on its acknowledgement.
 */

/** What the receiving shard does with a batch. `gap`: rows before it are missing; the sender begins again after the watermark. */
export type LinkJudgement =
  { readonly kind: 'gap' } | { readonly kind: 'take'; readonly skip: number };

/**
 * @param watermark the highest number applied at the receiver
 * @param after the number before the batch's first row
 * @param count rows in the batch
 * @returns how many rows at the front of the batch are known already
 */
export function judgeBatch(watermark: number, after: number, count: number): LinkJudgement {
  if (after > watermark) return { kind: 'gap' };
  return { kind: 'take', skip: Math.min(watermark - after, count) };
}
