/** What is put into an empty list begins a new one: the empty one may be an old object by then. */
import t from 'tap';
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
