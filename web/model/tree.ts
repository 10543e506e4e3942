/**
 * The supervision tree as it is shown: what the server told, branch by branch and page by page, as entries with ids that
 * outlive restarts, so that an open branch stays open when its supervisor is started anew.
 */
import {
  PAGE_LIMIT,
  WINDOW_LIMIT,
  type ObservedPid,
  type TreeAnswer,
  type TreeNode,
} from '../../protocol/observer.ts';

export type Entry =
  | { readonly kind: 'node'; readonly id: string; readonly node: TreeNode }
  /** A child that was not asked for yet: it comes when it is scrolled to. */
  | {
      readonly kind: 'gap';
      readonly id: string;
      readonly parent: ObservedPid;
      readonly index: number;
    }
  /** The children past what the server shows of a list. */
  | { readonly kind: 'rest'; readonly id: string; readonly count: number };

/** What the server told of one supervisor's children, by the number of the page. */
export type Pages = ReadonlyMap<number, TreeAnswer>;

export const TOP = 'top';

export interface Tree {
  entry(id: string): Entry;
  childrenOf(id: string): readonly string[];
  /** The entries that were met while `childrenOf` was asked; all of those are known by then. */
  readonly pids: ReadonlyMap<string, ObservedPid | null>;
}

/** @param pages by supervisor, and by `TOP` for the one page of the top */
export function treeOf(pages: ReadonlyMap<ObservedPid | typeof TOP, Pages>): Tree {
  const entries = new Map<string, Entry>();
  const pids = new Map<string, ObservedPid | null>();

  const add = (entry: Entry): string => {
    entries.set(entry.id, entry);
    if (entry.kind === 'node') pids.set(entry.id, entry.node.pid);
    return entry.id;
  };
  const childrenOf = (id: string): readonly string[] => {
    if (id === TOP) {
      const node = pages.get(TOP)?.get(0)?.node;
      return node === undefined ? [] : [add({ kind: 'node', id: `/${nodeId(node)}`, node })];
    }
    const entry = entries.get(id);
    if (entry?.kind !== 'node' || entry.node.pid === null) return [];
    return childIds(id, entry.node.pid, entry.node.children);
  };
  const childIds = (id: string, parent: ObservedPid, expected: number): string[] => {
    const told = pages.get(parent);
    // The newest answer knows best how many there are.
    const count = told === undefined ? expected : newest(told, expected);
    const ids = Array.from({ length: Math.min(count, WINDOW_LIMIT) }, (_, index) => {
      const page = told?.get(Math.floor(index / PAGE_LIMIT));
      const node = page?.children[index - page.offset];
      return node === undefined
        ? add({ kind: 'gap', id: `${id}/…${index}`, parent, index })
        : add({ kind: 'node', id: `${id}/${nodeId(node)}`, node });
    });
    const rest = count - ids.length;
    return rest > 0 ? [...ids, add({ kind: 'rest', id: `${id}/rest`, count: rest })] : ids;
  };

  return {
    // The library asks also for what has just left the tree.
    entry: id => entries.get(id) ?? { kind: 'gap', id, parent: 0, index: 0 },
    childrenOf,
    pids,
  };
}

/** How a child is called for as long as its place in the tree is its own. */
const nodeId = ({ id, name, pid }: TreeNode): string => String(id ?? name ?? `#${pid ?? 'none'}`);

const newest = (pages: Pages, expected: number): number =>
  [...pages.values()].at(-1)?.total ?? expected;

/** Which page of which supervisor has to be asked for so that these entries are shown as they are now. */
export function pagesFor(
  tree: Tree,
  shown: readonly { readonly parentId: string; readonly place: number }[],
): readonly { readonly root: ObservedPid; readonly page: number }[] {
  const wanted = new Map<string, { readonly root: ObservedPid; readonly page: number }>();
  for (const { parentId, place } of shown) {
    const root = tree.pids.get(parentId);
    if (root === undefined || root === null) continue;
    const page = Math.floor(Math.min(place, WINDOW_LIMIT - 1) / PAGE_LIMIT);
    wanted.set(`${root}/${page}`, { root, page });
  }
  return [...wanted.values()];
}

/** Entries that are another process than before: restarted. */
export function replaced(
  before: ReadonlyMap<string, ObservedPid | null>,
  after: ReadonlyMap<string, ObservedPid | null>,
): readonly string[] {
  return [...after].flatMap(([id, pid]) => {
    const old = before.get(id);
    return old !== undefined && pid !== null && old !== null && old !== pid ? [id] : [];
  });
}
