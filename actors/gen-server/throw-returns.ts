/**
 * Erlang's `throw(Result)`: what a callback throws counts as what it returns.
 *
 * JavaScript can throw any value. An error is Erlang's `error`, an `Exit` its `exit`, and anything
 * that is no error is its `throw`.
 */
import { Exit } from '../exit.ts';
import { isThenable } from '../thenable.ts';

/** True when the thrown value is Erlang's throw. */
export function isReturn(thrown: unknown): boolean {
  return !(thrown instanceof Error);
}

/** Runs a callback; what it throws that is no error is its result, also when it is asynchronous. */
export function resultOf(callback: () => unknown): unknown {
  let result: unknown;
  try {
    result = callback();
  } catch (thrown) {
    return returned(thrown);
  }
  return isThenable(result) ? result.then(undefined, returned) : result;
}

function returned(thrown: unknown): unknown {
  if (isReturn(thrown)) return thrown;
  throw thrown;
}

/** How Erlang's `catch` shows what was thrown: its class and its reason. */
export function classOf(thrown: unknown): readonly ['error' | 'exit' | 'throw', unknown] {
  if (thrown instanceof Exit) return ['exit', thrown.reason];
  return isReturn(thrown) ? ['throw', thrown] : ['error', thrown];
}
