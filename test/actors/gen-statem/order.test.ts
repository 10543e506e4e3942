import t from 'tap';
import { genStatem, send, sys } from '../../../actors/index.ts';
import type { Pid } from '../../../actors/index.ts';
import { settle } from '../../../actors/testing.ts';
import { captureLog } from '../capture-log.ts';
import { exitOf } from '../exit-of.ts';
import { until } from '../until.ts';
import { fromOf, machine, plain, stateOf } from './machine.ts';
import type { Callbacks } from './machine.ts';

const { call, cast } = genStatem;

/**
 * A machine that notes each call as `[type, content, state]`, and returns what the script says for
 * that content in that state (`'content@state'`), else for the content, else nothing.
 */
async function scripted(
  script: Readonly<Record<string, unknown>>,
  callbacks: Callbacks = {},
): Promise<{ readonly pid: Pid; readonly seen: unknown[] }> {
  const seen: unknown[] = [];
  const pid = await machine((type, content, state) => {
    seen.push([plain(type), content, state]);
    const key = (type === 'enter' ? 'enter ' : '') + String(content);
    return script[`${key}@${String(state)}`] ?? script[key] ?? 'keep_state_and_data';
  }, callbacks);
  return { pid, seen };
}

/** Sends all of it before the machine has its turn, and waits until it rests. */
async function feed(pid: Pid, ...contents: unknown[]): Promise<void> {
  for (const content of contents) cast(pid, content);
  await settle();
}

void t.test('postponed events come again after a change of state, oldest first', async t => {
  const { pid, seen } = await scripted({
    'one@a': ['keep_state_and_data', 'postpone'],
    'two@a': ['keep_state_and_data', ['postpone', true]],
    same: ['next_state', 'a', 0],
    repeat: 'repeat_state_and_data',
    go: ['next_state', 'b', 0],
  });
  await feed(pid, 'one', 'two', 'same', 'repeat', 'three');
  t.same(
    seen.splice(0).map(event => (event as unknown[])[1]),
    ['one', 'two', 'same', 'repeat', 'three'],
    'neither the same state nor a repeated one is a change',
  );
  await feed(pid, 'go', 'four');
  t.same(seen.splice(0), [
    ['cast', 'go', 'a'],
    ['cast', 'one', 'b'],
    ['cast', 'two', 'b'],
    ['cast', 'four', 'b'],
  ]);
});

void t.test('an event that changes the state and is postponed comes at once again', async t => {
  const { pid, seen } = await scripted({
    'one@a': ['keep_state_and_data', 'postpone'],
    'two@a': ['next_state', 'b', 0, ['postpone']],
  });
  await feed(pid, 'one', 'two', 'three');
  t.same(seen, [
    ['cast', 'one', 'a'],
    ['cast', 'two', 'a'],
    ['cast', 'one', 'b'],
    ['cast', 'two', 'b'],
    ['cast', 'three', 'b'],
  ]);
});

void t.test(
  'postponed twice keeps its place; the last of several postpone actions counts',
  async t => {
    const { pid, seen } = await scripted({
      one: ['keep_state_and_data', ['postpone', ['postpone', false], 'postpone']],
      'one@c': 'keep_state_and_data',
      two: ['keep_state_and_data', ['postpone', ['postpone', false]]],
      b: ['next_state', 'b', 0],
      c: ['next_state', 'c', 0],
    });
    await feed(pid, 'one', 'two', 'b', 'c', 'two');
    t.same(
      seen.map(event => (event as unknown[])[1]),
      ['one', 'two', 'b', 'one', 'c', 'one', 'two'],
    );
  },
);

void t.test('inserted events come first, in list order, before the postponed ones', async t => {
  const { pid, seen } = await scripted({
    'late@a': ['keep_state_and_data', 'postpone'],
    go: [
      'next_state',
      'b',
      0,
      [
        ['next_event', 'internal', 'i1'],
        ['next_event', 'cast', 'i2'],
        ['next_event', 'info', 'i3'],
        ['next_event', 'timeout', 'i4'],
        ['next_event', 'state_timeout', 'i5'],
        ['next_event', ['timeout', 'name'], 'i6'],
      ],
    ],
    i1: ['keep_state_and_data', ['next_event', 'internal', 'i0']],
  });
  await feed(pid, 'late', 'go', 'after');
  t.same(seen, [
    ['cast', 'late', 'a'],
    ['cast', 'go', 'a'],
    ['internal', 'i1', 'b'],
    ['internal', 'i0', 'b'],
    ['cast', 'i2', 'b'],
    ['info', 'i3', 'b'],
    ['timeout', 'i4', 'b'],
    ['state_timeout', 'i5', 'b'],
    [['timeout', 'name'], 'i6', 'b'],
    ['cast', 'late', 'b'],
    ['cast', 'after', 'b'],
  ]);
});

