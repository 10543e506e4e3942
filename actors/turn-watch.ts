/**
 * Which process holds this thread, where a watchdog in another thread can see it.
 *
 * A turn is more than its synchronous part: what a handler does after an `await`, and what its
 * timers and callbacks do, runs when Node resumes it, and only asynchronous hooks see that. They
 * cost about 55 ns for each promise; so they are there only once somebody watches.
 */
import { createHook } from 'node:async_hooks';
import { owningProcess } from './context.ts';

let slot: Float64Array | undefined;

/**
 * From here on the running process's pid stands in `slot[0]`, and 0 while none runs. A view of a
 * SharedArrayBuffer, so that another thread can read it. One at a time: a later one takes its place.
 */
export function watchTurns(watched: Float64Array): void {
  if (!(watched instanceof Float64Array) || watched.length === 0) {
    throw new TypeError('watchTurns() expects a Float64Array with room for one number');
  }
  if (slot === undefined) createHook({ before: showOwner, after: showNobody }).enable();
  slot = watched;
  slot[0] = owningProcess()?.pid ?? 0;
}

function showOwner(): void {
  if (slot !== undefined) slot[0] = owningProcess()?.pid ?? 0;
}

/** The turn, or the callback, is over. */
export function showNobody(): void {
  if (slot !== undefined) slot[0] = 0;
}

/** A turn begins. */
export function showTurn(pid: number): void {
  if (slot !== undefined) slot[0] = pid;
}
