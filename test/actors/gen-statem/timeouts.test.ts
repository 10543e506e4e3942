import t from 'tap';
import { exit, genStatem, monotonicTime, setClock, sys } from '../../../actors/index.ts';
import type { Pid } from '../../../actors/index.ts';
import { createVirtualClock, settle } from '../../../actors/testing.ts';
import type { VirtualClock } from '../../../actors/testing.ts';
import { machine, plain } from './machine.ts';
import type { Callbacks } from './machine.ts';

const { cast } = genStatem;

function virtual(t: { teardown: (undo: () => void) => void }): VirtualClock {
  const clock = createVirtualClock();
  const old = setClock(clock);
  t.teardown(() => {
    setClock(old);
  });
  return clock;
}

interface Timed {
  readonly pid: Pid;
  /** What has come since the last look, as `[at, type, content]`. */
  readonly look: () => unknown[];
  /** Makes the machine return this. */
  readonly tell: (result: unknown) => Promise<void>;
}

/** A machine that returns what it is told by a cast, and notes everything else that comes. */
async function timed(clock: VirtualClock, callbacks?: Callbacks): Promise<Timed> {
  const seen: unknown[] = [];
  const pid = await machine((type, content) => {
    if (type === 'cast') return content;
    seen.push([clock.now(), plain(type), content]);
    return 'keep_state_and_data';
  }, callbacks);
  await settle();
  return {
    pid,
    look: () => seen.splice(0),
    async tell(result) {
      cast(pid, result);
      await settle();
    },
  };
}

const keep = 'keep_state_and_data';

void t.test('the three kinds, their types and contents', async t => {
  const clock = virtual(t);
  const { look, tell } = await timed(clock);
  await tell([
    keep,
    [
      ['timeout', 30, 'event'],
      ['state_timeout', 10, 'state'],
      [['timeout', 'n'], 20, 'named'],
    ],
  ]);
  await clock.advance(10);
  t.same(look(), [[10, 'state_timeout', 'state']]);
  await clock.advance(1_000);
  t.same(look(), [[20, ['timeout', 'n'], 'named']], 'the event timeout was cancelled by an event');
  await tell([keep, 30]);
  await clock.advance(1_000);
  t.same(look(), [[1_040, 'timeout', 30]]);
});

void t.test('the event timeout is cancelled by any event', async t => {
  const clock = virtual(t);
  const { look, tell, pid } = await timed(clock);
  await tell([keep, 30]);
  await clock.advance(20);
  await tell(keep);
  t.equal(clock.pending, 0);
  await clock.advance(100);
  t.same(look(), []);
  await tell([keep, 30]);
  await clock.advance(20);
  await sys.getState(pid);
  await clock.advance(10);
  t.same(look(), [[150, 'timeout', 30]], 'but not by a system message');
});

void t.test('the state timeout is cancelled by a change of state, and by nothing less', async t => {
  const clock = virtual(t);
  const { look, tell } = await timed(clock);
  await tell([keep, ['state_timeout', 30, 'x']]);
  await tell(keep);
  await tell(['next_state', 'a', 1]);
  await tell(['repeat_state', 1]);
  t.equal(clock.pending, 1);
  await tell(['next_state', 'b', 1]);
  t.equal(clock.pending, 0);
  await tell(['next_state', 'c', 1, ['state_timeout', 30, 'new']]);
  await clock.advance(30);
  t.same(look(), [[30, 'state_timeout', 'new']], 'one that the change itself starts runs');
});

void t.test('timeouts with names outlive everything, each for itself', async t => {
  const clock = virtual(t);
  const { look, tell } = await timed(clock);
  await tell([
    keep,
    [
      [['timeout', 'a'], 30, 1],
      [['timeout', 5], 40, 2],
      [['timeout', '5'], 50, 3],
      [['timeout', { deep: [1] }], 60, 4],
      [['timeout', undefined], 70, 5],
    ],
  ]);
  await tell(['next_state', 'b', 0]);
  await tell([keep, [['timeout', { deep: [1] }], 65, 'again']]);
  await tell([keep, [['timeout', '5'], 'cancel']]);
  t.equal(clock.pending, 4);
  await clock.advance(100);
  t.same(look(), [
    [30, ['timeout', 'a'], 1],
    [40, ['timeout', 5], 2],
    [65, ['timeout', { deep: [1] }], 'again'],
    [70, ['timeout', undefined], 5],
  ]);
});

void t.test('started anew: the old one is gone; the last of a list counts', async t => {
  const clock = virtual(t);
  const { look, tell } = await timed(clock);
  await tell([keep, ['state_timeout', 30, 'old']]);
  await clock.advance(20);
  await tell([
    keep,
    [
      ['state_timeout', 5, 'first'],
      ['state_timeout', 30, 'last'],
    ],
  ]);
  t.equal(clock.pending, 1);
  await clock.advance(100);
  t.same(look(), [[50, 'state_timeout', 'last']]);
  await tell([
    keep,
    [
      [['timeout', { n: 1 }], 5, 'first'],
      [['timeout', { n: 1 }], 'cancel'],
    ],
  ]);
  t.equal(clock.pending, 0, 'names are compared deeply here too');
});

void t.test('cancel and infinity', async t => {
  const clock = virtual(t);
  const { look, tell } = await timed(clock);
  for (const cancel of [
    ['state_timeout', 'cancel'],
    ['state_timeout', Infinity, 'x'],
    ['state_timeout', 'infinity', 'x'],
    ['state_timeout', Infinity, 'x', { abs: true }],
  ]) {
    await tell([keep, ['state_timeout', 30, 'x']]);
    t.equal(clock.pending, 1);
    await tell([keep, cancel]);
    t.equal(clock.pending, 0);
    await tell([keep, cancel]);
  }
  await clock.advance(100);
  t.same(look(), [], 'cancelling what does not run is nothing');
});

