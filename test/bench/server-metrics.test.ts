import t from 'tap';
import { costsBetween, costResults, type Reading } from '../../bench/costs.ts';
import { parseMetrics, ServerMetrics } from '../../bench/server-metrics.ts';

const text = `# HELP strowger_turn_seconds_total Seconds of turns.
# TYPE strowger_turn_seconds_total counter
strowger_turn_seconds_total{label="session"} 1.5
strowger_turn_seconds_total{label="store.0",isolate="1"} 2
strowger_turn_seconds_total{label="store.0",isolate="2"} 0.5
strowger_odd{label="a \\"quoted\\" one, with a comma"} 1e3
strowger_connections 7
`;

void t.test('metrics as Prometheus has them', async t => {
  const metrics = new ServerMetrics(parseMetrics(text));
  t.equal(metrics.total('strowger_connections'), 7);
  t.equal(metrics.total('strowger_turn_seconds_total'), 4);
  t.equal(metrics.total('strowger_nothing'), 0);
  t.same(
    [...metrics.by('strowger_turn_seconds_total', 'label')],
    [
      ['session', 1.5],
      ['store.0', 2.5],
    ],
  );
  t.same([...metrics.by('strowger_odd', 'label').values()], [1000]);
});

const reading = (
  factor: number,
  turns: readonly (readonly [string, number])[],
  waited = 0,
): Reading => ({
  threads: [
    { thread: 10, name: 'node', seconds: 3 * factor, waitedSeconds: waited * factor },
    { thread: 11, name: 'node', seconds: 1 * factor, waitedSeconds: 0 },
    { thread: 12, name: 'helper', seconds: 0.01 * factor, waitedSeconds: 0 },
  ],
  writtenBytes: 1_000_000 * factor,
  own: {
    turns: new Map(turns),
    receivedBytes: 200_000 * factor,
    sentBytes: 300_000 * factor,
    commits: 10 * factor,
  },
});

void t.test('what a message costs, by thread and by part', async t => {
  const before = reading(1, [['session', 1]]);
  const after = reading(2, [
    ['session', 1.5],
    ['store.0', 1],
    ['mailbox', 0.25],
    ['housekeeping', 0.05],
    ['gateway', 0.2],
  ]);
  const costs = costsBetween(before, after, 1_000_000);
  t.equal(costs.micros.toFixed(3), '4.010');
  t.same(
    costs.threads.map(({ name, micros }) => [name, Number(micros.toFixed(3))]),
    [
      ['main thread', 3],
      ['thread 1 (node)', 1],
      ['other threads', 0.01],
    ],
  );
  t.same(
    [...costs.parts].map(([part, micros]) => [part, Number(micros.toFixed(3))]),
    [
      ['session', 0.5],
      ['store', 1],
      ['delivery', 0.25],
      ['other processes', 0.05],
      ['gateway', 0.2],
      ['rest', 2.01],
    ],
    'what is nobody’s is the rest',
  );
  t.equal(costs.writtenBytes, 1);
  t.same(costs.traffic, { receivedBytes: 0.2, sentBytes: 0.3, commits: 0.00001 });
  const total = costResults('x', costs).find(({ name }) => name === 'x, whole process');
  t.equal(total?.value, costs.micros);
});

void t.test('a server that does not account for its turns has no parts', async t => {
  const costs = costsBetween(reading(1, []), reading(2, []), 1);
  t.equal(costs.parts.size, 0);
  t.notOk(costResults('x', costs).some(({ chart }) => chart?.includes('by part')));
});

void t.test('what other programs held up is not the message’s', async t => {
  const parts = (turns: readonly (readonly [string, number])[], waited: number) =>
    Object.fromEntries(
      [...costsBetween(reading(1, []), reading(2, turns, waited), 1_000_000).parts].map(
        ([part, micros]) => [part, Number(micros.toFixed(2))],
      ),
    );
  // The busiest thread ran for 3 s and waited for 3 more.
  t.same(parts([['session', 4]], 1.5), { session: 2, rest: 2.01 });
  // Turns of 8 s in 4.01 s of processor time: something else was waited for.
  t.same(
    parts(
      [
        ['session', 6],
        ['store.0', 2],
      ],
      0,
    ),
    { session: 3.01, store: 1, rest: 0 },
  );
});
