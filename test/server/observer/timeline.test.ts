import t from 'tap';
import { HISTORY_SECONDS, type Sample } from '../../../protocol/observer.ts';
import { History } from '../../../server/observer/history.ts';
import type { NewEvent } from '../../../server/observer/protocol.ts';
import { Timeline } from '../../../server/observer/timeline.ts';

const event = (text: string, more: Partial<NewEvent> = {}): NewEvent => ({
  ...{ at: 1, isolate: 0, kind: 'crash', text, process: null, supervisor: null, child: null },
  ...{ predecessor: null, reason: null, stack: null, ...more },
});
const numbers = ({ events }: ReturnType<Timeline['read']>): number[] => events.map(({ n }) => n);

void t.test('the last events, numbered', async t => {
  const timeline = new Timeline(10);
  t.same(timeline.read(undefined, 5), { events: [], last: 0 });
  for (let n = 1; n <= 57; n += 1) {
    timeline.add(event(`e${n}`));
    t.equal(timeline.last, n);
    const kept = timeline.read(0, 1_000);
    t.same(
      numbers(kept),
      Array.from({ length: Math.min(n, 10) }, (_, i) => Math.max(0, n - 10) + i + 1),
    );
  }
  t.same(numbers(timeline.read(undefined, 3)), [55, 56, 57], 'without a number the newest');
  t.same(numbers(timeline.read(50, 3)), [51, 52, 53], 'after one the oldest of them');
  t.same(numbers(timeline.read(57, 3)), []);
  t.same(numbers(timeline.read(99, 3)), [], 'of a server before this one');
  t.match(timeline.read(56, 1).events, [{ n: 57, text: 'e57' }]);
});

void t.test('the last end of a process, by its name or pid', async t => {
  const timeline = new Timeline();
  const process = (pid: number, name: string | null) => ({ pid, isolate: 0, name, label: null });
  timeline.add(event('first', { process: process(1_024, 'a') }));
  timeline.add(event('second', { process: process(2_048, 'a') }));
  timeline.add(event('third', { process: process(3_072, null) }));
  timeline.add(event('done to it', { kind: 'action', process: process(3_072, 'a') }));
  t.match(timeline.lastCrash(9_999, 'a'), { text: 'second' });
  t.match(timeline.lastCrash(3_072, null), { text: 'third' });
  t.equal(timeline.lastCrash(9_999, null), null);
  t.equal(timeline.lastCrash(9_999, 'b'), null);
});

const sample = (at: number): Sample => ({
  ...{ at, tookMs: 1_000, processes: 1, heapBytes: 1, externalBytes: 1, sessions: 0 },
  ...{ lagMs: { p50: 0, p99: 0, max: 0 }, busy: 0, messages: 0, accepted: 0, pushed: 0 },
  restarts: 0,
});

void t.test('the past of each isolate, and which of them are silent', async t => {
  let now = 0;
  const history = new History(() => now);
  for (let second = 1; second <= HISTORY_SECONDS + 50; second += 1) {
    now = second * 1_000;
    history.add(2, 7, sample(now));
    if (second <= 40) history.add(0, 5, sample(now));
  }
  t.match(history.isolates(), [{ isolate: 2, role: 'shards', startedAt: 7, answers: true }]);
  t.equal(history.isolates().length, 1, 'one that was gone for so long is forgotten');
  const [{ samples } = { samples: [] }] = history.since(0);
  t.equal(samples.length, HISTORY_SECONDS);
  t.equal(history.since(now - 2_000)[0]?.samples.length, 2, 'only newer ones');
  now += 2_999;
  t.equal(history.isolates()[0]?.answers, true);
  now += 1;
  t.equal(history.isolates()[0]?.answers, false);
});
