import t from 'tap';
import {
  exit,
  genStatem,
  isAlive,
  send,
  setClock,
  setCrashKeeper,
  spawn,
  sys,
} from '../../../actors/index.ts';
import type { KeptCrash, Pid } from '../../../actors/index.ts';
import { createVirtualClock, settle } from '../../../actors/testing.ts';
import { captureLog } from '../capture-log.ts';
import { exitOf } from '../exit-of.ts';
import { fromOf, machine, moduleOf, plain, startOf, stateOf } from './machine.ts';

const { call, cast } = genStatem;
const keep = 'keep_state_and_data';

// No timeout of these machines elapses, and none keeps the program alive.
setClock(createVirtualClock());

/** Returns what a cast tells it, answers a call with what it asks, and notes the rest. */
function obedient(seen: unknown[] = []) {
  return moduleOf((type, content) => {
    if (type === 'cast') return content;
    if (plain(type) === 'call') return [keep, ['reply', fromOf(type), content]];
    seen.push([plain(type), content]);
    return keep;
  });
}

void t.test(
  'getState is [state, data]; replaceState turns them; a failing one keeps them',
  async t => {
    const pid = await startOf(obedient());
    t.same(await sys.getState(pid), ['a', 0]);
    t.same(await sys.replaceState(pid, () => ['b', 1]), ['b', 1]);
    t.same(await sys.getState(pid), ['b', 1]);
    const fail = (): never => {
      throw new Error('fail');
    };
    t.match(await exitOf(sys.replaceState(pid, fail)), [
      ['callback_failed', ['gen_statem', 'system_replace_state'], ['error', { message: 'fail' }]],
    ]);
    t.match(await exitOf(sys.replaceState(pid, () => 'rubbish')), [
      ['callback_failed', ['gen_statem', 'system_replace_state'], ['error', { message: /state/ }]],
    ]);
    t.same(await sys.getState(pid), ['b', 1]);
    await sys.suspend(pid);
    t.same(await sys.replaceState(pid, () => ['c', 2]), ['c', 2], 'while suspended too');
    await sys.resume(pid);
    t.same(await stateOf(pid), ['c', 2]);
  },
);

void t.test('suspended: only system messages and the parent’s exit', async t => {
  const seen: unknown[] = [];
  const pid = await startOf(obedient(seen));
  await sys.suspend(pid);
  await sys.suspend(pid);
  send(pid, 'info');
  await settle();
  t.same(seen, []);
  t.match(await sys.getStatus(pid), { status: 'suspended' });
  await sys.resume(pid);
  await settle();
  t.same(seen, [['info', 'info']]);
});

void t.test('the parent’s exit ends it through terminate when it traps', async t => {
  captureLog(t);
  for (const suspended of [false, true]) {
    const ended: unknown[] = [];
    let child: Pid | undefined;
    const module = moduleOf(() => keep, {
      terminate: (...how: unknown[]) => ended.push(...how),
    });
    const parent = spawn(async () => {
      const result = await genStatem.startLink(module, undefined, { trapExit: true });
      child = result[1] as Pid;
    });
    send(parent, 'start');
    await settle();
    if (suspended) await sys.suspend(child as Pid);
    exit(parent, 'gone');
    await settle();
    t.same(ended, ['gone', 'a', 0]);
    t.notOk(isAlive(child as Pid));
  }
});

void t.test(
  'getStatus: modules, mode, state, postponed events, timeouts, log; formatStatus',
  async t => {
    const module = obedient();
    const pid = await startOf(module, { debug: ['log'] });
    cast(pid, [
      'keep_state',
      5,
      ['postpone', [['timeout', 'n'], 1e9, 'late'], ['state_timeout', 1e9, 'later']],
    ]);
    await settle();
    const status = (await sys.getStatus(pid)) as { log: unknown[]; postponed: unknown[] };
    t.match(status, {
      status: 'running',
      pid,
      module,
      modules: [module],
      callbackMode: 'handle_event_function',
      state: 'a',
      data: 5,
      timeouts: [
        ['state_timeout', 'later'],
        [['timeout', 'n'], 'late'],
      ],
      postponed: [['cast', Array]],
    });
    t.ok(status.log.length > 0);

    const shy = await startOf(
      moduleOf(() => keep, {
        formatStatus: (seen: object) => ({ ...seen, data: 'private' }),
      }),
    );
    t.match(await sys.getStatus(shy), { state: 'a', data: 'private', postponed: [] });
    const failing = await startOf(
      moduleOf(() => keep, {
        formatStatus() {
          throw new Error('fail');
        },
      }),
      { label: 'shy' },
    );
    t.match(await sys.getStatus(failing), { state: 'shy:formatStatus/1 crashed' });
  },
);

