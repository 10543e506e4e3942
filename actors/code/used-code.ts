/**
 * Which versions of plain function modules a process used for the message that it handles, so that
 * its crash can be told from theirs, and who waits inside old code can be found.
 *
 * A version stands here by its tally only: a process at rest must not keep old code from the
 * garbage collector.
 */
import { Exit, isErrorExit } from '../exit.ts';
import type { ExitReason } from '../exit.ts';
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

/** What was thrown out of a version, and which; without a tally it is one that is gone. */
interface Thrown {
  readonly value: unknown;
  readonly tally: Tally | undefined;
}

const lastThrown = new WeakMap<Process, Thrown>();

/** This was thrown out of that version, in this process or on its behalf. */
export function noteThrown(process: Process, value: unknown, tally: Tally | undefined): void {
  lastThrown.set(process, { value, tally });
}

/** Out of which version that came for which the process crashed; undefined when it is not known. */
export function thrownBy(process: Process, reason: ExitReason): Thrown | undefined {
  const thrown = lastThrown.get(process);
  if (thrown === undefined) return undefined;
  const { value } = thrown;
  return isFor(value, reason) ? thrown : undefined;
}

/** Whether this is the exit reason of who threw that: an exit, an error, or Erlang's throw, which is a bad result. */
function isFor(thrown: unknown, reason: ExitReason): boolean {
  if (thrown instanceof Exit) return Object.is(thrown.reason, reason);
  if (isErrorExit(reason)) return Object.is(reason.reason, thrown);
  return Array.isArray(reason) && reason[0] === 'bad_return_value' && Object.is(reason[1], thrown);
}
