/** What is kept of a step that crashed, for replay. */
import t from 'tap';
import {
  call,
  cast,
  exit,
  failedIn,
  genStatem,
  send,
  setCrashKeeper,
  start,
  stepUnderWay,
  sys,
} from '../../actors/index.ts';
import type { GenServer, KeptCrash, LogEvent, Pid } from '../../actors/index.ts';
import { settle } from '../../actors/testing.ts';
import { captureLog } from './capture-log.ts';
import { exitOf } from './exit-of.ts';
import { until } from './until.ts';

interface State {
  list: string[];
}

/** Changes its state in place before it crashes. */
function mutating(snapshot?: (state: State) => unknown) {
  const step = (name: string, state: State): never => {
    state.list.push(name);
    throw new Error(`in ${name}`);
  };
  return {
    name: 'mutating',
    init: () => ['ok', { list: [] }],
    handleCall: (request: { kind: string }, _from: unknown, state: State) => {
      if (request.kind === 'crash') step('handleCall', state);
      if (request.kind === 'stop') return ['stop', 'why', 'reply', state];
      if (request.kind === 'bye') return ['stop', ['shutdown', 1], 'bye', state];
      state.list.push(request.kind);
      return ['reply', 'ok', state, ['continue', request.kind]];
    },
    handleCast: async (_message: unknown, state: State) => {
      await Promise.resolve();
      return step('handleCast', state);
    },
    handleInfo: (_message: unknown, state: State) => step('handleInfo', state),
    handleContinue: (value: string, state: State) =>
      value === 'bad continue' ? step('handleContinue', state) : ['noreply', state],
    terminate: (reason: unknown, state: State) => {
      if (reason === 'fail') step('terminate', state);
    },
    ...(snapshot !== undefined && { snapshot }),
  } as unknown as GenServer;
}

function keeping(t: { teardown: (undo: () => void) => void }): KeptCrash[] {
  const kept: KeptCrash[] = [];
  const old = setCrashKeeper(crash => {
    kept.push(crash);
  });
  t.teardown(() => {
    setCrashKeeper(old);
  });
  return kept;
}

async function begin(module: GenServer, name?: string): Promise<Pid> {
  return (await start(module, null, name === undefined ? {} : { name }))[1] as Pid;
}

const wasTold = (events: readonly LogEvent[], text: RegExp): boolean =>
  events.some(({ report }) => report.kind === 'message' && text.test(report.text));

const copy = (state: State): unknown => structuredClone(state);

void t.test('each callback’s crash: what it was given, the state before, the reason', async t => {
  captureLog(t);
  const kept = keeping(t);
  const ask = (pid: Pid, kind: string) => exitOf(call(pid, { kind } as never));
  const module = mutating(copy);
  const ways: [string, unknown[], (pid: Pid) => unknown][] = [
    ['handleCall', [{ kind: 'crash' }, Object], pid => ask(pid, 'crash')],
    ['handleCast', ['x'], pid => cast(pid, 'x')],
    ['handleInfo', ['x'], pid => send(pid, 'x')],
    ['handleContinue', ['bad continue'], pid => call(pid, { kind: 'bad continue' } as never)],
    ['terminate', ['fail'], pid => sys.terminate(pid, 'fail')],
  ];
  for (const [callback, args, act] of ways) {
    const pid = await begin(module, 'kept');
    await call(pid, { kind: 'before' } as never);
    await act(pid);
    await settle();
    const before = callback === 'handleContinue' ? ['before', 'bad continue'] : ['before'];
    const [crash] = kept;
    t.same(crash?.state, { list: before });
    t.same(crash?.args.length, args.length);
    t.match(kept.splice(0), [
      {
        pid,
        name: 'kept',
        label: 'mutating',
        ancestors: [],
        module,
        callback,
        args,
        isSnapshot: true,
        reason: { reason: { message: `in ${callback}` } },
        at: Number,
      },
    ]);
  }
  const pid = await begin(module);
  t.equal(await call(pid, { kind: 'stop' } as never), 'reply');
  t.match(kept, [{ callback: 'handleCall', args: [{ kind: 'stop' }], reason: 'why' }]);
});

void t.test('a module without snapshot: a reference, and it is said', async t => {
  captureLog(t);
  const kept = keeping(t);
  const pid = await begin(mutating());
  await exitOf(call(pid, { kind: 'crash' } as never));
  t.match(kept, [{ isSnapshot: false, state: { list: ['handleCall'] } }]);
});

void t.test('kept is only what a step of its own ended', async t => {
  const events = captureLog(t);
  const kept = keeping(t);
  const killed = await begin(mutating(copy));
  exit(killed, 'kill');
  const ended = await begin(mutating(copy));
  await sys.terminate(ended, 'shutdown');
  const told = await begin(mutating(copy));
  await call(told, { kind: 'fine' } as never);
  await sys.terminate(told, 'an odd reason');
  const orderly = await begin(mutating(copy));
  t.equal(await call(orderly, { kind: 'bye' } as never), 'bye');
  await settle();
  t.same(kept, [], 'not the step before, which went well, nor an orderly end');
  events.length = 0;
  const broken = await begin(
    mutating(() => {
      throw new Error('cannot be copied');
    }),
  );
  t.equal(await call(broken, { kind: 'fine' } as never), 'ok', 'looking at it does not end it');
  t.ok(wasTold(events, /snapshot\(\) of a state failed/));
});

