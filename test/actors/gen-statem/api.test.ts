import t from 'tap';
import {
  call as callServer,
  exit,
  genStatem,
  isAlive,
  send,
  spawn,
  sys,
  whereis,
} from '../../../actors/index.ts';
import type { From, Pid, Request, ServerPid } from '../../../actors/index.ts';
import { knownStart } from '../../../actors/start-result.ts';
import { settle } from '../../../actors/testing.ts';
import { captureLog } from '../capture-log.ts';
import { exitOf } from '../exit-of.ts';
import { fromOf, machine, moduleOf, plain, startOf } from './machine.ts';

const { call, cast } = genStatem;
const keep = 'keep_state_and_data';

/** Answers a call with its request, and lets those of the kind `wait` wait. */
function echo(waiting: From[] = []): Promise<Pid> {
  return machine((type, content) => {
    if (plain(type) !== 'call') return keep;
    if ((content as { kind: string }).kind !== 'wait')
      return [keep, ['reply', fromOf(type), content]];
    waiting.push(fromOf(type));
    return keep;
  });
}

void t.test('start: what init may return', async t => {
  const events = captureLog(t);
  const begin = (init: (arg: unknown) => unknown, options = {}) =>
    genStatem.start(
      moduleOf(() => keep, { init }),
      'arg',
      options,
    );
  let given: unknown;
  const ok = await begin(arg => {
    given = arg;
    return ['ok', 'a', 0];
  });
  t.equal(given, 'arg');
  t.equal(ok[0], 'ok');
  t.same(await begin(() => 'ignore'), ['ignore']);
  t.same(await begin(() => ['ignore']), ['ignore']);
  t.same(await begin(() => ['stop', 'stopped']), ['error', 'stopped']);
  t.match(events.splice(0), [{ report: { kind: 'crash', error: 'stopped' } }]);
  t.same(await begin(() => ['error', 'quiet']), ['error', 'quiet']);
  t.same(events, [], 'an error is no crash');
  for (const bad of ['rubbish', ['ok', 'a'], ['ok', 'a', 0, [], 1], ['stop'], undefined]) {
    t.same(await begin(() => bad), ['error', ['bad_return_from_init', bad]]);
  }
  const thrower = (): never => {
    // eslint-disable-next-line @typescript-eslint/only-throw-error -- Erlang's throw
    throw ['ok', 'a', 0];
  };
  t.equal((await begin(thrower))[0], 'ok', 'a throw counts as a return');
  t.equal((await begin(async () => thrower()))[0], 'ok');
  t.same(await begin(async () => 'ignore'), ['ignore']);
  t.same(await begin(() => new Promise(() => undefined), { name: 'slow', timeoutMs: 1 }), [
    'error',
    'timeout',
  ]);
  t.equal(whereis('slow'), undefined);
  t.throws(() => genStatem.start({} as never, undefined), /callbackMode, init/);
});

void t.test('start: what came while init was awaited waits for the first step', async t => {
  const order: unknown[] = [];
  let ready: (result: unknown) => void = () => undefined;
  const module = moduleOf(
    (type, content) => {
      order.push([type, content]);
      return keep;
    },
    {
      callbackMode: () => ['handle_event_function', 'state_enter'],
      init: () => new Promise(resolve => (ready = resolve)),
    },
  );
  const started = genStatem.start(module, undefined, { name: 'slowly' });
  const asked = sys.replaceState('slowly', state => {
    order.push('sys');
    return state;
  });
  cast('slowly', 'message');
  ready(['ok', 'a', 0]);
  await started;
  await asked;
  await settle();
  t.same(order, [['enter', 'a'], 'sys', ['cast', 'message']]);
});

void t.test('start: an error in init is told bare, as in OTP', async t => {
  const events = captureLog(t);
  const boom = new Error('boom');
  for (const late of [false, true]) {
    const module = moduleOf(() => keep, {
      init() {
        if (late) return Promise.reject(boom);
        throw boom;
      },
    });
    t.same(await genStatem.start(module, undefined), ['error', boom]);
    t.match(events.splice(0), [
      { report: { kind: 'crash', error: { reason: boom, stack: /boom/ } } },
    ]);
  }
});

void t.test('start: a name, twice; startLink links; known at once', async t => {
  const module = moduleOf(() => keep);
  const pid = await startOf(module, { name: 'a machine' });
  t.equal(whereis('a machine'), pid);
  t.same(await genStatem.start(module, undefined, { name: 'a machine' }), [
    'error',
    ['already_started', pid],
  ]);
  t.same(await genStatem.startLink(module, undefined, { name: 'a machine' }), [
    'error',
    ['already_started', pid],
  ]);
  await genStatem.stop('a machine');
  t.equal(whereis('a machine'), undefined);
  let child: Pid | undefined;
  const parent = spawn(() => {
    const started = knownStart(genStatem.startLink(module, undefined));
    child = started?.[1] as Pid;
  });
  send(parent, 'start');
  await settle();
  t.ok(isAlive(child as Pid), 'the outcome is known within the turn');
  exit(parent, 'kill');
  t.notOk(isAlive(child as Pid));
});

