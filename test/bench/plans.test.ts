import t from 'tap';
import { planOf } from '../../bench/plans.ts';

const plans = {
  quick: { connections: 10, rounds: 1, warmUpSeconds: 1, seconds: 2 },
  whole: { connections: 1_000, rounds: 5, warmUpSeconds: 2, seconds: 6 },
};

void t.test('a plan is in short or in full', async t => {
  t.strictSame(planOf(plans, { quick: true }), plans.quick);
  t.strictSame(planOf(plans, { quick: false }), plans.whole);
});

void t.test('what is asked for takes its place; who asks for less warms up for less', async t => {
  t.strictSame(planOf(plans, { quick: false, connections: 20, seconds: 10 }), {
    ...plans.whole,
    connections: 20,
    seconds: 10,
  });
  t.strictSame(planOf(plans, { quick: false, seconds: 0.5 }), {
    ...plans.whole,
    warmUpSeconds: 0.5,
    seconds: 0.5,
  });
});

void t.test('a plan gets nothing that it does not know', async t => {
  const sizes = { quick: { connections: 1 }, whole: { connections: 2 } };
  t.strictSame(planOf(sizes, { quick: false, seconds: 10 }), sizes.whole);
  const lengths = { quick: { seconds: 1 }, whole: { seconds: 2 } };
  t.strictSame(planOf(lengths, { quick: false, connections: 20, seconds: 3 }), { seconds: 3 });
});