void t.test('the system events, in OTP’s order', async t => {
  const module = moduleOf(
    (type, content, state) => {
      if (type === 'enter') return keep;
      if (plain(type) === 'call') {
        return [
          'next_state',
          'b',
          1,
          [
            ['reply', fromOf(type), 'answer'],
            ['next_event', 'internal', 'i'],
            [['timeout', 'n'], 1e9, 'late'],
            ['state_timeout', 0, 'zero'],
          ],
        ];
      }
      if (content === 'late' && state === 'a') return [keep, 'postpone'];
      if (content === 'swap') return [keep, ['change_callback_module', module]];
      return content === 'stop' ? 'stop' : keep;
    },
    { callbackMode: () => ['handle_event_function', 'state_enter'] },
  );
  const events: unknown[] = [];
  const pid = await startOf(module, {
    debug: [
      [
        'install',
        [
          (state: null, event: sys.SystemEvent) => {
            events.push(event);
            return state;
          },
          null,
        ],
      ],
    ] as never,
  });
  cast(pid, 'late');
  await settle();
  await call(pid, { kind: 'go' });
  cast(pid, 'swap');
  cast(pid, 'stop');
  await settle();
  const asked = [['call', { pid: undefined }], { kind: 'go' }];
  t.match(events, [
    ['enter', module, 'a'],
    ['consume', ['internal', 'init_state'], 'a', 'a'],
    ['in', ['cast', 'late'], 'a'],
    ['postpone', ['cast', 'late'], 'a', 'a'],
    ['in', asked, 'a'],
    ['out', 'answer', { pid: undefined }],
    ['in', ['internal', 'i'], 'b'],
    ['consume', asked, 'a', 'b'],
    ['start_timer', ['state_timeout', 0, 'zero', []], 'b'],
    ['start_timer', [['timeout', 'n'], 1e9, 'late', []], 'b'],
    ['consume', ['internal', 'i'], 'b', 'b'],
    ['consume', ['cast', 'late'], 'b', 'b'],
    ['in', ['state_timeout', 'zero'], 'b'],
    ['consume', ['state_timeout', 'zero'], 'b', 'b'],
    ['in', ['cast', 'swap'], 'b'],
    ['module', module, 'b'],
    ['consume', ['cast', 'swap'], 'b', 'b'],
    ['in', ['cast', 'stop'], 'b'],
    ['terminate', 'normal', 'b'],
  ]);
  t.equal(events.length, 19);
});

