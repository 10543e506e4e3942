import t from 'tap';
import {
  call,
  cast,
  exit,
  isAlive,
  reply,
  send,
  serverName,
  spawn,
  start,
  startLink,
  stop,
  sys,
  whereis,
} from '../../../actors/index.ts';
import type {
  From,
  GenServer,
  InitResult,
  Pid,
  Request,
  ServerPid,
} from '../../../actors/index.ts';
import { knownStart } from '../../../actors/start-result.ts';
import { settle } from '../../../actors/testing.ts';
import { captureLog } from '../capture-log.ts';
import { exitOf } from '../exit-of.ts';

type Call =
  | Request<'get', object, number>
  | Request<'add', { by: number }, number>
  | Request<'later', object, string>
  | Request<'never'>
  | Request<'crash'>
  | Request<'stop', { reason: unknown }, 'stopping'>;
type Cast = { kind: 'add'; by: number } | { kind: 'bad' };

const counter: GenServer<number, number, Call, Cast, 'tick'> = {
  init: start => ['ok', start],
  handleCall(request, from, state) {
    switch (request.kind) {
      case 'get':
        return ['reply', state, state];
      case 'add':
        return ['reply', state + request.by, state + request.by];
      case 'later':
        queueMicrotask(() => reply(from as From<string>, 'it came'));
        return ['noreply', state];
      case 'never':
        return ['noreply', state];
      case 'crash':
        throw new Error('as asked');
      case 'stop':
        return ['stop', request.reason, 'stopping', state];
    }
  },
  async handleCast(message, state) {
    await Promise.resolve();
    if (message.kind === 'bad') return ['whatever'] as never;
    return ['noreply', state + message.by];
  },
  handleInfo: (message, state) => ['noreply', message === 'tick' ? state + 1 : state],
};

async function started(): Promise<ServerPid<Call, Cast>> {
  const result = await start(counter, 0);
  if (result[0] !== 'ok') throw new Error('did not start');
  return result[1];
}

void t.test('call, cast, info, later reply', async t => {
  const server = await started();
  cast(server, { kind: 'add', by: 2 });
  t.equal(await call(server, { kind: 'add', by: 3 }), 5);
  send(server, 'tick');
  const total: number = await call(server, { kind: 'get' });
  t.equal(total, 6);
  t.equal(await call(server, { kind: 'later' }), 'it came');
  await stop(server);
  t.notOk(isAlive(server));
  cast(server, { kind: 'add', by: 1 });
  cast('nobody.at.all', 'a cast to nobody is silent');
});

void t.test('the caller exits with timeout, noproc, calling_self or the exit reason', async t => {
  captureLog(t);
  const server = await started();
  t.match(await exitOf(call(server, { kind: 'never' }, 1)), ['timeout', ['call', server]]);
  t.match(await exitOf(call(server, { kind: 'crash' })), [
    { reason: { message: 'as asked' } },
    ['call', server],
  ]);
  t.match(await exitOf(call(server, { kind: 'get' })), ['noproc', ['call', server]]);
  t.match(await exitOf(call('nobody', { kind: 'get' })), ['noproc', ['call', 'nobody']]);
  const alive = await started();
  for (const bad of [-1, Number.NaN]) {
    await t.rejects(call(alive, { kind: 'get' }, bad), RangeError);
    await t.rejects(stop(alive, 'normal', bad), RangeError);
  }
  t.equal(await call(alive, { kind: 'get' }), 0, 'nobody was asked anything');
  const selfish: GenServer<null, null, Request<'self', object, unknown>> = {
    init: () => ['ok', null],
    async handleCall(_request, _from, state) {
      try {
        await call('selfish', { kind: 'self' });
      } catch (error) {
        return ['reply', (error as { reason: unknown[] }).reason[0], state];
      }
      return ['reply', 'no exit', state];
    },
  };
  await start(selfish, null, { name: 'selfish' });
  t.equal(await call('selfish', { kind: 'self' }), 'calling_self');
});

