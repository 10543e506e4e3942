import t from 'tap';
import { exit, genStatem, isAlive, monitor, send, spawn } from '../../../actors/index.ts';
import type { Pid } from '../../../actors/index.ts';
import { settle } from '../../../actors/testing.ts';
import { captureLog } from '../capture-log.ts';
import { exitOf } from '../exit-of.ts';
import { hand } from '../hand.ts';
import { fromOf, machine, moduleOf, plain, startOf, stateOf } from './machine.ts';
import type { Callbacks } from './machine.ts';

const { call, cast } = genStatem;

/** A machine in the state `'a'` with the data 0 that returns what it is told to. */
function obedient(callbacks: Callbacks = {}, ended: unknown[] = []): Promise<Pid> {
  return machine((type, content) => (type === 'cast' ? content : 'keep_state_and_data'), {
    terminate: (...how: unknown[]) => ended.push(...how),
    ...callbacks,
  });
}

/** What a process that monitors it sees. */
async function endOf(pid: Pid, cause: () => void): Promise<unknown> {
  let reason: unknown = 'alive';
  await new Promise<void>(resolve => {
    const watcher = spawn(message => {
      if (message === 'watch') {
        monitor(pid);
        resolve();
      } else {
        reason = (message as { reason: unknown }).reason;
      }
    });
    send(watcher, 'watch');
  });
  cause();
  await settle();
  return reason;
}

void t.test('next_state, keep_state, repeat_state: state and data', async t => {
  const pid = await obedient();
  const after = async (result: unknown): Promise<unknown> => {
    cast(pid, result);
    return stateOf(pid);
  };
  t.same(await after(['next_state', 'b', 1]), ['b', 1]);
  t.same(await after(['next_state', 'b', 2, []]), ['b', 2]);
  t.same(await after(['keep_state', 3]), ['b', 3]);
  t.same(await after(['keep_state', 4, []]), ['b', 4]);
  t.same(await after('keep_state_and_data'), ['b', 4]);
  t.same(await after(['keep_state_and_data', []]), ['b', 4]);
  t.same(await after(['repeat_state', 5]), ['b', 5]);
  t.same(await after(['repeat_state', 6, []]), ['b', 6]);
  t.same(await after('repeat_state_and_data'), ['b', 6]);
  t.same(await after(['repeat_state_and_data', []]), ['b', 6]);
  t.same(await after(['next_state', 'c', undefined, undefined]), ['c', undefined]);
});

void t.test('stop: reason and data', async t => {
  captureLog(t);
  for (const [result, reason, data] of [
    ['stop', 'normal', 0],
    [['stop', 'why'], 'why', 0],
    [['stop', ['shutdown', 1], 7], ['shutdown', 1], 7],
  ] as const) {
    const ended: unknown[] = [];
    const pid = await obedient({}, ended);
    t.same(await endOf(pid, () => cast(pid, result)), reason);
    t.same(ended, [reason, 'a', data]);
    t.notOk(isAlive(pid));
  }
});

void t.test('stop_and_reply: the replies go out before terminate', async t => {
  const order: unknown[] = [];
  for (const list of [false, true]) {
    for (const data of [[], ['new']]) {
      const pid = await machine(
        type => {
          const reply = ['reply', fromOf(type), 'bye'];
          return ['stop_and_reply', 'normal', list ? [reply] : reply, ...data];
        },
        {
          async terminate(reason: unknown, state: unknown, newData: unknown) {
            // The reply is there before the machine has ended.
            await settle();
            order.push('terminate', reason, state, newData);
          },
        },
      );
      order.push(await call(pid, { kind: 'stop' }));
      await settle();
      await settle();
      t.same(order.splice(0), ['bye', 'terminate', 'normal', 'a', data[0] ?? 0]);
    }
  }
});

void t.test('what no state may return is an error with OTP’s tag', async t => {
  captureLog(t);
  for (const bad of [
    'rubbish',
    undefined,
    7,
    [],
    ['next_state', 'b'],
    ['next_state', 'b', 1, [], 'more'],
    ['keep_state'],
    ['keep_state', 1, [], 'more'],
    ['keep_state_and_data'],
    ['keep_state_and_data', [], 'more'],
    ['repeat_state'],
    ['repeat_state_and_data', [], 'more'],
    ['stop'],
    ['stop', 1, 2, 3],
    ['stop_and_reply', 'why'],
    ['ok', 'a', 0],
  ]) {
    const ended: unknown[] = [];
    const pid = await obedient({}, ended);
    t.match(await endOf(pid, () => cast(pid, bad)), {
      reason: ['bad_return_from_state_function', bad],
      stack: String,
    });
    t.same(ended, [['bad_return_from_state_function', bad], 'a', 0], 'terminate gets it bare');
  }
});