void t.test('trace says them in gen_statem’s words; statistics count them', async t => {
  const lines: string[] = [];
  const old = sys.setTracePrinter(line => {
    lines.push(line);
  });
  t.teardown(() => {
    sys.setTracePrinter(old);
  });
  const pid = await startOf(obedient(), { name: 'traced', debug: ['trace', 'statistics'] });
  await call(pid, { kind: 'ask' });
  cast(pid, ['next_state', { b: 1 }, 0, [['state_timeout', 1e9, 'x'], 'postpone']]);
  await settle();
  const [, counts] = (await sys.statistics(pid, 'get')) as unknown as [string, object];
  t.match(counts, { messagesIn: 2, messagesOut: 1 });
  await genStatem.stop(pid);
  t.match(lines, [
    /^\*DBG\* traced enter \{ .*handleEvent.* \} in state 'a'$/,
    /^\*DBG\* traced consume 'internal' 'init_state' in state 'a'$/,
    /^\*DBG\* traced receive call \{ kind: 'ask' \} from outside in state 'a'$/,
    /^\*DBG\* traced send \{ kind: 'ask' \} to outside$/,
    /^\*DBG\* traced consume call .* in state 'a'$/,
    /^\*DBG\* traced receive 'cast' \[.*\] in state 'a'$/,
    /^\*DBG\* traced postpone 'cast' \[.*\] in state 'a' => \{ b: 1 \}$/,
    /^\*DBG\* traced start_timer \[ 'state_timeout'.* in state \{ b: 1 \}$/,
    /^\*DBG\* traced postpone 'cast'/,
    /^\*DBG\* traced start_timer/,
    /^\*DBG\* traced terminate 'normal' in state \{ b: 1 \}$/,
  ]);
});

void t.test('sys.terminate, and stop with its reason', async t => {
  captureLog(t);
  const ended: unknown[] = [];
  const begin = (): Promise<Pid> =>
    machine(() => keep, { terminate: (...how: unknown[]) => ended.push(...how) });
  const pid = await begin();
  t.equal(await sys.terminate(pid, 'shutdown'), 'ok');
  await settle();
  t.same(ended.splice(0), ['shutdown', 'a', 0]);
  const other = await begin();
  await genStatem.stop(other, 'other_reason');
  t.same(ended, ['other_reason', 'a', 0]);
  t.equal(await exitOf(genStatem.stop(other)), 'noproc');
});

void t.test('a crash report tells of the machine, not of what people wrote', async t => {
  const events = captureLog(t);
  const crash = async (callbacks: object): Promise<unknown> => {
    const pid = await machine(
      (_type, content) => {
        if (content === 'late') return [keep, ['postpone', ['state_timeout', 1e9, 'secret']]];
        if (content === 'go') return [keep, [1, 2].map(n => ['next_event', 'internal', n])];
        if (content === 1) throw new Error('boom');
        return keep;
      },
      { init: () => ['ok', 'a', 'secret'], ...callbacks },
    );
    cast(pid, 'late');
    cast(pid, 'go');
    await settle();
    const [event] = events.splice(0);
    return (event as { report: { behaviour: unknown } } | undefined)?.report.behaviour;
  };
  t.same(await crash({}), {
    behaviour: 'gen_statem',
    state: 'a',
    callbackMode: 'handle_event_function',
    modules: 1,
    lastEvent: 'internal',
    queueLen: 1,
    postponedLen: 1,
    timeouts: 1,
  });
  t.match(
    await crash({
      formatStatus: ({ state, queue, reason }: genStatem.StatemStatus) => ({
        state,
        queue,
        reason,
      }),
    }),
    {
      state: 'a',
      queue: [
        ['internal', 1],
        ['internal', 2],
      ],
      reason: { reason: { message: 'boom' } },
      postponedLen: 1,
    },
    'but what formatStatus lets be seen',
  );
});

void t.test('a crash is kept with the event, and the state and data before it', async t => {
  captureLog(t);
  const kept: KeptCrash[] = [];
  const old = setCrashKeeper(crash => {
    kept.push(crash);
  });
  t.teardown(() => {
    setCrashKeeper(old);
  });
  const boom = new Error('boom');
  const module = moduleOf(() => keep, {
    callbackMode: () => 'state_functions',
    a: () => ['next_state', 'b', 1],
    b() {
      throw boom;
    },
    snapshot: ([state, data]: readonly unknown[]) => ({ state, data }),
  });
  const pid = await startOf(module);
  cast(pid, 'first');
  cast(pid, 'second');
  await settle();
  t.match(kept.splice(0), [
    {
      pid,
      module,
      callback: 'b',
      args: ['cast', 'second'],
      state: { state: 'b', data: 1 },
      isSnapshot: true,
      reason: { reason: boom },
    },
  ]);
  const failing = await machine(() => ['stop', 'why'], {
    terminate() {
      throw boom;
    },
  });
  cast(failing, 'stop');
  await settle();
  t.match(kept.splice(0), [
    { callback: 'terminate', args: ['why'], state: ['a', 0], isSnapshot: false },
  ]);
  const ended = await machine(() => keep);
  cast(ended, 'event');
  await settle();
  await sys.terminate(ended, 'why');
  await settle();
  t.same(kept, [], 'an end that no event caused has none');
});
