/**
 * The outcome of a start as a promise that can be looked into.
 *
 * When `init` returned a plain value the outcome is known before the promise is handed out, and a
 * supervisor takes it at once: a thousand children come up in one turn of the loop.
 */
import type { StartResult } from './gen-server/types.ts';
import type { Pid } from './pid.ts';

const outcomes = new WeakMap<Promise<unknown>, StartResult>();

/** A promise of an outcome that is known. */
export function settledStart<P extends Pid>(result: StartResult<P>): Promise<StartResult<P>> {
  const promise = Promise.resolve(result);
  outcomes.set(promise, result);
  return promise;
}

/** The outcome if it was known when the promise was made; undefined if one has to wait. */
export function knownStart(promise: Promise<StartResult>): StartResult | undefined {
  return outcomes.get(promise);
}
