/**
 * Running callbacks that may be asynchronous, as Erlang's `catch`: what they throw is a value, and
 * counts as returned when it is no error. A callback that returns a plain value costs no promise.
 */
import { FencedExit, reasonOf } from '../exit.ts';
import type { Eventually } from '../gen-server/types.ts';
import { isReturn } from '../gen-server/throw-returns.ts';
import type { Process } from '../process.ts';
import { isThenable } from '../thenable.ts';

/** What the callback returns or throws, or `['EXIT', reason]`. Its promise never rejects. */
export function caught(callback: () => unknown): Eventually<unknown> {
  try {
    const result = callback();
    return isThenable(result) ? result.then(undefined, exited) : result;
  } catch (thrown) {
    return exited(thrown);
  }
}

function exited(thrown: unknown): unknown {
  return isReturn(thrown) ? thrown : ['EXIT', reasonOf(thrown)];
}

/** Goes on with the value, now or when it is there; not for a process that died meanwhile. */
export function then<T, Next>(
  process: Process,
  value: Eventually<T>,
  next: (value: T) => Eventually<Next>,
): Eventually<Next> {
  if (!isThenable(value)) return next(value);
  return value.then(settled => {
    if (!process.alive) throw new FencedExit();
    return next(settled);
  });
}
