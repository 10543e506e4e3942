/**
 * What the system says of the processor time of a thread, so that one that is stuck is told from one that does not get
 * a processor. Linux tells it in /proc; elsewhere nobody does, and no thread is taken for starved.
 *
 * Source: Linux, Documentation/scheduler/sched-stats.rst, "/proc/<pid>/schedstat".
 */
import { readFileSync, readlinkSync } from 'node:fs';

/** The system's number of the calling thread, 0 where it has none to tell. */
export function ownThread(): number {
  const path = orNothing(() => readlinkSync('/proc/thread-self'));
  return Number(/\/task\/(\d+)$/.exec(path)?.[1] ?? 0);
}

/**
 * @param thread of this process
 * @returns for how many milliseconds of its life it was ready to run and had no processor, 0 where nobody tells
 */
export function waitedMs(thread: number): number {
  if (thread === 0) return 0;
  const text = orNothing(() => readFileSync(`/proc/self/task/${thread}/schedstat`, 'latin1'));
  const [, waitedNs = '0'] = text.split(' ');
  return Number(waitedNs) / 1e6;
}

/** There may be no /proc, and the thread may be gone. */
function orNothing(read: () => string): string {
  try {
    return read();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    return '';
  }
}