void t.test('update: another content for one that runs, else it elapses at once', async t => {
  const clock = virtual(t);
  const { look, tell } = await timed(clock);
  await tell([keep, ['state_timeout', 30, 'old']]);
  await clock.advance(20);
  await tell([keep, ['state_timeout', 'update', 'new']]);
  await clock.advance(10);
  t.same(look(), [[30, 'state_timeout', 'new']]);
  await tell([keep, ['state_timeout', 'update', 'late']]);
  t.same(look(), [[30, 'state_timeout', 'late']]);
  await tell([keep, [['state_timeout', 30, 'x']]]);
  await tell(['next_state', 'b', 0, ['state_timeout', 'update', 'new state']]);
  t.same(look(), [[30, 'state_timeout', 'new state']], 'the change had cancelled it');
});

void t.test('absolute times are points on the monotonic clock', async t => {
  const clock = virtual(t);
  const { look, tell } = await timed(clock);
  await clock.advance(1_000);
  await tell([keep, ['state_timeout', monotonicTime() + 50, 'x', { abs: true }]]);
  await tell([keep, [['timeout', 'past'], 3, 'y', ['abs', true]]]);
  await clock.advance(0);
  t.same(look(), [[1_000, ['timeout', 'past'], 'y']], 'one in the past elapses now');
  await clock.advance(49);
  t.same(look(), []);
  await clock.advance(1);
  t.same(look(), [[1_050, 'state_timeout', 'x']]);
});

void t.test('those of one moment elapse from the last action to the first, as in OTP', async t => {
  const clock = virtual(t);
  const { look, tell } = await timed(clock);
  await tell([
    keep,
    [
      [['timeout', 'a'], 30, 'a'],
      [['timeout', 'b'], 30, 'b'],
    ],
  ]);
  await clock.advance(30);
  t.same(look(), [
    [30, ['timeout', 'b'], 'b'],
    [30, ['timeout', 'a'], 'a'],
  ]);
});

void t.test(
  '0 ms: restarted goes to the end, updated keeps its place, cancelled is gone',
  async t => {
    const clock = virtual(t);
    const seen: unknown[] = [];
    const zero = (name: string, time: unknown = 0) => [['timeout', name], time, name];
    const then: Record<string, unknown> = {
      first: [keep, [zero('a'), zero('b'), zero('c'), zero('d'), ['next_event', 'internal', 'i']]],
      i: [
        keep,
        [
          zero('a'),
          [['timeout', 'b'], 'update', 'new'],
          [['timeout', 'c'], 'cancel'],
          zero('d', 30),
        ],
      ],
    };
    const pid = await machine((type, content) => {
      seen.push(plain(type) === 'cast' || type === 'internal' ? content : [type, content]);
      return then[String(content)] ?? keep;
    });
    cast(pid, 'first');
    await settle();
    t.same(seen, ['first', 'i', [['timeout', 'b'], 'new'], [['timeout', 'a'], 'a']]);
    await clock.advance(30);
    t.same(
      seen[4],
      [['timeout', 'd'], 'd'],
      'one that waits for 30 ms now is a timer as any other',
    );
  },
);

void t.test(
  'one that has elapsed in the mailbox and is cancelled before its turn is gone',
  async t => {
    const clock = virtual(t);
    const { look, tell, pid } = await timed(clock);
    await tell([
      keep,
      [
        ['state_timeout', 30, 'x'],
        [['timeout', 'kept'], 30, 'y'],
      ],
    ]);
    await sys.suspend(pid);
    cast(pid, ['next_state', 'b', 0, [['timeout', 'kept'], 'update', 'updated']]);
    await clock.advance(30);
    t.equal(clock.pending, 0, 'timeouts go on while the machine is suspended');
    t.same(look(), [], 'and are handled when it is resumed');
    await sys.resume(pid);
    await settle();
    t.same(look(), [[30, ['timeout', 'kept'], 'updated']]);
  },
);

void t.test('an elapsed timeout waits for its turn behind the messages before it', async t => {
  const clock = virtual(t);
  const { look, tell, pid } = await timed(clock);
  await tell([keep, ['state_timeout', 30, 'x']]);
  await sys.suspend(pid);
  cast(pid, [keep, ['state_timeout', 30, 'started anew']]);
  await clock.advance(30);
  await sys.resume(pid);
  await settle();
  t.same(look(), [], 'the message before it has started another one');
  await clock.advance(30);
  t.same(look(), [[60, 'state_timeout', 'started anew']]);
});

void t.test('timeouts end with the machine, however it ends', async t => {
  const clock = virtual(t);
  for (const reason of ['kill', 'shutdown']) {
    const { pid, tell } = await timed(clock);
    await tell([keep, [['state_timeout', 30, 'x'], 40, [['timeout', 'n'], 50, 'x']]]);
    t.equal(clock.pending, 3);
    exit(pid, reason);
    t.equal(clock.pending, 0, `none is left after ${reason}`);
  }
});

void t.test('timeouts do not count against the limit of the mailbox', async t => {
  const clock = virtual(t);
  const seen: unknown[] = [];
  const pid = await machine(
    (type, content) => {
      seen.push(content);
      return type === 'cast'
        ? [
            keep,
            [
              ['state_timeout', 30, 'x'],
              [['timeout', 'n'], 30, 'y'],
            ],
          ]
        : keep;
    },
    {},
    { mailboxLimit: 1 },
  );
  cast(pid, 'go');
  await settle();
  await sys.suspend(pid);
  await clock.advance(30);
  await sys.resume(pid);
  await settle();
  t.same(seen, ['go', 'y', 'x']);
});