void t.test('timeouts of 0 come after the events in the queue and before the mailbox', async t => {
  const { pid, seen } = await scripted({
    'late@a': ['keep_state_and_data', 'postpone'],
    go: [
      'next_state',
      'b',
      0,
      [
        [['timeout', 'one'], 0, 'z1'],
        ['state_timeout', 0, 'z2'],
        ['next_event', 'internal', 'i1'],
        [['timeout', 'two'], 0, 'z3'],
      ],
    ],
    i1: ['keep_state_and_data', [[['timeout', 'three'], 0, 'z4']]],
    z1: ['keep_state_and_data', [['next_event', 'internal', 'i2']]],
  });
  await feed(pid, 'late', 'go', 'after');
  t.same(seen, [
    ['cast', 'late', 'a'],
    ['cast', 'go', 'a'],
    ['internal', 'i1', 'b'],
    ['cast', 'late', 'b'],
    [['timeout', 'one'], 'z1', 'b'],
    ['internal', 'i2', 'b'],
    ['state_timeout', 'z2', 'b'],
    [['timeout', 'two'], 'z3', 'b'],
    [['timeout', 'three'], 'z4', 'b'],
    ['cast', 'after', 'b'],
  ]);
});

void t.test('an event timeout of 0 is cancelled by a queued event, not by the mailbox', async t => {
  const { pid, seen } = await scripted({
    'late@a': ['keep_state_and_data', 'postpone'],
    queued: ['next_state', 'b', 0, [['timeout', 0, 'never']]],
    alone: ['keep_state_and_data', 0],
  });
  await feed(pid, 'late', 'queued', 'alone', 'after');
  t.same(seen, [
    ['cast', 'late', 'a'],
    ['cast', 'queued', 'a'],
    ['cast', 'late', 'b'],
    ['cast', 'alone', 'b'],
    ['timeout', 0, 'b'],
    ['cast', 'after', 'b'],
  ]);
});

void t.test('replies go out at once, in the order of the actions', async t => {
  const callers: unknown[] = [];
  const order: unknown[] = [];
  const pid = await machine(
    (type, content, state) => {
      if (type === 'enter') order.push(['enter', state]);
      if (content === 'wait') {
        callers.push(fromOf(type));
        return 'keep_state_and_data';
      }
      if (content === 'go') {
        const [first, second] = callers;
        return [
          'next_state',
          'b',
          0,
          [
            ['reply', second, 2],
            ['reply', first, 1],
          ],
        ];
      }
      return 'keep_state_and_data';
    },
    { callbackMode: () => ['handle_event_function', 'state_enter'] },
  );
  const requests = ['wait', 'wait'].map(kind => call(pid, kind as never));
  const replies = requests.map(async reply => order.push(await reply));
  await settle();
  cast(pid, 'go');
  await Promise.all(replies);
  t.same(order, [['enter', 'a'], ['enter', 'b'], 2, 1]);
});

void t.test('state enter calls: at the start, at a change, at a repetition', async t => {
  const { pid, seen } = await scripted(
    {
      go: ['next_state', 'b', 0, [['next_event', 'internal', 'i1']]],
      same: ['next_state', 'b', 0],
      keep: ['keep_state', 0],
      repeat: ['repeat_state', 0],
      again: 'repeat_state_and_data',
      with: ['repeat_state_and_data', []],
    },
    { callbackMode: () => ['handle_event_function', 'state_enter'] },
  );
  await feed(pid, 'go', 'same', 'keep', 'repeat', 'again', 'with');
  t.same(seen, [
    ['enter', 'a', 'a'],
    ['cast', 'go', 'a'],
    ['enter', 'a', 'b'],
    ['internal', 'i1', 'b'],
    ['cast', 'same', 'b'],
    ['cast', 'keep', 'b'],
    ['cast', 'repeat', 'b'],
    ['enter', 'b', 'b'],
    ['cast', 'again', 'b'],
    ['enter', 'b', 'b'],
    ['cast', 'with', 'b'],
    ['enter', 'b', 'b'],
  ]);
});

void t.test(
  'a state enter call may repeat itself, change data, start timeouts, reply, stop',
  async t => {
    let entered = 0;
    const caller: unknown[] = [];
    const pid = await machine(
      (type, content, state, data) => {
        if (type === 'enter' && state === 'b') {
          entered += 1;
          if (entered < 3) return ['repeat_state', `${String(data)}${entered}`];
          return [
            'next_state',
            'b',
            `${String(data)}!`,
            ['hibernate', ['reply', caller[0], content], [['timeout', 'x'], 0, 'zero']],
          ];
        }
        if (type === 'enter')
          return state === 'c' ? ['stop', 'normal', 'end'] : 'keep_state_and_data';
        if (content === 'zero') return ['keep_state', `${String(data)}${content}`];
        if (content === 'stop') return ['next_state', 'c', data];
        caller.push(fromOf(type));
        return ['next_state', 'b', ''];
      },
      { callbackMode: () => ['handle_event_function', 'state_enter'] },
    );
    t.equal(await call(pid, { kind: 'go' }), 'a', 'the old state is told at each of them');
    t.same(await stateOf(pid), ['b', '12!zero']);
    cast(pid, 'stop');
    t.match(await exitOf(stateOf(pid)), ['noproc']);
  },
);

