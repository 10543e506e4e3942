import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { IdCache } from '../../../protocol/codec/id-cache.ts';
import { isUserId } from '../../../protocol/ids.ts';
import { user } from '../arbitraries.ts';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

void t.test('an id is the one that its bytes say, also where many meet in one slot', async () => {
  for (const slots of [1, 4, 1024]) {
    const cache = new IdCache(isUserId, slots);
    fc.assert(
      fc.property(fc.array(fc.oneof(user, fc.string({ maxLength: 40 }))), texts => {
        for (const text of [...texts, ...texts]) {
          const bytes = bytesOf(`<${text}>`);
          const id = cache.read(bytes, 1, bytes.length - 2);
          assert.equal(id, isUserId(text) ? text : null);
        }
      }),
    );
  }
});

void t.test('what resembles a known id is not that id', async t => {
  const cache = new IdCache(isUserId, 1);
  const known = bytesOf('bob.7');
  for (let at = 0; at < known.length; at++)
    for (let byte = 0; byte < 256; byte++) {
      cache.read(known, 0, known.length);
      const other = known.slice();
      other[at] = byte;
      const text = String.fromCharCode(...other);
      assert.equal(cache.read(other, 0, other.length), isUserId(text) ? text : null);
    }
  t.equal(cache.read(known, 0, known.length), 'bob.7');
});

void t.test('bytes behind the end are no part of an id', async t => {
  const cache = new IdCache(isUserId, 16);
  const bob = bytesOf('bob');
  t.equal(cache.read(bob, 0, 3), 'bob');
  // Whoever claims more than there is finds out by looking where it ended.
  t.equal(cache.read(bob, 0, 9), 'bob');
  t.equal(cache.read(bob, 3, 0), null);
  t.equal(cache.read(bob, 1, 2), 'ob');
});

void t.test('what is known costs no new string, and what is forgotten is read again', async t => {
  let checked = 0;
  const cache = new IdCache((value): value is string => ++checked > 0 && isUserId(value), 1);
  for (let i = 0; i < 5; i++) t.equal(cache.read(bytesOf('alice'), 0, 5), 'alice');
  t.equal(checked, 1);
  t.equal(cache.read(bytesOf('bob'), 0, 3), 'bob');
  t.equal(cache.read(bytesOf('alice'), 0, 5), 'alice');
  t.equal(checked, 3);
  t.throws(() => new IdCache(isUserId, 3), RangeError);
});
