/** What ends a machine: a module that broke a rule, its error, or its exit. */
import { Exit } from '../exit.ts';
import type { ErrorExit, ExitReason } from '../exit.ts';

/** A module returned what it must not, or asked for it: an error of the reason `[tag, bad]`. */
export class Fault extends Exit {
  readonly bare: readonly [tag: string, bad: unknown];

  constructor(tag: string, bad: unknown) {
    const bare = [tag, bad] as const;
    super({ reason: bare, stack: new Error(tag).stack ?? '' } satisfies ErrorExit);
    this.bare = bare;
  }
}

/** The reason that `terminate` is given: that of an error without its stack. */
export function bareReasonOf(thrown: unknown): ExitReason {
  if (thrown instanceof Fault) return thrown.bare;
  return thrown instanceof Exit ? thrown.reason : thrown;
}