void t.test('a start that fails: its argument, as it was before', async t => {
  captureLog(t);
  const kept: KeptCrash[] = [];
  const copy = (_module: object, state: unknown): unknown => structuredClone(state);
  const old = setCrashKeeper(crash => void kept.push(crash), copy);
  t.teardown(() => setCrashKeeper(old));
  const failing = (way: (argument: { tries: number }) => unknown): GenServer =>
    ({
      name: 'failing',
      init(argument: { tries: number }) {
        argument.tries += 1;
        return way(argument);
      },
    }) as unknown as GenServer;
  const thrown = new Error('no');
  const ways: [GenServer, unknown][] = [
    [
      failing(() => {
        throw thrown;
      }),
      { reason: thrown },
    ],
    [failing(() => Promise.reject(thrown)), { reason: thrown }],
    [failing(() => ['stop', 'not today']), 'not today'],
    [failing(() => 'nonsense'), ['bad_return_value', 'nonsense']],
  ];
  for (const [module, reason] of ways) {
    t.equal((await start(module, { tries: 0 }))[0], 'error');
    t.match(kept.splice(0), [{ module, callback: 'init', args: [], state: { tries: 0 }, reason }]);
  }
  for (const answer of ['ignore', ['error', 'no'], ['stop', 'normal'], ['ok', 1]])
    await start(
      failing(() => answer),
      { tries: 0 },
    );
  const good = await start(
    failing(() => ['ok', 1]),
    { tries: 0 },
  );
  await sys.terminate(good[1] as Pid, 'an odd reason');
  t.same(kept, [], 'neither what is no crash, nor a start that went well');
});

void t.test('a start of a state machine that fails, the same', async t => {
  captureLog(t);
  const kept: KeptCrash[] = [];
  const copy = (_module: object, state: unknown): unknown => structuredClone(state);
  const old = setCrashKeeper(crash => void kept.push(crash), copy);
  t.teardown(() => setCrashKeeper(old));
  const machine = (way: () => unknown) =>
    ({
      name: 'failing',
      callbackMode: () => 'handle_event_function',
      init(argument: { tries: number }) {
        argument.tries += 1;
        return way();
      },
      handleEvent: () => 'keep_state_and_data',
    }) as unknown as genStatem.StatemModule<{ tries: number }, never, never>;
  const thrown = new Error('no');
  const ways: [way: () => unknown, reason: unknown][] = [
    [
      () => {
        throw thrown;
      },
      { reason: thrown },
    ],
    [() => Promise.reject(thrown), { reason: thrown }],
    [() => ['stop', 'not today'], 'not today'],
    [() => 'nonsense', ['bad_return_from_init', 'nonsense']],
  ];
  for (const [way, reason] of ways) {
    const module = machine(way);
    t.equal((await genStatem.start(module, { tries: 0 }))[0], 'error');
    t.match(kept.splice(0), [{ module, callback: 'init', args: [], state: { tries: 0 }, reason }]);
  }
  const badActions = machine(() => ['ok', 'open', 1, ['no action']]);
  t.equal((await genStatem.start(badActions, { tries: 0 }))[0], 'ok');
  await settle();
  t.match(kept.splice(0), [{ module: badActions, callback: 'init', state: { tries: 0 } }]);
  for (const answer of ['ignore', ['error', 'no'], ['stop', 'normal']])
    await genStatem.start(
      machine(() => answer),
      { tries: 0 },
    );
  const good = await genStatem.start(
    machine(() => ['ok', 'open', 1]),
    { tries: 0 },
  );
  await settle();
  await sys.terminate(good[1] as Pid, 'an odd reason');
  t.same(kept, [], 'neither what is no crash, nor a start that went well');
});

void t.test('what a step began and nobody waits for: with that step, if it says so', async t => {
  captureLog(t);
  const kept = keeping(t);
  const module = {
    name: 'letting_go',
    init: () => ['ok', 'the state'],
    handleInfo(message: string, state: unknown) {
      const step = message === 'known' ? stepUnderWay() : undefined;
      if (message !== 'other')
        void Promise.resolve().then(async () => {
          await settle();
          const thrown = new Error(message);
          failedIn(step, thrown);
          throw thrown;
        });
      return ['noreply', `${String(state)}, later`];
    },
  } as unknown as GenServer;
  for (const [message, callback, args, state] of [
    ['known', 'handleInfo', ['known'], 'the state'],
    ['unknown', 'detached', [], 'the state, later, later'],
  ] as const) {
    const pid = await begin(module);
    send(pid, message);
    send(pid, 'other');
    await until(() => kept.length > 0);
    t.match(kept.splice(0), [
      { pid, module, callback, args, state, reason: { reason: { message } } },
    ]);
  }
});

void t.test('nobody keeps: no snapshot is taken; a keeper that fails is told of', async t => {
  const events = captureLog(t);
  let taken = 0;
  const module = mutating(state => ((taken += 1), state));
  const pid = await begin(module);
  await call(pid, { kind: 'fine' } as never);
  t.equal(taken, 0);
  const old = setCrashKeeper(() => {
    throw new Error('disk full');
  });
  t.teardown(() => {
    setCrashKeeper(old);
  });
  t.match(await exitOf(call(pid, { kind: 'crash' } as never)), [{ reason: Error }]);
  t.equal(taken, 2, 'before handleCall and before terminate');
  t.ok(wasTold(events, /the crash keeper failed: Error: disk full/));
});

void t.test('an async keeper that rejects is told of as well', async t => {
  const events = captureLog(t);
  const keeper: () => unknown = async () => {
    await Promise.resolve();
    throw new Error('disk full');
  };
  const old = setCrashKeeper(keeper);
  t.teardown(() => {
    setCrashKeeper(old);
  });
  const [, pid] = (await start(mutating(), undefined)) as [string, Pid];
  await exitOf(call(pid, { kind: 'crash' } as never));
  await settle();
  t.ok(wasTold(events, /the crash keeper failed: Error: disk full/));
});
