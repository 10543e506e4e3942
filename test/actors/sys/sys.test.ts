/** sys of a gen_server: what it answers, and what a suspended server does. */
import t from 'tap';
import {
  call,
  cast,
  Exit,
  isAlive,
  monitor,
  send,
  spawn,
  start,
  startLink,
  sys,
} from '../../../actors/index.ts';
import type { GenServer, Pid, Request } from '../../../actors/index.ts';
import { settle } from '../../../actors/testing.ts';
import { captureLog } from '../capture-log.ts';
import { exitOf } from '../exit-of.ts';

type Call = Request<'get', object, unknown> | Request<'crash'>;

const module: GenServer<unknown, unknown, Call, unknown> = {
  init: state => ['ok', state],
  handleCall(request, _from, state) {
    if (request.kind === 'crash') throw new Error('as asked');
    return ['reply', state, state];
  },
  handleCast: (_message, state) => ['noreply', state],
};

async function begin(given: GenServer<unknown, unknown, Call, unknown>, state: unknown) {
  const result = await start(given, state);
  if (result[0] !== 'ok') throw new Error('did not start');
  return result[1];
}

void t.test('suspend and resume answer ok, also a second time', async t => {
  const pid = await begin(module, 1);
  for (const answer of [
    await sys.resume(pid),
    await sys.suspend(pid),
    await sys.suspend(pid),
    await sys.replaceState(pid, () => 'ok'),
    await sys.resume(pid),
    await sys.resume(pid),
  ]) {
    t.equal(answer, 'ok');
  }
});

void t.test('while suspended only system messages and the parent’s exit are handled', async t => {
  captureLog(t);
  const got: unknown[] = [];
  let server: Pid | undefined;
  const watchful: GenServer<null, null, never, unknown, unknown> = {
    init: () => ['ok', null],
    handleCast: message => (got.push(['cast', message]), ['noreply', null]),
    handleInfo: message => (got.push(message), ['noreply', null]),
    terminate: reason => void got.push(['terminate', reason]),
  };
  const parent = spawn(async message => {
    if (message !== 'go') throw new Exit('parent ends');
    server = (await startLink(watchful, null, { trapExit: true }))[1] as Pid;
  });
  send(parent, 'go');
  await settle();
  const pid = server!;
  await sys.suspend(pid);
  cast(pid, 'cast');
  send(pid, 'info');
  send(pid, { kind: 'EXIT', pid: 4 as Pid, reason: 'of another' });
  await settle();
  t.same(got, [], 'they wait');
  t.match(await sys.getStatus(pid), { status: 'suspended', pid, parent });
  send(parent, 'end');
  await settle();
  t.same(got, [['terminate', 'parent ends']]);
  t.notOk(isAlive(pid));
});

void t.test('replaceState: what fails keeps the state, and says how it failed', async t => {
  const pid = await begin(module, 1);
  t.equal(await sys.replaceState(pid, state => (state as number) + 1), 2);
  const error = new Error('no');
  const ways: [() => unknown, unknown][] = [
    [
      () => {
        // eslint-disable-next-line @typescript-eslint/only-throw-error -- Erlang's throw(fail)
        throw 'fail';
      },
      ['throw', 'fail'],
    ],
    [
      () => {
        throw error;
      },
      ['error', error],
    ],
    [
      () => {
        throw new Exit('gone');
      },
      ['exit', 'gone'],
    ],
  ];
  for (const [change, how] of ways) {
    t.match(await exitOf(sys.replaceState(pid, change)), [
      ['callback_failed', ['gen_server', 'system_replace_state'], how],
      ['system', pid, 'replaceState', 5_000],
    ]);
  }
  t.equal(await sys.getState(pid), 2);
});

void t.test('changeCode: only while suspended, only to code that knows how', async t => {
  const pid = await begin(module, 1);
  const next = { ...module, codeChange: (...args: unknown[]) => ['ok', args] as const };
  t.match(await exitOf(sys.changeCode(pid, next, 'old', 'extra')), ['not_suspended']);
  await sys.suspend(pid);
  t.match(await exitOf(sys.changeCode(pid, { ...module }, 'old', 'extra')), [
    ['callback_failed', ['undef', [String, 'codeChange', 3]]],
  ]);
  for (const [answer, why] of [
    [['error', 'why'], 'why'],
    ['nonsense', ['bad_return_value', 'nonsense']],
    [undefined, ['bad_return_value', undefined]],
    [
      ['ok', 1, 2],
      ['bad_return_value', ['ok', 1, 2]],
    ],
  ]) {
    const failing = { ...module, codeChange: () => answer };
    t.match(await exitOf(sys.changeCode(pid, failing, 1, 2)), [['callback_failed', why]]);
  }
  t.equal(await sys.getState(pid), 1);
  t.equal(await sys.changeCode(pid, next, 'old', 'extra'), 'ok');
  t.same(await sys.getState(pid), ['old', 1, 'extra']);
  t.match(await sys.getStatus(pid), { module: next, status: 'suspended' });
  const throwing = (what: unknown) => ({
    ...module,
    codeChange: () => {
      throw what;
    },
  });
  t.match(await exitOf(sys.changeCode(pid, throwing('no'), 1, 2)), [
    ['callback_failed', ['bad_return_value', 'no']],
  ]);
  t.same(await sys.getState(pid), ['old', 1, 'extra']);
  // Erlang's `throw({ok, State})`.
  t.equal(await sys.changeCode(pid, throwing(['ok', 'thrown']), 1, 2), 'ok');
  t.equal(await sys.getState(pid), 'thrown');
});