void t.test('start: ignore, stop, raise, bad return, taken name, timeout', async t => {
  captureLog(t);
  const begin = (init: () => unknown, options = {}) =>
    start({ init } as GenServer, undefined, options);
  t.same(await begin(() => ['ignore']), ['ignore']);
  t.same(await begin(() => 'ignore'), ['ignore'], 'the atom by itself');
  t.throws(() => void begin(() => ['ok', 0], { name: ['local', 'x'] }), { name: 'TypeError' });
  t.same(await begin(() => ['stop', 'why']), ['error', 'why']);
  t.match(
    await begin(() => {
      throw new Error('x');
    }),
    ['error', { reason: { message: 'x' }, stack: /x/ }],
  );
  t.match(await begin(() => 'what'), ['error', ['bad_return_value', 'what']]);
  const [, pid] = (await begin(() => ['ok', 1], { name: 'taken' })) as readonly ['ok', Pid];
  t.same(await begin(() => ['ok', 1], { name: 'taken' }), ['error', ['already_started', pid]]);
  t.same(await begin(() => new Promise(() => undefined), { name: 'slow', timeoutMs: 1 }), [
    'error',
    'timeout',
  ]);
  t.equal(whereis('slow'), undefined);
  t.match(await begin(async () => ['ok', 1]), ['ok', Number]);
  t.ok(knownStart(begin(() => ['ok', 1])), 'a synchronous init is known to be over at once');
  t.equal(knownStart(begin(async () => ['ok', 1])), undefined);
});

void t.test('a failed startLink sends no stray EXIT to the starter', async t => {
  captureLog(t);
  const got: unknown[] = [];
  const pid = spawn(
    async message => {
      got.push(message);
      if (message !== 'go') return;
      got.push(await startLink({ init: () => ['stop', 'no'] }, undefined));
      got.push(await startLink({ init: async () => ['ignore'] }, undefined));
    },
    { trapExit: true },
  );
  send(pid, 'go');
  await settle();
  t.same(got, ['go', ['error', 'no'], ['ignore']]);
});

void t.test(
  'stop with a reply: terminate runs before the reply, which goes out anyhow',
  async t => {
    captureLog(t);
    const order: string[] = [];
    const module: GenServer<null, null, Request<'stop', object, string>> = {
      init: () => ['ok', null],
      handleCall: () => ['stop', 'normal', 'replied', null],
      async terminate() {
        await settle();
        order.push('terminate');
        throw new Error('in terminate');
      },
    };
    const result = await start(module, null);
    if (result[0] !== 'ok') throw new Error('did not start');
    order.push(await call(result[1], { kind: 'stop' }));
    t.same(order, ['terminate', 'replied']);
  },
);

void t.test('terminate runs on crash, bad return and the trapped exit of the parent', async t => {
  captureLog(t);
  const reasons: unknown[] = [];
  const module: GenServer<null, null, never, 'crash' | 'bad'> = {
    init: () => ['ok', null],
    handleCast(message) {
      if (message === 'crash') throw new Error('crash');
      return 'bad' as never;
    },
    terminate(reason) {
      reasons.push(reason);
    },
  };
  const go = async (action: (pid: Pid) => void, trapExit = true) => {
    let child: Pid | undefined;
    const parent = spawn(async () => {
      child = (await startLink(module, null, { trapExit }))[1] as Pid;
    });
    send(parent, 1);
    await settle();
    action(child!);
    exit(parent, 'parent gone');
    await settle();
    t.notOk(isAlive(child!));
  };
  await go(pid => cast(pid, 'crash'));
  await go(pid => cast(pid, 'bad'));
  await go(() => undefined);
  await go(() => undefined, false);
  await go(pid => exit(pid, 'kill'));
  t.match(reasons, [{ reason: { message: 'crash' } }, ['bad_return_value', 'bad'], 'parent gone']);
  t.equal(reasons.length, 3, 'not without trapping, not on kill');
});