void t.test('call: without end by default; timeouts; who is not there', async t => {
  captureLog(t);
  const pid = await echo();
  t.same(await call(pid, { kind: 'ask' }), { kind: 'ask' });
  t.same(await call(pid, { kind: 'ask' }, ['clean_timeout', 1_000]), { kind: 'ask' });
  t.same(await call(pid, { kind: 'ask' }, ['dirty_timeout', 'infinity']), { kind: 'ask' });
  for (const timeout of [1, ['clean_timeout', 1], ['dirty_timeout', 1]] as const) {
    t.same(await exitOf(call(pid, { kind: 'wait' }, timeout)), [
      'timeout',
      ['call', pid, 'wait', 1],
    ]);
  }
  for (const bad of [-1, NaN, 'soon', ['clen_timeout', 1], ['clean_timeout', -1], []]) {
    t.throws(() => void call(pid, { kind: 'ask' }, bad as never), TypeError);
  }
  t.match(await exitOf(call('nobody', { kind: 'ask' })), [
    'noproc',
    ['call', 'nobody', 'ask', Infinity],
  ]);
  const waiting = exitOf(call(pid, { kind: 'wait' }));
  await settle();
  cast(pid, 'unknown to it');
  await genStatem.stop(pid, 'other_reason');
  t.match(await waiting, ['other_reason', ['call', pid, 'wait', Infinity]]);
  t.equal(await exitOf(genStatem.stop(pid)), 'noproc');
});

void t.test('a caller does not see which behaviour it asks', async t => {
  const pid = await echo();
  t.same(await callServer(pid, { kind: 'ask' }), { kind: 'ask' });
  const id = genStatem.sendRequest(pid, { kind: 'later' });
  t.same(await genStatem.receiveResponse(id), ['reply', { kind: 'later' }]);
});

void t.test('reply: one, an action, a list of them; once', async t => {
  const waiting: From[] = [];
  const pid = await echo(waiting);
  const ask = (): Promise<unknown> => call(pid, { kind: 'wait' });
  const replies = [ask(), ask(), ask(), ask()];
  await settle();
  const [one, two, three, four] = waiting as [From, From, From, From];
  genStatem.reply(one, 1);
  genStatem.reply(['reply', two, 2]);
  genStatem.reply([
    ['reply', three, 3],
    ['reply', four, undefined],
  ]);
  genStatem.reply([]);
  genStatem.reply(one, 'too late');
  t.same(await Promise.all(replies), [1, 2, 3, undefined]);
  t.throws(() => genStatem.reply({} as never, 1), /reply\(\)/);
  t.throws(() => genStatem.reply(['rubbish', one, 1] as never), /reply\(\)/);
  t.throws(() => genStatem.reply('rubbish' as never), /reply\(\)/);
});

void t.test('a call may be postponed, inserted, and answered by another state', async t => {
  const pid = await machine((type, content, state) => {
    if (type === 'cast') return ['next_state', 'b', 0];
    if (state === 'a') return [keep, 'postpone'];
    if (content !== 'again') return [keep, ['next_event', type, 'again']];
    return [keep, ['reply', fromOf(type), [content, state]]];
  });
  const asked = call(pid, { kind: 'ask' });
  await settle();
  cast(pid, 'go');
  t.same(await asked, ['again', 'b']);
});

void t.test('startMonitor: the monitor is there before the first step', async t => {
  captureLog(t);
  const got: unknown[] = [];
  const starter = spawn(async message => {
    if (message !== 'start') {
      got.push(message);
      return;
    }
    const bad = { callbackMode: () => 'rubbish' };
    got.push(
      await genStatem.startMonitor(
        moduleOf(() => keep, bad),
        undefined,
      ),
    );
    got.push(
      await genStatem.startMonitor(
        moduleOf(() => keep, { init: () => 'ignore' }),
        undefined,
      ),
    );
    got.push(
      await genStatem.startMonitor(
        moduleOf(() => keep, { init: () => ['stop', 'why'] }),
        undefined,
      ),
    );
  });
  send(starter, 'start');
  await settle();
  const [, [pid, ref]] = got[0] as readonly ['ok', readonly [Pid, unknown]];
  t.match(got, [
    ['ok', [pid, ref]],
    ['ignore'],
    ['error', 'why'],
    { kind: 'DOWN', pid, ref, reason: { reason: ['bad_return_from_callback_mode', 'rubbish'] } },
  ]);
  t.equal(got.length, 4, 'a failed start leaves none');
});

