import t from 'tap';
import { Arrivals } from '../../../lab/chaos/arrivals.ts';
import type { DeviceId } from '../../../protocol/ids.ts';

const a = 'alice:1' as DeviceId;
const b = 'bob:1' as DeviceId;
const c = 'carol:1' as DeviceId;

/** Whether a promise has resolved by now. */
async function isDone(promise: Promise<void>): Promise<boolean> {
  let done = false;
  void promise.then(() => (done = true));
  await new Promise(resolve => setImmediate(resolve));
  return done;
}

void t.test('a message is over when it is accepted and with everybody', async t => {
  const arrivals = new Arrivals();
  t.ok(await isDone(arrivals.allSoFar()), 'nothing was sent');
  arrivals.send(a, 1, [b, c], 100);
  const all = arrivals.allSoFar();
  t.equal(arrivals.arrive(a, 1, b), 100, 'when it was sent');
  t.equal(arrivals.arrive(a, 1, b), undefined, 'once');
  t.equal(arrivals.arrive(a, 1, a), 100, 'accepted');
  t.notOk(await isDone(all));
  t.equal(arrivals.arrive(a, 1, c), 100);
  t.ok(await isDone(all));
  t.equal(arrivals.arrive(a, 1, c), undefined, 'it is over');
  t.equal(arrivals.arrive(b, 1, c), undefined, 'never sent');
});

void t.test(
  'all so far are those that were sent before, in whatever order they arrive',
  async t => {
    const arrivals = new Arrivals();
    arrivals.send(a, 1, [b], 1);
    arrivals.send(b, 1, [a], 2);
    const two = arrivals.allSoFar();
    arrivals.send(a, 2, [b], 3);
    const three = arrivals.allSoFar();
    const over = (from: DeviceId, seq: number, to: DeviceId): void => {
      arrivals.arrive(from, seq, from);
      arrivals.arrive(from, seq, to);
    };
    over(a, 2, b);
    over(b, 1, a);
    t.notOk(await isDone(two), 'the first one is missing');
    over(a, 1, b);
    t.ok(await isDone(two));
    t.ok(await isDone(three));
    t.equal(arrivals.sent, 3);
  },
);
