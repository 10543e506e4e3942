/** This thread's heap, measured around a collection of its garbage. */
import { collectGarbage } from '../server/isolates/garbage.ts';

/**
 * Lets what is on its way out go first: nact stops an actor a turn later.
 * @returns (resolves) bytes in use
 */
export async function heapAfterCollection(): Promise<number> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise(resolve => setImmediate(resolve));
  collectGarbage();
  collectGarbage();
  return process.memoryUsage().heapUsed;
}