void t.test('a bad action comes after the new state and data were taken', async t => {
  captureLog(t);
  for (const bad of [
    'rubbish',
    ['rubbish', 1],
    -1,
    NaN,
    null,
    {},
    ['postpone', 1],
    ['hibernate', 'yes'],
    ['reply', 'nobody', 1],
    ['reply', ['nobody', 'tag'], 1],
    ['reply', [5, 'tag'], 1],
    ['next_event', 'rubbish', 1],
    ['next_event', ['call', 'nobody'], 1],
    ['next_event', 'enter', 1],
    ['timeout', 'rubbish'],
    ['timeout', -1, 'x'],
    ['timeout', 'rubbish', 'x'],
    ['timeout', 1, 'x', 'rubbish'],
    ['timeout', 1, 'x', { abs: 1 }],
    ['timeout', 1, 'x', [{ abs: true }, 'rubbish']],
    ['timeout', -1, 'x', { abs: false }],
    ['timeout', 'update', 'x', { abs: true }],
    ['timeout', 1, 'x', [], 'more'],
    ['change_callback_module', 'name'],
    ['push_callback_module', null],
    'pop_callback_module',
  ]) {
    const ended: unknown[] = [];
    const pid = await obedient({}, ended);
    const reason = await endOf(pid, () => cast(pid, ['next_state', 'b', 1, [bad]]));
    t.match(reason, { reason: ['bad_action_from_state_function', bad] }, JSON.stringify(bad));
    t.same(ended.slice(1), ['b', 1]);
  }
});

void t.test('a bad reply of stop_and_reply', async t => {
  captureLog(t);
  for (const bad of ['postpone', ['reply', 'nobody', 1], ['next_event', 'cast', 1]]) {
    const ended: unknown[] = [];
    const pid = await obedient({}, ended);
    const reason = await endOf(pid, () => cast(pid, ['stop_and_reply', 'normal', [bad], 9]));
    t.match(reason, { reason: ['bad_reply_action_from_state_function', bad] });
    t.same(ended, [['bad_reply_action_from_state_function', bad], 'a', 9]);
  }
});

void t.test('a reply to [pid, tag] is the message [tag, reply]', async t => {
  const { pid, got } = hand();
  const stm = await machine(
    (type, content) => {
      if (type === 'enter') return ['keep_state_and_data', ['reply', [pid, 'enter'], content]];
      return plain(type) === 'call'
        ? ['keep_state_and_data', ['reply', fromOf(type), 'called']]
        : content;
    },
    { callbackMode: () => ['handle_event_function', 'state_enter'] },
  );
  cast(stm, ['next_state', 'b', 1, [['reply', [pid, ['tag']], 'one']]]);
  cast(stm, ['keep_state_and_data', ['next_event', ['call', [pid, 'inserted']], 'request']]);
  await settle();
  genStatem.reply([pid, 'by function'], 2);
  genStatem.reply([['reply', [pid, 'in a list'], 3]]);
  cast(stm, ['stop_and_reply', 'normal', [['reply', [pid, 'last'], undefined]]]);
  await settle();
  t.same(got, [
    ['enter', 'a'],
    [['tag'], 'one'],
    ['enter', 'a'],
    ['inserted', 'called'],
    ['by function', 2],
    ['in a list', 3],
    ['last', undefined],
  ]);
  exit(pid, 'kill');
  t.doesNotThrow(() => genStatem.reply([pid, 'late'], 1), 'to the dead nothing happens');
});

void t.test('a state that throws: error, exit, and what counts as returned', async t => {
  captureLog(t);
  const ended: unknown[] = [];
  const boom = new Error('boom');
  const throwing = (): Promise<Pid> =>
    machine(
      (_type, content) => {
        throw content;
      },
      { terminate: (...how: unknown[]) => ended.push(...how) },
    );
  const pid = await throwing();
  t.match(await endOf(pid, () => cast(pid, boom)), { reason: boom, stack: /boom/ });
  t.same(ended.splice(0), [boom, 'a', 0], 'terminate gets an error without its stack');

  const thrower = await throwing();
  cast(thrower, ['next_state', 'b', 1]);
  t.same(await stateOf(thrower), ['b', 1], 'a throw counts as a return');
  t.match(await endOf(thrower, () => cast(thrower, 'rubbish')), {
    reason: ['bad_return_from_state_function', 'rubbish'],
  });
});

