import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { useLocation } from 'wouter';
import {
  buildProxiedInstance,
  hotkeysCoreFeature,
  syncDataLoaderFeature,
  type ItemInstance,
} from '@headless-tree/core';
import { useTree } from '@headless-tree/react';
import { useVirtualizer } from '@tanstack/react-virtual';
import { PAGE_LIMIT, type TreeAnswer } from '../../../protocol/observer.ts';
import { pagesFor, TOP, treeOf, type Entry, type Pages } from '../../model/tree.ts';
import { treeAt, type Address } from '../api/addresses.ts';
import { usePolledAll } from '../hooks/use-polled-all.ts';
import { useReplaced } from '../hooks/use-replaced.ts';
import { Heading } from '../parts/heading.tsx';
import { TreeRow } from '../parts/tree-row.tsx';
import { describeEntry } from '../../model/describe-entry.ts';

const ROW_HEIGHT = 34;
/** Rows above and below what can be seen that are there too. */
const OVERSCAN = 6;
/** How many pages of children are remembered after they have left the sight. */
const PAGES_KEPT = 200;
/** What is open at first: the top, the application's root and its branches. */
const OPEN_AT_FIRST = 3;

/** The supervision tree, alive: only the branches that can be seen are asked for. */
export function TreeView() {
  const [, navigate] = useLocation();
  const [expanded, setExpanded] = useState<string[]>([]);
  const [focused, setFocused] = useState<string | null>(null);
  const [wanted, setWanted] = useState<readonly Wanted[]>([]);
  const scroller = useRef<HTMLDivElement>(null);

  const addresses = useMemo(() => [TOP_ADDRESS, ...wanted.map(addressOf)], [wanted]);
  const answers = usePolledAll(addresses, PAGES_KEPT);
  const model = useMemo(() => treeOf(pagesOf(answers)), [answers]);
  /** What the library has read: it reads when it is told, so the newest model becomes the shown one together with that. */
  const read = useRef(model);
  const [shown, setShown] = useState(model);

  const tree = useTree<Entry>({
    rootItemId: TOP,
    instanceBuilder: buildProxiedInstance,
    features: [syncDataLoaderFeature, hotkeysCoreFeature],
    dataLoader: {
      getItem: id => read.current.entry(id),
      getChildren: id => [...read.current.childrenOf(id)],
    },
    getItemName: item =>
      describeEntry(item.getItemData()) + (replaced.has(item.getId()) ? ', restarted' : ''),
    isItemFolder: item => opens(item.getItemData()),
    state: { expandedItems: expanded, focusedItem: focused },
    setExpandedItems: setExpanded,
    setFocusedItem: setFocused,
    scrollToItem: item => virtual.scrollToIndex(item.getItemMeta().index),
    hotkeys: {
      customOpen: {
        hotkey: 'Enter',
        handler: () => {
          const entry = tree.getFocusedItem().getItemData();
          if (entry.kind === 'node' && entry.node.pid !== null) {
            navigate(`/process/${entry.node.pid}`);
          }
        },
      },
    },
  });
  useLayoutEffect(() => {
    read.current = model;
    tree.rebuildTree();
    setShown(model);
  }, [tree, model]);
  const items = tree.getItems();
  const replaced = useReplaced(shown.pids);
  useOpenAtFirst(items, setExpanded);

  const virtual = useVirtualizer({
    count: items.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: OVERSCAN,
    getItemKey: index => items[index]?.getId() ?? index,
  });
  const rows = virtual.getVirtualItems();

  const needed = pagesFor(
    shown,
    rows.flatMap(({ index }) => {
      const item = items[index];
      if (item === undefined) return [];
      const { parentId, posInSet } = item.getItemMeta();
      return [{ parentId, place: posInSet }];
    }),
  );
  const neededKey = needed.map(addressOf).join(' ');
  useEffect(() => setWanted(needed), [neededKey]); // the key says all that matters of `needed`

  return (
    <>
      <Heading title="Supervision tree" />
      <div className="panel tree-panel">
        <div className="tree-head" aria-hidden="true">
          <span>Process</span>
          <span className="strategy">Strategy</span>
          <span className="restart">Restart</span>
          <span className="budget">Restarts used</span>
          <span className="children">Children</span>
          <span className="queue">Queue</span>
        </div>
        <div className="tree-scroll" ref={scroller}>
          <div
            {...tree.getContainerProps('Supervision tree')}
            style={{ height: virtual.getTotalSize() }}
          >
            {rows.map(({ index, key, start }) => {
              const item = items[index];
              return item === undefined ? null : (
                <TreeRow key={key} item={item} top={start} replaced={replaced.has(item.getId())} />
              );
            })}
          </div>
        </div>
      </div>
      <p className="hint">
        Restarts used: how many restarts count now, of those allowed within the period. More than
        that, and the supervisor itself ends. Enter opens the process, → and ← open and close a
        branch.
      </p>
    </>
  );
}

type Wanted = ReturnType<typeof pagesFor>[number];

const TOP_ADDRESS = treeAt({ offset: 0, limit: 1 });

const addressOf = ({ root, page }: Wanted): Address<TreeAnswer> =>
  treeAt({ root, offset: page * PAGE_LIMIT, limit: PAGE_LIMIT });

function pagesOf(
  answers: ReadonlyMap<Address<TreeAnswer>, TreeAnswer>,
): ReadonlyMap<number | typeof TOP, Pages> {
  const pages = new Map<number | typeof TOP, Map<number, TreeAnswer>>();
  for (const [address, answer] of answers) {
    const parent = address === TOP_ADDRESS ? TOP : answer.node.pid;
    if (parent === null) continue;
    const there = pages.get(parent) ?? new Map<number, TreeAnswer>();
    // Answers are in the order in which they came, and so are a supervisor's pages.
    const page = Math.floor(answer.offset / PAGE_LIMIT);
    there.delete(page);
    pages.set(parent, there.set(page, answer));
  }
  return pages;
}

const opens = (entry: Entry): boolean =>
  entry.kind === 'node' && entry.node.pid !== null && entry.node.children > 0;

/** Opens the first levels as they come, until somebody has a look of their own. */
function useOpenAtFirst(
  items: readonly ItemInstance<Entry>[],
  setExpanded: (change: (old: string[]) => string[]) => void,
): void {
  const opened = useRef(new Set<string>());
  const shallow = items.filter(
    item => item.getItemMeta().level < OPEN_AT_FIRST && opens(item.getItemData()),
  );
  const ids = shallow.map(item => item.getId()).filter(id => !opened.current.has(id));
  const key = ids.join(' ');
  useEffect(() => {
    if (ids.length === 0) return;
    for (const id of ids) opened.current.add(id);
    setExpanded(old => [...old, ...ids]);
  }, [key]); // the key says all that matters of `ids`
}
