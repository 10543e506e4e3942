/** When to come back: exponential with full jitter, or when the server says so. All times in milliseconds. */
export interface BackoffOptions {
  readonly firstMs: number;
  readonly longestMs: number;
  /** @returns at least 0, below 1 */
  readonly random: () => number;
}

export const defaultBackoff: BackoffOptions = {
  firstMs: 500,
  longestMs: 30_000,
  random: Math.random,
};

/**
 * @param failures how many attempts in a row have failed, this one included
 * @param retryAfterMs what the server asked for (it has put its own jitter in), if it did
 */
export function backoffMs(
  { firstMs, longestMs, random }: BackoffOptions,
  failures: number,
  retryAfterMs: number | undefined,
): number {
  const ceiling = Math.min(longestMs, firstMs * 2 ** Math.min(failures - 1, 16));
  return Math.round((retryAfterMs ?? 0) + random() * ceiling);
}