void t.test('continue comes before every message, and a missing callback is undef', async t => {
  captureLog(t);
  const order: unknown[] = [];
  const module: GenServer<null, null, never, never, string, string> = {
    init: () => ['ok', null, { continue: 'first' }],
    handleContinue(value) {
      order.push(value);
      return ['noreply', null];
    },
    handleInfo(message) {
      order.push(message);
      return message === 'a' ? ['noreply', null, { continue: 'second' }] : ['noreply', null];
    },
  };
  const pid = (await start(module, null))[1] as Pid;
  send(pid, 'a');
  send(pid, 'b');
  await settle();
  t.same(order, ['first', 'a', 'second', 'b']);
  t.match(await exitOf(call(pid, { kind: 'x' })), [['undef', [String, 'handleCall', 3]]]);
});

void t.test('sys: state, suspend, replace, code change', async t => {
  const server = await started();
  t.equal(await sys.getState(server), 0);
  await sys.suspend(server);
  await sys.suspend(server);
  cast(server, { kind: 'add', by: 1 });
  t.equal(await sys.getState(server), 0, 'ordinary messages wait');
  await sys.changeCode(
    server,
    { ...counter, codeChange: (old: unknown, state: number) => ['ok', state + Number(old)] },
    40,
    null,
  );
  const refused = sys.replaceState(server, () => {
    throw new Error('no');
  });
  t.match(await exitOf(refused), [
    ['callback_failed', ['gen_server', 'system_replace_state'], ['error', { message: 'no' }]],
  ]);
  t.equal(await sys.getState(server), 40);
  await sys.resume(server);
  t.equal(await call(server, { kind: 'get' }), 41);
  t.match(await exitOf(sys.changeCode(server, counter, 1, null)), ['not_suspended']);
});

void t.test('types: only what the server understands can be asked', async t => {
  const server = await started();
  // @ts-expect-error -- there is no such call
  const unknownKind = () => call(server, { kind: 'subtract' });
  // @ts-expect-error -- the field is missing
  const missingField = () => call(server, { kind: 'add' });
  // @ts-expect-error -- the reply is a number
  const wrongReply = async (): Promise<string> => call(server, { kind: 'get' });
  // @ts-expect-error -- there is no such cast
  const unknownCast = () => cast(server, { kind: 'subtract' });
  t.equal([unknownKind, missingField, wrongReply, unknownCast].length, 4);
  const named = serverName<Call, Cast>('a.typed.name');
  t.match(await exitOf(call(named, { kind: 'get' })), ['noproc']);
});

void t.test('a suspended server obeys its parent, also when its exit came before', async t => {
  captureLog(t);
  for (const early of [true, false]) {
    const reasons: unknown[] = [];
    const module: GenServer<null, null, never, Promise<void>> = {
      init: () => ['ok', null],
      async handleCast(wait) {
        await wait;
        return ['noreply', null];
      },
      terminate(reason) {
        reasons.push(reason);
      },
    };
    let child: ServerPid<never, Promise<void>> | undefined;
    const parent = spawn(async () => {
      const result = await startLink(module, null, { trapExit: true });
      if (result[0] === 'ok') child = result[1];
    });
    send(parent, 1);
    await settle();
    let go: () => void = () => undefined;
    cast(child!, new Promise<void>(resolve => (go = resolve)));
    await settle();
    // The server is busy: what comes now waits, the suspension ahead of the ordinary messages.
    const suspended = sys.suspend(child!);
    if (early) exit(parent, 'gone');
    go();
    await suspended;
    if (!early) exit(parent, 'gone');
    await settle();
    t.same(reasons, ['gone']);
    t.notOk(isAlive(child!));
  }
});

void t.test('a failed init has no state yet that formatStatus could show', async t => {
  const events = captureLog(t);
  let asked = 0;
  const formatStatus = (): object => {
    asked += 1;
    return { state: 'shown' };
  };
  const init = (): InitResult<number> => ['stop', 'why'];
  t.same(await start({ init, formatStatus }, undefined), ['error', 'why']);
  t.equal(asked, 0);
  t.match(events, [{ report: { kind: 'crash', error: 'why', behaviour: { state: undefined } } }]);
});
