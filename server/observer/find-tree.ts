/** The supervision tree over all isolates: below the process that owns an isolate is the isolate's own tree. */
import { isolateOf, type Pid } from '../../actors/index.ts';
import type { TreeAnswer } from '../../protocol/observer.ts';
import { askAt, askOne } from './ask.ts';
import type { Page } from './paging.ts';
import { ownedIsolate } from './tree-view.ts';

const MAIN = 0;

/** @param root undefined: the top of the main thread's tree */
export async function findTree({
  root,
  offset,
  limit,
}: Page & { readonly root?: number | undefined }): Promise<TreeAnswer> {
  const page = { offset, limit };
  if (root === undefined) return askOne(MAIN, { kind: 'tree', pid: undefined, ...page });
  const pid = root as Pid;
  const answer = await askAt(pid, { kind: 'tree', pid, ...page });
  const isolate = isolateOf(pid) === MAIN ? ownedIsolate(pid) : undefined;
  if (isolate === undefined) return answer;
  const top = await askOne(isolate, { kind: 'tree', pid: undefined, offset: 0, limit: 1 });
  return { ...answer, total: 1, children: offset === 0 ? [top.node] : [] };
}
