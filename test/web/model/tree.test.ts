/** The tree from pages of children: entries keep their ids over restarts, and only what is shown is asked for. */
import t from 'tap';
import {
  PAGE_LIMIT,
  WINDOW_LIMIT,
  type TreeAnswer,
  type TreeNode,
} from '../../../protocol/observer.ts';
import { describeEntry } from '../../../web/model/describe-entry.ts';
import { pagesFor, replaced, TOP, treeOf, type Pages, type Tree } from '../../../web/model/tree.ts';

const node = (pid: number | null, told: Partial<TreeNode> = {}): TreeNode => ({
  pid,
  isolate: 0,
  status: pid === null ? 'restarting' : 'running',
  id: null,
  name: null,
  label: null,
  type: 'worker',
  restart: 'permanent',
  shutdown: 5_000,
  significant: false,
  restarts: null,
  queue: 0,
  children: 0,
  supervisor: null,
  ...told,
});

const answer = (
  of: TreeNode,
  children: readonly TreeNode[],
  offset = 0,
  total = children.length,
): TreeAnswer => ({
  node: of,
  offset,
  total,
  children,
});

const pages = (...answers: TreeAnswer[]): Pages =>
  new Map(answers.map(one => [Math.floor(one.offset / PAGE_LIMIT), one]));

const root = (pid: number, children: number): TreeNode => node(pid, { name: 'root', children });

const textOf = (tree: Tree, ids: readonly string[]): string[] =>
  ids.map(id => {
    const entry = tree.entry(id);
    return entry.kind === 'node' ? String(entry.node.pid) : entry.kind;
  });

void t.test('nothing is known at first', async t => {
  const tree = treeOf(new Map());
  t.same(tree.childrenOf(TOP), []);
  t.equal(tree.entry('/gone').kind, 'gap');
});

void t.test('children that were not asked for are gaps, and their page is wanted', async t => {
  const top = root(1_024, 2);
  const tree = treeOf(new Map([[TOP, pages(answer(top, []))]]));
  t.same(tree.childrenOf(TOP), ['/root']);
  const gaps = tree.childrenOf('/root');
  t.same(textOf(tree, gaps), ['gap', 'gap']);
  const shown = gaps.map((_, place) => ({ parentId: '/root', place }));
  t.same(pagesFor(tree, shown), [{ root: 1_024, page: 0 }], 'once, not once for each line');
  t.same(pagesFor(tree, [{ parentId: TOP, place: 0 }]), [], 'the top is asked for anyway');
});

void t.test('ids outlive restarts: by id, by name, and only nameless ones by pid', async t => {
  const told = (pid: number): Map<number | typeof TOP, Pages> => {
    const top = root(1_024, 3);
    const children = [
      node(pid, { id: 'gateway' }),
      node(pid + 1, { name: 'mailbox.a' }),
      node(pid + 2),
    ];
    return new Map<number | typeof TOP, Pages>([
      [TOP, pages(answer(top, []))],
      [1_024, pages(answer(top, children))],
    ]);
  };
  const before = treeOf(told(2_048));
  before.childrenOf(TOP);
  t.same(before.childrenOf('/root'), ['/root/gateway', '/root/mailbox.a', '/root/#2050']);
  const after = treeOf(told(4_096));
  after.childrenOf(TOP);
  t.same(after.childrenOf('/root'), ['/root/gateway', '/root/mailbox.a', '/root/#4098']);
  t.same(replaced(before.pids, after.pids), ['/root/gateway', '/root/mailbox.a']);
  t.same(replaced(after.pids, after.pids), []);
});

void t.test('who is being restarted was not replaced yet', async t => {
  const before = new Map([['/a', 2_048]]);
  t.same(replaced(before, new Map([['/a', null]])), []);
  t.same(replaced(new Map(), new Map([['/a', 2_048]])), [], 'and who is new is new');
});

void t.test(
  'a hundred thousand children: pages where they are shown, the rest in a word',
  async t => {
    const top = root(1_024, 100_000);
    const second = Array.from({ length: PAGE_LIMIT }, (_, index) => node(10_240 + index * 1_024));
    const tree = treeOf(
      new Map<number | typeof TOP, Pages>([
        [TOP, pages(answer(top, []))],
        [1_024, pages(answer(top, second, PAGE_LIMIT, 100_000))],
      ]),
    );
    tree.childrenOf(TOP);
    const ids = tree.childrenOf('/root');
    t.equal(ids.length, WINDOW_LIMIT + 1);
    t.equal(tree.entry(ids[PAGE_LIMIT - 1] ?? '').kind, 'gap');
    t.equal(tree.entry(ids[PAGE_LIMIT] ?? '').kind, 'node');
    t.match(tree.entry(ids.at(-1) ?? ''), { kind: 'rest', count: 100_000 - WINDOW_LIMIT });
    const shown = [PAGE_LIMIT - 1, PAGE_LIMIT].map(place => ({ parentId: '/root', place }));
    t.same(pagesFor(tree, shown), [
      { root: 1_024, page: 0 },
      { root: 1_024, page: 1 },
    ]);
    t.same(
      pagesFor(tree, [{ parentId: '/root', place: WINDOW_LIMIT }]),
      [{ root: 1_024, page: WINDOW_LIMIT / PAGE_LIMIT - 1 }],
      'no page past what the server shows',
    );
  },
);

void t.test('the newest page knows how many children there are', async t => {
  const top = root(1_024, 1);
  const children = [node(2_048, { id: 'a' }), node(3_072, { id: 'b' })];
  const tree = treeOf(
    new Map<number | typeof TOP, Pages>([
      [TOP, pages(answer(top, []))],
      [1_024, pages(answer(top, children))],
    ]),
  );
  tree.childrenOf(TOP);
  t.same(textOf(tree, tree.childrenOf('/root')), ['2048', '3072']);
});

void t.test('an entry in words, for a screen reader', async t => {
  const supervisor = {
    strategy: 'rest_for_one',
    intensity: 100,
    period: 10,
    intensityPer: 'supervisor',
    autoShutdown: 'never',
    restarts: 3,
    children: 1,
  } as const;
  const exchange = node(1_024, {
    id: 'exchange',
    type: 'supervisor',
    supervisor,
    children: 1,
    queue: 2,
  });
  t.equal(
    describeEntry({ kind: 'node', id: '/exchange', node: exchange }),
    'exchange, supervisor, permanent, rest_for_one, 3 of 100 restarts used in 10 s, 1 child, 2 messages waiting',
  );
  const down = node(null, { label: 'session', status: 'down' });
  t.equal(
    describeEntry({ kind: 'node', id: '/x', node: down }),
    'session, worker, down, permanent',
  );
});
