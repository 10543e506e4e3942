/** The server tells only what is new; the page has the whole of it, and no more than the server keeps. */
import t from 'tap';
import {
  EVENTS_KEPT,
  HISTORY_SECONDS,
  type EventsAnswer,
  type ObservedEvent,
  type Sample,
  type SystemAnswer,
} from '../../../protocol/observer.ts';
import { addEvents, addSystem, newestSample } from '../../../web/model/growing.ts';

const sample = (at: number): Sample => ({ at }) as Sample;

const system = (now: number, samples: Readonly<Record<number, readonly number[]>>, startedAt = 0) =>
  ({
    now,
    startedAt,
    isolates: Object.keys(samples).map(isolate => ({ isolate: Number(isolate), answers: true })),
    history: Object.entries(samples).map(([isolate, times]) => ({
      isolate: Number(isolate),
      samples: times.map(sample),
    })),
  }) as unknown as SystemAnswer;

const timesOf = ({ history }: SystemAnswer): Record<string, number[]> =>
  Object.fromEntries(history.map(({ isolate, samples }) => [isolate, samples.map(({ at }) => at)]));

void t.test('asks from the slowest isolate on, and drops what comes twice', async t => {
  t.equal(newestSample(undefined), undefined);
  t.equal(newestSample(system(0, {})), undefined);
  const known = system(2_000, { 0: [1_000, 2_000], 1: [1_100] });
  t.equal(newestSample(known), 1_100);
  const silent = {
    ...known,
    isolates: [
      { isolate: 0, answers: true },
      { isolate: 1, answers: false },
    ],
  };
  t.equal(
    newestSample(silent as unknown as SystemAnswer),
    2_000,
    'not from where a silent one stopped',
  );
  const next = addSystem(known, system(3_000, { 0: [2_000, 3_000], 1: [2_100] }));
  t.same(timesOf(next), { 0: [1_000, 2_000, 3_000], 1: [1_100, 2_100] });
  t.equal(next.now, 3_000);
});

void t.test(
  'an isolate that comes is there, one that tells nothing stays for as long as its past',
  async t => {
    const known = system(2_000, { 0: [2_000], 1: [1_000] });
    const later = addSystem(known, system(3_000, { 0: [3_000], 2: [3_000] }));
    t.same(timesOf(later), { 0: [2_000, 3_000], 1: [1_000], 2: [3_000] });
    const end = 1_000 + HISTORY_SECONDS * 1_000;
    t.same(timesOf(addSystem(later, system(end, { 0: [end] }))), {
      0: [2_000, 3_000, end],
      2: [3_000],
    });
  },
);

void t.test('a server that was started anew has a past of its own', async t => {
  const known = system(20_000, { 0: [19_000] }, 1_000);
  const answer = (startedAt: number) => system(30_000, { 0: [29_000] }, startedAt);
  t.same(timesOf(addSystem(known, answer(25_000))), { 0: [29_000] });
  t.same(timesOf(addSystem(known, answer(1_003))), { 0: [19_000, 29_000] }, 'clocks do not agree');
});

const events = (from: number, to: number, last = to): EventsAnswer => ({
  events: Array.from(
    { length: to - from + 1 },
    (_, index) => ({ n: from + index }) as ObservedEvent,
  ),
  last,
});
const numbersOf = (answer: EventsAnswer): number[] => answer.events.map(({ n }) => n);

void t.test('events come after events, none twice', async t => {
  const known = addEvents(undefined, events(1, 3));
  const next = addEvents(known, events(3, 5));
  t.same(numbersOf(next), [1, 2, 3, 4, 5]);
  t.equal(next.last, 5);
  t.same(addEvents(next, { events: [], last: 5 }), next);
});

void t.test('a page of many new ones goes on from its own last one', async t => {
  const next = addEvents(events(1, 1), events(2, 201, 1_000));
  t.equal(next.last, 201, 'not from the newest there is');
});

void t.test('keeps as many as the server does', async t => {
  const next = addEvents(events(1, EVENTS_KEPT), events(EVENTS_KEPT + 1, EVENTS_KEPT + 10));
  t.equal(next.events.length, EVENTS_KEPT);
  t.equal(numbersOf(next)[0], 11);
});

void t.test('a server that was started anew is asked from its first one', async t => {
  const anew = addEvents(events(1, 30), { events: [], last: 4 });
  t.same(anew, { events: [], last: 0 });
  t.same(numbersOf(addEvents(anew, events(1, 4))), [1, 2, 3, 4]);
});