void t.test('what a state enter call may not do', async t => {
  captureLog(t);
  const attempt = async (result: unknown): Promise<unknown[]> => {
    const ended: unknown[] = [];
    const pid = await machine(
      async (type, _content, state) => {
        if (type !== 'enter') return ['next_state', 'b', 1];
        if (state === 'b' && result instanceof Error) throw result;
        return state === 'b' ? result : 'keep_state_and_data';
      },
      {
        callbackMode: () => ['handle_event_function', 'state_enter'],
        terminate: (...how: unknown[]) => ended.push(...how),
      },
    );
    cast(pid, 'go');
    await settle();
    return ended;
  };
  for (const result of [
    ['next_state', 'c', 2],
    ['next_state', 'c', 2, []],
  ]) {
    t.same(await attempt(result), [['bad_state_enter_return_from_state_function', result], 'b', 1]);
  }
  for (const action of [
    'postpone',
    ['next_event', 'internal', 1],
    ['change_callback_module', {}],
    ['push_callback_module', {}],
  ]) {
    t.same(await attempt(['keep_state', 2, [action]]), [
      ['bad_state_enter_action_from_state_function', action],
      'b',
      2,
    ]);
  }
  for (const action of [['postpone', true], 'rubbish']) {
    t.same(await attempt(['keep_state', 2, [action]]), [
      ['bad_action_from_state_function', action],
      'b',
      2,
    ]);
  }
  t.same(await attempt('rubbish'), [['bad_return_from_state_function', 'rubbish'], 'b', 1]);
  const boom = new Error('boom');
  const thrown = await attempt(boom);
  t.same(thrown, [boom, 'a', 0], 'one that throws: the machine is still in the old state');
});

void t.test('a state enter call may take back that the event is postponed', async t => {
  const { pid, seen } = await scripted(
    {
      go: ['next_state', 'b', 0, 'postpone'],
      'enter a@b': ['keep_state_and_data', ['postpone', false]],
    },
    { callbackMode: () => ['handle_event_function', 'state_enter'] },
  );
  await feed(pid, 'go');
  t.same(seen, [
    ['enter', 'a', 'a'],
    ['cast', 'go', 'a'],
    ['enter', 'a', 'b'],
  ]);
});

void t.test(
  'the actions of init: obeyed before any message, and the start cannot be postponed',
  async t => {
    const { pid, seen } = await scripted(
      { message: ['next_state', 'b', 0] },
      {
        callbackMode: () => ['handle_event_function', 'state_enter'],
        init: () => [
          'ok',
          'a',
          0,
          ['postpone', ['next_event', 'internal', 'first'], ['state_timeout', 0, 'zero']],
        ],
      },
    );
    await feed(pid, 'message');
    t.same(seen, [
      ['enter', 'a', 'a'],
      ['internal', 'first', 'a'],
      ['state_timeout', 'zero', 'a'],
      ['cast', 'message', 'a'],
      ['enter', 'a', 'b'],
    ]);
  },
);

void t.test('states are compared by their contents', async t => {
  const { pid, seen } = await scripted({
    late: ['keep_state_and_data', 'postpone'],
    // A new object each time.
    get deep() {
      return ['next_state', { name: 'x', list: [1, { two: 2 }] }, 0];
    },
    other: ['next_state', { name: 'x', list: [1, { two: 3 }] }, 0],
  });
  await feed(pid, 'deep', 'late', 'deep', 'deep');
  t.same(
    seen.splice(0).map(event => (event as unknown[])[1]),
    ['deep', 'late', 'deep', 'deep'],
    'no change, nothing comes again',
  );
  await feed(pid, 'other');
  t.same(
    seen.map(event => (event as unknown[])[1]),
    ['other', 'late'],
  );
});

void t.test(
  'a machine with many events of its own lets others have their turn, and stays first',
  async t => {
    let left = 100_000;
    const order: unknown[] = [];
    const pid = await machine((type, content) => {
      if (content === 'go' || type === 'internal') {
        left -= 1;
        return ['keep_state_and_data', left > 0 ? [['next_event', 'internal', 1]] : []];
      }
      order.push([content, left]);
      return 'keep_state_and_data';
    });
    const other = await machine(async (_type, content) => {
      order.push([content, left > 0]);
      await sys.replaceState(pid, state => {
        order.push(['sys', left]);
        return state;
      });
      return 'keep_state_and_data';
    });
    cast(pid, 'go');
    cast(pid, 'message');
    cast(other, 'other');
    await until(() => order.length === 3);
    t.same(order, [
      ['other', true],
      ['message', 0],
      ['sys', 0],
    ]);
  },
);

void t.test('postponed events count: more than the mailbox may hold end the machine', async t => {
  const events = captureLog(t);
  const pid = await machine(() => ['keep_state_and_data', 'postpone'], {}, { mailboxLimit: 5 });
  for (let sent = 0; sent < 5; sent += 1) send(pid, sent);
  await settle();
  t.same(((await sys.getStatus(pid)) as { postponed: unknown[] }).postponed.length, 5);
  send(pid, 'one more');
  await settle();
  t.match(events, [{ report: { kind: 'crash', error: 'mailbox_overflow' } }]);
});
