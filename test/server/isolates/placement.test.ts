import fc from 'fast-check';
import t from 'tap';
import { place, type Placement } from '../../../server/isolates/placement.ts';

const isolates = fc.uniqueArray(fc.integer({ min: 0, max: 1022 }), { minLength: 1, maxLength: 12 });
const shards = fc.integer({ min: 1, max: 64 });

const loads = (placement: Placement): number[] => {
  const counts = new Map<number | undefined, number>();
  for (const isolate of placement) counts.set(isolate, (counts.get(isolate) ?? 0) + 1);
  return [...counts.values()];
};

void t.test('every shard has a place, and no isolate more than its share', t => {
  fc.assert(
    fc.property(shards, isolates, (count, among) => {
      const placement = place(count, among);
      t.equal(placement.length, count);
      t.ok(placement.every(isolate => among.includes(isolate)));
      t.ok(Math.max(...loads(placement)) <= Math.ceil(count / among.length));
    }),
  );
  t.end();
});

void t.test('the same isolates in another order make no difference', t => {
  fc.assert(
    fc.property(shards, isolates, (count, among) => {
      t.same(place(count, among.toReversed()), place(count, among));
    }),
  );
  t.end();
});

void t.test('only what must move moves', t => {
  fc.assert(
    fc.property(shards, isolates, isolates, (count, before, after) => {
      const old = place(count, before);
      const next = place(count, after, old);
      const bound = Math.ceil(count / after.length);
      for (const isolate of after) {
        const had = old.filter(where => where === isolate).length;
        const kept = old.filter((where, shard) => where === isolate && next[shard] === isolate);
        t.equal(kept.length, Math.min(had, bound), `isolate ${isolate} keeps what it may`);
      }
    }),
  );
  t.end();
});

void t.test('shards on their way get a place, the others stay', t => {
  const next = place(4, [1, 2], [1, undefined, 2, undefined]);
  t.equal(next[0], 1);
  t.equal(next[2], 2);
  t.same(loads(next), [2, 2]);
  t.end();
});

void t.test('without isolates there is no place', t => {
  t.throws(() => place(1, []), RangeError);
  t.end();
});
