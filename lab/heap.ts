/** This thread's heap, measured around a collection of its garbage. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

type Collect = (options?: { readonly type: 'minor' }) => void;

let collect: Collect | undefined;

/** @param type `minor`: of the young objects only */
export function collectHeap(type: 'full' | 'minor' = 'full'): void {
  if (collect === undefined) {
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('gc') as Collect;
  }
  if (type === 'minor') collect({ type });
  else collect();
}

/**
 * Lets what is on its way out go first: nact stops an actor a turn later.
 * @returns (resolves) bytes in use
 */
export async function heapAfterCollection(): Promise<number> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise(resolve => setImmediate(resolve));
  collectHeap();
  collectHeap();
  return process.memoryUsage().heapUsed;
}
