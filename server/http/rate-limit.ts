/**
 * Token buckets: so many at once, and one more every so often. Bounded: when the table is full, what was used longest
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

interface Bucket {
  tokens: number;
  filledAt: number;
}

export function createRateLimit(options: RateLimitOptions): RateLimit {
  const { tokens, periodMs, keys = 100_000, now = () => performance.now() } = options;
  if (!(tokens >= 1)) throw new RangeError(`tokens must be at least 1, got ${tokens}`);
  if (!(periodMs > 0)) throw new RangeError(`periodMs must be positive, got ${periodMs}`);
  const perMs = tokens / periodMs;
  // A Map keeps insertion order: the first key is the one used longest ago.
  const buckets = new Map<string, Bucket>();

  const take = (key: string): number => {
    const at = now();
    const bucket = buckets.get(key) ?? { tokens, filledAt: at };
    buckets.delete(key);
    if (buckets.size >= keys) forgetOldest(buckets);
    buckets.set(key, bucket);
    bucket.tokens = Math.min(tokens, bucket.tokens + (at - bucket.filledAt) * perMs);
    bucket.filledAt = at;
    if (bucket.tokens < 1) return Math.ceil((1 - bucket.tokens) / perMs);
    bucket.tokens -= 1;
    return 0;
  };

  return { take };
}

function forgetOldest(buckets: Map<string, Bucket>): void {
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
