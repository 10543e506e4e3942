import fc from 'fast-check';
import t from 'tap';
import { createAddressRateLimit, createRateLimit } from '../../../server/http/rate-limit.ts';

function setup(options: { tokens: number; periodMs: number; keys?: number }) {
  let time = 0;
  const limit = createRateLimit({ ...options, now: () => time });
  return { take: (key = 'k') => limit.take(key), pass: (ms: number) => (time += ms) };
}

void t.test('so many at once, then one by one as time passes', async t => {
  const { take, pass } = setup({ tokens: 3, periodMs: 3000 });
  t.same([take(), take(), take()], [0, 0, 0]);
  t.equal(take(), 1000, 'it says how long to wait');
  pass(999);
  t.equal(take(), 1);
  pass(1);
  t.equal(take(), 0);
  t.equal(take(), 1000);
  t.equal(take('other'), 0, 'each key has its own');
  pass(1_000_000);
  t.same([take(), take(), take(), take() > 0], [0, 0, 0, true], 'it fills up, not over');
});

void t.test('the table is bounded: what was used longest ago is forgotten', async t => {
  const { take } = setup({ tokens: 1, periodMs: 1000, keys: 2 });
  take('a');
  take('b');
  t.ok(take('a') > 0);
  take('c');
  t.ok(take('a') > 0, 'a was used after b');
  t.equal(take('b'), 0, 'b was forgotten');
});

void t.test('never more than the bucket and what flowed in', async () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 1, max: 1000 }),
      fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 200 }),
      (tokens, periodMs, waits) => {
        const { take, pass } = setup({ tokens, periodMs });
        let [time, taken] = [0, 0];
        for (const wait of waits) {
          pass(wait);
          time += wait;
          if (take() === 0) taken += 1;
          if (taken > tokens + (time * tokens) / periodMs + 1e-6) return false;
        }
        return true;
      },
    ),
  );
});

void t.test('by address: a /64 is one, this machine is free', async t => {
  const limit = createAddressRateLimit({ tokens: 1, periodMs: 1000, now: () => 0 });
  t.equal(limit.take('2001:db8::1'), 0);
  t.ok(limit.take('2001:db8::ffff:1') > 0);
  t.equal(limit.take('2001:db8:0:1::1'), 0);
  t.equal(limit.take('192.0.2.1'), 0);
  t.ok(limit.take('192.0.2.1') > 0);
  t.same([limit.take('127.0.0.1'), limit.take('127.0.0.1'), limit.take('::1')], [0, 0, 0]);
});

void t.test('impossible limits are refused', async t => {
  t.throws(() => createRateLimit({ tokens: 0, periodMs: 1 }), RangeError);
  t.throws(() => createRateLimit({ tokens: 1, periodMs: 0 }), RangeError);
});