void t.test('asynchronous states are obeyed as others are', async t => {
  captureLog(t);
  const ended: unknown[] = [];
  const pid = await machine(
    async (_type, content) => {
      await Promise.resolve();
      // eslint-disable-next-line @typescript-eslint/only-throw-error -- Erlang's throw
      if (content === 'throw') throw ['next_state', 'c', 2];
      if (content instanceof Error) throw content;
      return content;
    },
    { terminate: (...how: unknown[]) => ended.push(...how) },
  );
  cast(pid, ['next_state', 'b', 1, [['next_event', 'internal', 'throw']]]);
  t.same(await stateOf(pid), ['c', 2]);
  const boom = new Error('boom');
  t.match(await endOf(pid, () => cast(pid, boom)), { reason: boom });
  t.same(ended, [boom, 'c', 2]);
});

void t.test('terminate: what it throws', async t => {
  captureLog(t);
  const end = async (thrown: unknown, late: boolean): Promise<unknown> => {
    const fail = (): never => {
      throw thrown;
    };
    const pid = await machine(() => ['stop', 'why'], {
      terminate() {
        if (late) return Promise.resolve().then(fail);
        return fail();
      },
    });
    return endOf(pid, () => cast(pid, 1));
  };
  for (const late of [false, true]) {
    const boom = new Error('boom');
    t.match(await end(boom, late), { reason: boom, stack: /boom/ });
    t.equal(await end('ok', late), 'why', 'a throw means nothing');
  }
});

void t.test('state_functions: the function of the state, and states that have none', async t => {
  captureLog(t);
  const seen: unknown[] = [];
  const module = moduleOf(() => 'stop', {
    callbackMode: () => 'state_functions',
    a(this: unknown, type: unknown, content: unknown, data: unknown) {
      seen.push(plain(type), content, data, this === module);
      return ['next_state', content, 1];
    },
  });
  for (const [state, why] of [
    ['b', 'undef'],
    ['toString', 'undef'],
    ['init', 'undef'],
    ['terminate', 'undef'],
    [['b'], 'badarg'],
    [undefined, 'badarg'],
  ] as const) {
    const pid = await startOf(module, { label: 'machine' });
    cast(pid, state);
    await settle();
    t.same(seen.splice(0), ['cast', state, 0, true]);
    t.same(await endOf(pid, () => send(pid, 'event')), [why, ['machine', state, 3]]);
  }
  const pid = await startOf(
    moduleOf(() => 'stop', { handleEvent: undefined }),
    { label: 'm' },
  );
  t.match(await exitOf(call(pid, { kind: 'any' })), [['undef', ['m', 'handleEvent', 4]]]);
});

void t.test('callbackMode: one, a list, and what is none', async t => {
  captureLog(t);
  const entered: unknown[] = [];
  const begin = async (callbackMode: () => unknown): Promise<unknown> => {
    const ended: unknown[] = [];
    const module = moduleOf(
      (type, content) => {
        entered.push(['handleEvent', plain(type), content]);
        return 'keep_state_and_data';
      },
      {
        callbackMode,
        terminate: (...how: unknown[]) => ended.push(...how),
        a(type: unknown, content: unknown) {
          entered.push(['a', plain(type), content]);
          return 'keep_state_and_data';
        },
      },
    );
    const started = await genStatem.start(module, undefined);
    t.equal(started[0], 'ok', 'whoever started it has the pid before the machine says its mode');
    const pid = started[1] as Pid;
    const reason = await endOf(pid, () => cast(pid, 'x'));
    t.same(ended, reason === 'alive' ? [] : [ended[0], 'a', 0]);
    return ended[0] ?? entered.splice(0);
  };
  t.same(await begin(() => 'state_functions'), [['a', 'cast', 'x']]);
  t.same(await begin(() => ['handle_event_function']), [['handleEvent', 'cast', 'x']]);
  t.same(await begin(() => ['state_enter', 'state_functions']), [
    ['a', 'enter', 'a'],
    ['a', 'cast', 'x'],
  ]);
  t.same(
    await begin(() => ['handle_event_function', 'state_functions']),
    [['a', 'cast', 'x']],
    'the last one counts',
  );
  for (const bad of ['rubbish', [], ['state_enter'], ['state_functions', 'rubbish'], undefined]) {
    t.same(await begin(() => bad), ['bad_return_from_callback_mode', bad]);
  }
  t.same(
    await begin(() => {
      // eslint-disable-next-line @typescript-eslint/only-throw-error -- Erlang's throw
      throw ['state_functions'];
    }),
    [['a', 'cast', 'x']],
  );
  const boom = new Error('boom');
  t.equal(
    await begin(() => {
      throw boom;
    }),
    boom,
  );
});