void t.test('terminate answers at once; the end comes by itself', async t => {
  captureLog(t);
  let go: () => void = () => undefined;
  const ended: unknown[] = [];
  const pid = await begin(
    {
      ...module,
      async terminate(reason) {
        await new Promise<void>(resolve => (go = resolve));
        ended.push(reason);
      },
    },
    1,
  );
  const seen: unknown[] = [];
  const watcher = spawn(message => {
    if (message === 'watch') monitor(pid);
    else seen.push(message);
  });
  send(watcher, 'watch');
  await settle();
  t.equal(await sys.terminate(pid, 'why'), 'ok');
  t.ok(isAlive(pid));
  go();
  await settle();
  t.same(ended, ['why']);
  t.match(seen, [{ kind: 'DOWN', pid, reason: 'why' }]);
  t.match(await exitOf(sys.terminate(pid, 'why')), ['noproc', ['system', pid, 'terminate']]);
});

void t.test('getStatus: all that is known, and what formatStatus makes of it', async t => {
  const pid = await begin(module, { secret: 1 });
  await sys.log(pid, true);
  await call(pid, { kind: 'get' });
  const from = { pid: undefined };
  t.match(await sys.getStatus(pid), {
    status: 'running',
    pid,
    parent: pid,
    name: undefined,
    module,
    debug: [['log', [10, Array]]],
    log: [
      ['in', ['$gen_call', from, { kind: 'get' }]],
      ['out', { secret: 1 }, from, { secret: 1 }],
    ],
    state: { secret: 1 },
  });
  const shown = async (formatStatus: unknown) => {
    const server = await begin({ ...module, name: 'shy', formatStatus } as never, 'secret');
    return sys.getStatus(server);
  };
  t.match(await shown(() => ({ state: 'hidden' })), { state: 'hidden', log: [] });
  t.match(await shown((status: object) => ({ ...status, state: 'hidden' })), { state: 'hidden' });
  const asked: unknown[] = [];
  await shown((status: object) => (asked.push(status), status));
  t.same(asked, [{ state: 'secret', log: [] }]);
  for (const [formatStatus, state] of [
    [
      () => {
        throw new Error('x');
      },
      'shy:formatStatus/1 crashed',
    ],
    [() => 'text', 'shy:formatStatus/1 did not return a map'],
    [() => ({ other: 1 }), 'shy:formatStatus/1 returned a map with unknown keys'],
  ] as const) {
    t.match(await shown(formatStatus), { status: 'running', state });
  }
});

void t.test(
  'a stop is reported before its reply goes out: the log ends with the request',
  async t => {
    const events = captureLog(t);
    const stopping = {
      ...module,
      handleCall: (request: Call, _from: unknown, state: unknown) =>
        request.kind === 'get' ? ['reply', 1, state] : ['stop', 'stopped', 'bye', state],
      formatStatus: (status: object) => status,
    };
    const pid = await begin(stopping as never, 'state');
    await sys.log(pid, true);
    await call(pid, { kind: 'get' });
    t.equal(await call(pid, { kind: 'crash' }), 'bye');
    const { report } = events.findLast(each => each.report.kind === 'crash')!;
    const { log } = (report as unknown as { behaviour: { log: [string][] } }).behaviour;
    t.same(
      log.map(([what]) => what),
      ['in', 'out', 'in'],
    );
  },
);

void t.test('a crash report shows what formatStatus shows, else only the kind', async t => {
  const events = captureLog(t);
  const told = async (formatStatus?: unknown) => {
    const given = formatStatus === undefined ? module : { ...module, formatStatus };
    const pid = await begin(given as never, 'secret');
    await sys.log(pid, true);
    await exitOf(call(pid, { kind: 'crash', content: 'private' } as never));
    const { report } = events.findLast(each => each.report.kind === 'crash')!;
    return (report as unknown as { behaviour: object }).behaviour;
  };
  const always = { behaviour: 'gen_server', lastMessage: 'call crash', client: undefined };
  t.same(await told(), always);
  t.same(await told(() => ({ state: 'masked' })), { ...always, state: 'masked' });
  t.match(await told((status: object) => status), {
    ...always,
    state: 'secret',
    message: { kind: 'crash', content: 'private' },
    reason: { reason: { message: 'as asked' } },
    log: [['in', ['$gen_call']]],
  });
});
