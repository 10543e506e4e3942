/** V8's garbage collection, when we want it. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

type Collect = (options?: { readonly type: 'minor' }) => void;

let collect: Collect | undefined;

/**
 * Collects this thread's garbage; nothing else happens in the thread until it is done.
 * @param type `minor`: of the young objects only
 */
export function collectGarbage(type: 'full' | 'minor' = 'full'): void {
  if (collect === undefined) {
    // Only contexts that are made after it have `gc`.
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('gc') as Collect;
  }
  if (type === 'minor') collect({ type });
  else collect();
}
