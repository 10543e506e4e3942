/** proc_lib: start, start_link, start_monitor with init_ack and init_fail; enter_loop; start_monitor. */
import t from 'tap';
import {
  call,
  enterLoop,
  exit,
  Exit,
  isAlive,
  procLib,
  processInfo,
  register,
  self,
  send,
  setClock,
  spawn,
  startMonitor,
  sys,
  whereis,
} from '../../actors/index.ts';
import type {
  DownMessage,
  GenServer,
  LogEvent,
  MonitorRef,
  Pid,
  Request,
} from '../../actors/index.ts';
import { createVirtualClock, settle } from '../../actors/testing.ts';
import { captureLog } from './capture-log.ts';
import { exitOf } from './exit-of.ts';

/** How many crashes were reported; a busy machine may be told of, too. */
const crashes = (events: readonly LogEvent[]): number =>
  events.filter(({ report }) => report.kind === 'crash').length;

/** Runs a function as a trapping process; what else comes to it is collected. */
async function asProcess<T>(
  body: () => Promise<T>,
): Promise<{ value: T; got: unknown[]; pid: Pid }> {
  const got: unknown[] = [];
  let pid: Pid | undefined;
  const value = await new Promise<T>((resolve, reject) => {
    pid = spawn(
      message => {
        if (message !== 'go') return void got.push(message);
        return body().then(resolve, reject);
      },
      { trapExit: true },
    );
    send(pid, 'go');
  });
  await settle();
  return { value, got, pid: pid! };
}

void t.test('the start is answered with what initAck says, and the process goes on', async t => {
  const seen: unknown[] = [];
  const handler = (message: unknown): void => void seen.push(message);
  const { value, got, pid } = await asProcess(() =>
    procLib.startLink(() => {
      send(self(), 'early');
      procLib.initAck(['ok', self()]);
      seen.push('after the ack');
      return handler;
    }),
  );
  const child = value[1] as Pid;
  t.equal(value[0], 'ok');
  send(child, 'late');
  await settle();
  t.same(seen, ['after the ack', 'early', 'late']);
  t.same(processInfo(child)?.ancestors, [pid]);
  exit(child, 'gone');
  await settle();
  t.same(got, [{ kind: 'EXIT', pid: child, reason: 'gone' }]);
  t.equal(await procLib.start(() => procLib.initAck('any value at all')), 'any value at all');
});

void t.test('an ack may come late: from what awaits, or from the handler itself', async t => {
  const waiting = procLib.start<string>(async () => {
    await settle();
    procLib.initAck('after a while');
    await settle();
    return () => undefined;
  });
  t.equal(await waiting, 'after a while');
  let child: Pid | undefined;
  const later = procLib.start<string>(() => {
    child = self();
    return (message: unknown) => procLib.initAck(message);
  });
  await settle();
  send(child!, 'first message');
  t.equal(await later, 'first message');
  t.doesNotThrow(() => send(child!, 'a second ack says nothing'));
  await settle();
  t.ok(isAlive(child!));
});

void t.test('who returns no handler and entered no loop ends normally', async t => {
  const events = captureLog(t);
  const { value, got } = await asProcess(() => procLib.startLink(() => undefined));
  t.same(value, ['error', 'normal']);
  t.same(got, []);
  const acked = await asProcess(() => procLib.startLink<Pid>(() => procLib.initAck(self())));
  t.same(acked.got, [{ kind: 'EXIT', pid: acked.value, reason: 'normal' }]);
  t.equal(crashes(events), 0);
});

void t.test('a death before the ack is the answer, and no EXIT comes', async t => {
  captureLog(t);
  for (const [init, reason] of [
    [
      () => {
        throw new Error('x');
      },
      { reason: { message: 'x' } },
    ],
    [
      async () => {
        await settle();
        throw new Exit('bare');
      },
      'bare',
    ],
    [
      () => {
        exit(self(), 'kill');
      },
      'killed',
    ],
  ] as const) {
    const { value, got } = await asProcess(() => procLib.startLink(init));
    t.match(value, ['error', reason]);
    t.same(got, []);
  }
  let child: Pid | undefined;
  const { value, got } = await asProcess(async () => {
    const starting = procLib.startLink(() => {
      child = self();
      return () => {
        throw new Exit('in the handler');
      };
    });
    send(child!, 'never acknowledged');
    return starting;
  });
  t.same(value, ['error', 'in the handler']);
  t.same(got, [], 'not even of one that handled messages already');
});

void t.test('after the ack a death is the starter’s business by the link', async t => {
  captureLog(t);
  const { value, got } = await asProcess(() =>
    procLib.startLink<Pid>(() => {
      procLib.initAck(self());
      throw new Exit('after the ack');
    }),
  );
  t.same(got, [{ kind: 'EXIT', pid: value, reason: 'after the ack' }]);
});

void t.test('initFail: the answer that it says, the death that it says', async t => {
  const events = captureLog(t);
  const failing = (exception: procLib.InitException) =>
    asProcess(() => procLib.startMonitor(() => procLib.initFail('failed', exception)));
  for (const [exception, reason] of [
    [['exit', 'normal'], 'normal'],
    [['exit', 'why'], 'why'],
    [['error', new TypeError('x')], { reason: { message: 'x' } }],
    [['error', 'badarg'], { reason: 'badarg', stack: '' }],
    [['throw', 'ball'], { reason: ['nocatch', 'ball'] }],
  ] as const) {
    events.length = 0;
    const { value, got } = await failing(exception);
    t.match(value, ['failed', Number]);
    t.match(got, [{ kind: 'DOWN', ref: value[1], reason }], 'its DOWN comes, as proc_lib’s');
    t.equal(crashes(events), reason === 'normal' ? 0 : 1);
  }
});

