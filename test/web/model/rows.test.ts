/** Rows under the keyboard and the pointer, and what somebody writes into a field. */
import t from 'tap';
import { holdOrder } from '../../../web/model/hold-order.ts';
import { parseJson, parsePath } from '../../../web/model/json-field.ts';
import { moved } from '../../../web/model/moved.ts';
import { Store } from '../../../web/model/store.ts';

void t.test('keys move within the rows', async t => {
  t.equal(moved('ArrowDown', 3, 50), 4);
  t.equal(moved('ArrowDown', 49, 50), 49);
  t.equal(moved('ArrowUp', 0, 50), 0);
  t.equal(moved('PageDown', 3, 50), 13);
  t.equal(moved('PageUp', 3, 50), 0);
  t.equal(moved('Home', 30, 50), 0);
  t.equal(moved('End', 3, 50), 49);
  t.equal(moved('a', 3, 50), undefined);
});

void t.test('rows keep the order that they had; new ones come last', async t => {
  const key = (row: { readonly pid: number }): number => row.pid;
  const rows = [5, 4, 3, 2].map(pid => ({ pid }));
  t.same(
    holdOrder([1, 2, 3], rows, key).map(key),
    [2, 3, 5, 4],
    'who is gone leaves no hole, new ones keep the order in which they came',
  );
  t.same(holdOrder([], rows, key), rows);
});

void t.test('JSON, or what is wrong with it', async t => {
  t.same(parseJson('{"a":[1]}'), { value: { a: [1] } });
  t.same(parseJson('null'), { value: null });
  t.match(parseJson('  '), { problem: /^Write a JSON value/ });
  t.match(parseJson('hello'), { problem: /needs quotation marks/ });
});

void t.test('the path to a part of a state', async t => {
  t.same(parsePath(' '), []);
  t.same(parsePath('rows.0.seq'), ['rows', 0, 'seq']);
});

void t.test('a store tells of another value only', async t => {
  const store = new Store('away');
  let told = 0;
  const end = store.subscribe(() => (told += 1));
  store.set('away');
  t.equal(told, 0);
  store.set('here');
  t.equal(told, 1);
  t.equal(store.read(), 'here');
  end();
  store.set('away');
  t.equal(told, 1);
});
