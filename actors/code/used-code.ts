/**
 * Which versions of plain function modules a process used for the message that it handles, so that
 * its crash can be told from theirs, and who waits inside old code can be found.
 *
 * A version stands here by its tally only: a process at rest must not keep old code from the
 * garbage collector.
 */
import type { Process } from '../process.ts';
import { smallAdd, smallList } from '../small-set.ts';
import type { SmallSet } from '../small-set.ts';

/** Counts the crashes of one version in one place (current, old, canary). */
export interface Tally {
  crashes: number;
}

interface Use {
  /** The process's count of messages when it used them. */
  message: number;
  tallies: SmallSet<Tally>;
}

const uses = new WeakMap<Process, Use>();

/** The process looked this version up. */
export function noteUse(process: Process, tally: Tally): void {
  const use = uses.get(process);
  if (use === undefined) {
    uses.set(process, { message: process.callbacks, tallies: tally });
  } else if (use.message === process.callbacks) {
    use.tallies = smallAdd(use.tallies, tally);
  } else {
    use.message = process.callbacks;
    use.tallies = tally;
  }
}

/** What it looked up for the message that it handles now, or handled last. */
export function usedBy(process: Process): readonly Tally[] {
  const use = uses.get(process);
  return use?.message === process.callbacks ? smallList(use.tallies) : [];
}