void t.test('enterLoop: a bare process becomes a machine', async t => {
  captureLog(t);
  const seen: unknown[] = [];
  const module = moduleOf(
    (type, content, state, data) => {
      if (plain(type) === 'call') return [keep, ['reply', fromOf(type), [state, data]]];
      seen.push([type, content, state]);
      return keep;
    },
    { callbackMode: () => ['handle_event_function', 'state_enter'] },
  ) as genStatem.StatemModule<never, unknown, unknown>;
  const becoming = (name?: string, ...more: never[]): Pid =>
    spawn(() => genStatem.enterLoop(module, {}, 'entered', 5, ...more), name ? { name } : {});
  const pid = becoming();
  send(pid, 'enter');
  send(pid, 'after');
  t.same(await call(pid, { kind: 'ask' }), ['entered', 5]);
  t.same(seen.splice(0), [
    ['enter', 'entered', 'entered'],
    ['info', 'after', 'entered'],
  ]);
  const acting = becoming('acting', 'acting' as never, ['next_event', 'internal', 1] as never);
  send(acting, 'enter');
  await settle();
  t.same(seen.splice(0), [
    ['enter', 'entered', 'entered'],
    ['internal', 1, 'entered'],
  ]);
  const listed = becoming(undefined, [['next_event', 'internal', 2]] as never);
  send(listed, 'enter');
  await settle();
  t.same(seen.splice(0)[1], ['internal', 2, 'entered']);
  const late = spawn(() => {
    void Promise.resolve()
      .then(() => settle())
      .then(() => genStatem.enterLoop(module, {}, 'late', 0));
  });
  send(late, 'enter');
  await settle();
  await settle();
  t.same(seen.splice(0), [['enter', 'late', 'late']], 'also when it was at rest');
  const stranger = becoming(undefined, 'acting' as never);
  const end = exitOf(call(stranger, { kind: 'ask' }));
  t.match(await end, ['process_not_registered']);
  t.throws(() => genStatem.enterLoop(module, {}, 'a', 0), /calling process/);
});

// --- types

type Call = Request<'open', { code: string }, boolean> | Request<'tries', object, number>;
type Cast = { kind: 'lock' } | { kind: 'jam'; why: string };

const door: genStatem.StateFunctions<
  string,
  'locked' | 'open',
  { code: string; tries: number },
  Call,
  Cast,
  'knock',
  'creak',
  'too long'
> = {
  callbackMode: () => ['state_functions', 'state_enter'],
  init: code => ['ok', 'locked', { code, tries: 0 }],
  locked(type, content, data) {
    if (type === 'enter') return ['keep_state', { ...data, tries: 0 }];
    if (type === 'cast') return content.kind === 'jam' ? ['stop', content.why] : keep;
    if (type === 'info' || type === 'internal' || typeof type === 'string') return keep;
    if (type[0] === 'timeout') return keep;
    const [, from] = type;
    const request = content as Call;
    if (request.kind === 'tries') return [keep, ['reply', from, data.tries]];
    if (request.code === data.code) {
      return ['next_state', 'open', data, [['reply', from, true]]];
    }
    return ['keep_state', { ...data, tries: data.tries + 1 }, ['reply', from, false]];
  },
  open(type, _content, data) {
    if (type === 'enter') return [keep, ['state_timeout', 1e9, 'too long']];
    return type === 'cast' ? ['next_state', 'locked', data] : keep;
  },
};

void t.test('types: the reply of a call is that of its request', async t => {
  const started = await genStatem.startLink(door, '1234');
  const pid: ServerPid<Call, Cast> = started[1] as ServerPid<Call, Cast>;
  const opened: boolean = await call(pid, { kind: 'open', code: '0000' });
  t.equal(opened, false);
  const tries: number = await call(pid, { kind: 'tries' });
  t.equal(tries, 1);
  t.equal(await call(pid, { kind: 'open', code: '1234' }), true);
  cast(pid, { kind: 'lock' });
  t.equal(await call(pid, { kind: 'tries' }), 0);
  // @ts-expect-error -- a request that the machine does not know
  t.equal(await call(pid, { kind: 'shut' }), false);
  // @ts-expect-error -- a message that the machine does not know
  cast(pid, { kind: 'paint' });
  await genStatem.stop(pid);
  // @ts-expect-error -- not the argument of init
  const bad = genStatem.start(door, 7);
  t.equal((await bad)[0], 'ok');
});

void t.test('what is no callback module, and no options', async t => {
  const { start, startLink, startMonitor, enterLoop } = genStatem;
  for (const none of [undefined, null, 5, 'name', {}, { init: () => 1 }, { callbackMode: 1 }]) {
    for (const begin of [start, startLink, startMonitor]) {
      t.throws(() => void begin(none as never, 0 as never), /functions callbackMode, init/);
    }
  }
  const module = moduleOf(() => 'keep_state_and_data');
  t.throws(() => void start(module as never, 0 as never, null as never), /its options/);
  t.throws(() => void start(module as never, 0 as never, 5 as never), /its options/);
  t.throws(() => enterLoop(undefined as never, {}, 'a', 0), /function/);
  t.throws(() => enterLoop(module, null as never, 'a', 0), /its options/);
});
