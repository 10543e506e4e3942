/** What ends a machine: a module that broke a rule, its error, or its exit. */
import { Exit, reasonOf } from '../exit.ts';
import type { ExitReason } from '../exit.ts';

/** A module returned what it must not, or asked for it: an error of this reason, as OTP raises. */
export class Fault extends Error {
  readonly reason: readonly [tag: string, bad: unknown];

  constructor(tag: string, bad: unknown) {
    super(tag);
    this.name = 'Fault';
    this.reason = [tag, bad];
  }
}

/** The bare reason, which `terminate` is given: an error without its stack. */
export function bareReasonOf(thrown: unknown): ExitReason {
  return thrown instanceof Fault || thrown instanceof Exit ? thrown.reason : thrown;
}

/** The reason that the process exits with: an error has a stack, an exit has none. */
export function exitReasonOf(thrown: unknown): ExitReason {
  if (!(thrown instanceof Fault)) return reasonOf(thrown);
  return { reason: thrown.reason, stack: thrown.stack ?? '' };
}
