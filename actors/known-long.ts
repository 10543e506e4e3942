/** Work that is known to hold the thread, and is not worth a warning. */
import { requireFunction } from './bad-argument.ts';

let knownMs = 0;

/**
 * Runs the work and returns what it returns. Its time does not count when a turn is looked at that took too long; the rest
 * of the turn does. For what is synchronous by nature and rare, such as opening a file when a server starts; nothing else
 * of the thread runs meanwhile, also a watchdog's patience is not changed.
 */
export function knownLong<Result>(work: () => Result): Result {
  requireFunction('knownLong()', work);
  const before = knownMs;
  const began = performance.now();
  try {
    return work();
  } finally {
    // Also what the work itself runs this way: it is counted once.
    knownMs = before + (performance.now() - began);
  }
}

/** Milliseconds of such work in this thread so far. */
export const knownLongMs = (): number => knownMs;