void t.test('timeout, taken name, bad arguments', async t => {
  captureLog(t);
  const clock = createVirtualClock();
  const old = setClock(clock);
  t.teardown(() => {
    setClock(old);
  });
  const slow = procLib.start(() => () => undefined, { timeoutMs: 10, name: 'slow' });
  const holder = whereis('slow');
  t.same(await procLib.start(() => undefined, { name: 'slow' }), [
    'error',
    ['already_started', holder],
  ]);
  await clock.advance(10);
  t.same(await slow, ['error', 'timeout']);
  t.equal(whereis('slow'), undefined);
  const quick = procLib.start(() => procLib.initAck('quick'), { timeoutMs: 10 });
  t.equal(await quick, 'quick');
  t.equal(clock.pending, 0);
  t.throws(() => procLib.start('no function' as never), TypeError);
  t.throws(() => procLib.initAck('outside'), TypeError);
  await t.rejects(
    procLib.startMonitor(() => undefined),
    TypeError,
  );
});

type Call = Request<'get', object, unknown>;
const module: GenServer<unknown, unknown, Call, never, unknown, string> = {
  init: arg => (arg === 'stop' ? ['stop', 'no'] : arg === 'ignore' ? ['ignore'] : ['ok', arg]),
  handleCall: (_request, _from, state) => ['reply', state, state],
  handleInfo: (message, state) => ['noreply', [state, message]],
  handleContinue: (value, state) => ['noreply', [state, value]],
  terminate: () => undefined,
};

void t.test('stop: a special process, by its reason; noproc; another end; too late', async t => {
  captureLog(t);
  const begin = (systemTerminate?: () => void | Promise<void>): Promise<Pid> =>
    procLib.start<Pid>(() => {
      procLib.initAck(self());
      return { handle: () => undefined, ...(systemTerminate && { systemTerminate }) };
    });
  const ended = await begin();
  await procLib.stop(ended, 'other', 'infinity');
  t.notOk(isAlive(ended));
  t.equal(await exitOf(procLib.stop(ended)), 'noproc');
  const failing = await begin(() => {
    throw new Exit('died');
  });
  t.equal(await exitOf(procLib.stop(failing)), 'died');
  const stuck = await begin(() => new Promise(() => undefined));
  t.equal(await exitOf(procLib.stop(stuck, 'normal', 0)), 'timeout');
  exit(stuck, 'kill');
});

void t.test('enterLoop: a bare process becomes a server, with its parent', async t => {
  const events = captureLog(t);
  const { value, pid } = await asProcess(() =>
    procLib.startLink<Pid>(() => {
      register('entered', self());
      send(self(), 'waits');
      procLib.initAck(self());
      enterLoop(module, { debug: ['log'] }, 'state', 'entered', ['continue', 'first']);
    }),
  );
  t.same(await call(value, { kind: 'get' }), [['state', 'first'], 'waits']);
  t.match(await sys.getStatus('entered'), { parent: pid, name: 'entered', module });
  t.match(await sys.log(value, 'get'), ['ok', [['continue', 'first'], ['noreply']]]);
  exit(pid, 'kill');
  t.notOk(isAlive(value));
  const bare = spawn(message => {
    if (message === 'become') enterLoop(module, {}, 'become', self());
  });
  send(bare, 'become');
  send(bare, 'next');
  t.same(await call(bare, { kind: 'get' }), ['become', 'next']);
  t.equal(crashes(events), 0);
});

void t.test('enterLoop refuses what cannot be', async t => {
  captureLog(t);
  const entering = (...args: Parameters<typeof enterLoop>) =>
    procLib.start(() => {
      enterLoop(...args);
    });
  const end = async (...args: unknown[]) =>
    (await entering(...(args as Parameters<typeof enterLoop>)))[1];
  t.equal(await end(module, {}, 1, 'no.such.name'), 'process_not_registered');
  t.equal(await end(module, {}, 1, 4), 'process_not_registered');
  const nobody = {
    registerName: () => 'yes',
    unregisterName: () => undefined,
    whereisName: () => undefined,
    send: () => undefined,
  };
  t.same(await end(module, {}, 1, ['via', nobody, 'key']), ['process_not_registered_via', nobody]);
  t.same(await end(module, {}, 1, undefined, -1), ['bad_action', -1]);
  t.throws(() => enterLoop(module, {}, 1), TypeError);
  const again: GenServer<null, null, Request<'again'>> = {
    init: () => ['ok', null],
    handleCall() {
      enterLoop(module, {}, 1);
      return ['reply', undefined, null];
    },
  };
  const { value } = await asProcess(() => startMonitor(again, null));
  const [server] = value[1] as readonly [Pid, MonitorRef];
  t.match(await exitOf(call(server, { kind: 'again' })), [{ reason: TypeError }]);
});

void t.test('startMonitor of a server: a monitor from the first moment on', async t => {
  captureLog(t);
  const dying: GenServer<null, null> = {
    init: async () => {
      await settle();
      return ['ok', null, 0];
    },
    handleInfo: () => ['stop', 'at once', null],
  };
  const { value, got } = await asProcess(() => startMonitor(dying, null));
  const [pid, ref] = value[1] as readonly [Pid, MonitorRef];
  t.same(got, [{ kind: 'DOWN', ref, pid, reason: 'at once' } satisfies DownMessage]);
  for (const [arg, answer] of [
    ['stop', ['error', 'no']],
    ['ignore', ['ignore']],
  ]) {
    const failed = await asProcess(() => startMonitor(module, arg));
    t.same(failed.value, answer);
    t.same(failed.got, []);
  }
  await t.rejects(startMonitor(module, 1), TypeError);
});
