/**
 * Token buckets: so many at once, and one more every so often, kept as one time per bucket (the ATM Forum's generic cell
 * rate algorithm). Bounded: when the table is full, what was used longest
 * ago is forgotten, which is a bucket that has had most time to fill up again.
 */
import { addressKey } from './client-address.ts';
import { isLoopback } from '../config/loopback.ts';

export interface RateLimit {
  /**
   * Takes one token of this key's bucket.
   * @returns 0 when there was one, else the milliseconds until there is one
   */
  take(key: string): number;
}

export interface RateLimitOptions {
  /** Tokens of a full bucket. */
  readonly tokens: number;
  /** Time in which an empty bucket fills up. */
  readonly periodMs: number;
  /** Buckets that are remembered; default 100,000. */
  readonly keys?: number;
  /** Milliseconds from any monotonic clock. */
  readonly now?: () => number;
}

/** Less than this much of a millisecond is rounding. */
const ROUNDING_MS = 1e-6;

export function createRateLimit(options: RateLimitOptions): RateLimit {
  const { tokens, periodMs, keys = 100_000, now = () => performance.now() } = options;
  if (!(tokens >= 1)) throw new RangeError(`tokens must be at least 1, got ${tokens}`);
  if (!(periodMs > 0)) throw new RangeError(`periodMs must be positive, got ${periodMs}`);
  const perTokenMs = periodMs / tokens;
  // When each bucket is full again. A Map keeps insertion order: the first key is the one used longest ago.
  const fullAt = new Map<string, number>();

  const take = (key: string): number => {
    const at = now();
    const full = Math.max(at, fullAt.get(key) ?? at);
    const waitMs = full + perTokenMs - (at + periodMs);
    fullAt.delete(key);
    if (fullAt.size >= keys) forgetOldest(fullAt);
    if (waitMs > ROUNDING_MS) {
      fullAt.set(key, full);
      return Math.ceil(waitMs - ROUNDING_MS);
    }
    fullAt.set(key, full + perTokenMs);
    return 0;
  };

  return { take };
}

function forgetOldest(buckets: Map<string, number>): void {
  for (const key of buckets.keys()) {
    buckets.delete(key);
    return;
  }
}

/** A rate limit by client address: an IPv6 /64 network counts as one, this machine's own addresses are not limited. */
export function createAddressRateLimit(options: RateLimitOptions): RateLimit {
  const limit = createRateLimit(options);
  return { take: address => (isLoopback(address) ? 0 : limit.take(addressKey(address))) };
}
