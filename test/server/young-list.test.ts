/** What is put into an empty list begins a new one: the empty one may be an old object by then. */
import { getHeapStatistics } from 'node:v8';
import t from 'tap';
import { collectGarbage } from '../../server/isolates/garbage.ts';
import { withItem } from '../../server/young-list.ts';

void t.test('an empty list is left as it is, and the item begins a new one', t => {
  const empty: number[] = [];
  const list = withItem(empty, 1);
  t.strictSame(list, [1]);
  t.strictSame(empty, []);
  t.end();
});

void t.test('a list that has something keeps it, and gets the item behind it', t => {
  const list = withItem([], 1);
  t.equal(withItem(list, 2), list);
  t.strictSame(list, [1, 2]);
  t.end();
});

type Put = (list: number[][], item: number[]) => number[][];

/**
 * Fills lists that have been empty for long, hands them on, and drops them.
 * @returns how many bytes the collector of young objects leaves of what was in them
 */
function leftBy(put: Put): number {
  const holders = Array.from({ length: 1_000 }, (): { list: number[][] } => ({ list: [] }));
  collectGarbage();
  const before = getHeapStatistics().used_heap_size;
  for (const holder of holders) {
    holder.list = put(holder.list, new Array<number>(128).fill(1));
    holder.list = [];
  }
  collectGarbage('minor');
  return getHeapStatistics().used_heap_size - before;
}

void t.test('what was in a list is garbage with it, also when the empty list was old', t => {
  const pushed: Put = (list, item) => {
    list.push(item);
    return list;
  };
  const [plain, anew] = [leftBy(pushed), leftBy(withItem)];
  t.ok(plain > 1_000_000, `pushed into the empty list: ${plain} bytes are taken for alive`);
  t.ok(anew < plain / 2, `in a new list: ${anew} bytes`);
  t.end();
});
