/** multiCall and abcast: the same name in several isolates. */
import t from 'tap';
import { abcast, call, multiCall, setClock, start, stop, sys } from '../../../actors/index.ts';
import type { GenServer, Request } from '../../../actors/index.ts';
import { createVirtualClock, settle } from '../../../actors/testing.ts';
import { until } from '../until.ts';
import { startIsolate } from '../isolates/isolates.ts';
import { puppetsName, startPuppets } from '../isolates/puppets.ts';

void t.test('replies by isolate in the order asked, and where none came from', async t => {
  await startPuppets();
  await startIsolate(t, 1);
  const two = await startIsolate(t, 2);
  const echo = { kind: 'echo', value: 'x' } as const;
  t.same(await multiCall([2, 7, 0, 1], puppetsName, echo), [
    [
      [2, 'x'],
      [0, 'x'],
      [1, 'x'],
    ],
    [7],
  ]);
  t.same(await multiCall(puppetsName, echo), [
    [
      [0, 'x'],
      [1, 'x'],
      [2, 'x'],
    ],
    [],
  ]);
  t.same(await multiCall('nobody', echo), [[], [0, 1, 2]]);
  t.same(await multiCall([], puppetsName, echo), [[], []]);
  await stop(two.dest);
  t.same(await multiCall([1, 2], puppetsName, echo), [[[1, 'x']], [2]]);
  const code = { kind: 'echo', value: () => 1 } as const;
  await t.rejects(multiCall([1], puppetsName, code), TypeError);
  t.throws(() => abcast([-1], puppetsName, echo), RangeError);
});

const silent: GenServer<null, unknown[], { kind: 'any' }, unknown> = {
  init: () => ['ok', []],
  handleCall: (_request, _from, state) => ['noreply', state],
  handleCast: (message, state) => ['noreply', [...state, message]],
};

void t.test('who does not answer in time is bad, and its late reply vanishes', async t => {
  const clock = createVirtualClock();
  const old = setClock(clock);
  t.teardown(() => {
    setClock(old);
  });
  await start(silent, null, { name: 'silent' });
  const asking = multiCall([0], 'silent', { kind: 'any' }, 100);
  await clock.advance(100);
  t.same(await asking, [[], [0]]);
  const asker: GenServer<null, unknown, Request<'go', object, unknown>> = {
    init: () => ['ok', null],
    handleCall: async () => ['reply', await multiCall('asker', { kind: 'go' }), null],
  };
  await start(asker, null, { name: 'asker' });
  t.same(await call('asker', { kind: 'go' }), [[], [0]], 'nobody answers himself');
});

void t.test('abcast reaches all that there are and says abcast', async t => {
  await startIsolate(t, 1);
  t.equal(abcast('silent', 'here and there'), 'abcast');
  t.equal(abcast([0, 9], 'silent', 'here'), 'abcast');
  t.equal(abcast([], 'silent', 'nowhere'), 'abcast');
  await settle();
  t.same(await sys.getState('silent'), ['here and there', 'here']);
  t.equal(abcast([1], puppetsName, { kind: 'whatever' }), 'abcast');
  // The puppets have no handleCast, which ends them: so it came.
  await until(
    async () => (await multiCall([1], puppetsName, { kind: 'echo', value: 1 }))[1].length === 1,
  );
});
