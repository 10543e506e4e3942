/** A special process: no behaviour, but sys works with it. After sys_sp1 of OTP's design principles. */
import t from 'tap';
import { exit, isAlive, procLib, self, send, spawn, stop, sys } from '../../../actors/index.ts';
import type { Pid } from '../../../actors/index.ts';
import { settle } from '../../../actors/testing.ts';
import { captureLog } from '../capture-log.ts';
import { exitOf } from '../exit-of.ts';

interface Channels {
  allocated: number[];
  free: number[];
}

type Message = { kind: 'alloc'; to: (channel: number) => void } | { kind: 'free'; channel: number };

/** Hands out numbers and takes them back. */
function channels(ended: unknown[]): sys.SpecialProcess {
  let state: Channels = { allocated: [], free: [1, 2, 3] };
  return {
    name: 'channels',
    handle(given) {
      const message = given as Message;
      sys.handleDebug(['in', message]);
      if (message.kind === 'free') {
        state = {
          allocated: state.allocated.filter(each => each !== message.channel),
          free: [message.channel, ...state.free],
        };
        return;
      }
      const [channel = 0, ...free] = state.free;
      state = { allocated: [channel, ...state.allocated], free };
      message.to(channel);
      sys.handleDebug(['out', channel, 'whoever asked']);
    },
    systemGetState: () => state,
    systemReplaceState: change => (state = change(state) as Channels),
    systemCodeChange: (_module, oldVersion, extra) => {
      state = { allocated: [oldVersion as number], free: [extra as number] };
    },
    systemTerminate: reason => void ended.push(reason),
  };
}

async function begin(ended: unknown[] = []): Promise<Pid> {
  return procLib.start<Pid>(() => {
    sys.debugOptions([['log', 5]]);
    procLib.initAck(self());
    return channels(ended);
  });
}

const alloc = (pid: Pid): Promise<number> =>
  new Promise(resolve => send(pid, { kind: 'alloc', to: resolve }));

void t.test('state, statistics, log and status', async t => {
  const pid = await begin();
  t.equal(await sys.statistics(pid, true), 'ok');
  t.equal(await alloc(pid), 1);
  t.same(await sys.getState(pid), { allocated: [1], free: [2, 3] });
  const fewer = { allocated: [1], free: [2] };
  t.same(await sys.replaceState(pid, () => fewer), fewer);
  send(pid, { kind: 'free', channel: 1 });
  await settle();
  t.same(await sys.getState(pid), { allocated: [], free: [1, 2] });
  t.match(await sys.statistics(pid, 'get'), ['ok', { messagesIn: 2, messagesOut: 1 }]);
  t.match(await sys.log(pid, 'get'), [
    'ok',
    [
      ['in', { kind: 'alloc' }],
      ['out', 1],
      ['in', { kind: 'free' }],
    ],
  ]);
  t.match(await sys.getStatus(pid), {
    status: 'running',
    pid,
    state: { allocated: [], free: [1, 2] },
    log: Array,
  });
  const failing = sys.replaceState(pid, () => {
    throw new Error('no');
  });
  t.match(await exitOf(failing), [
    ['callback_failed', ['channels', 'system_replace_state'], ['error', { message: 'no' }]],
  ]);
});

void t.test('suspension, change of code, the end', async t => {
  captureLog(t);
  const ended: unknown[] = [];
  const pid = await begin(ended);
  await sys.suspend(pid);
  let got: number | undefined;
  void alloc(pid).then(channel => (got = channel));
  await settle();
  t.equal(got, undefined);
  t.equal(await sys.changeCode(pid, {}, 7, 8), 'ok');
  await sys.resume(pid);
  await settle();
  t.equal(got, 8);
  await stop(pid, 'why');
  t.same(ended, ['why']);
  let child: Pid | undefined;
  const parent = spawn(async () => {
    child = await procLib.startLink<Pid>(
      () => {
        procLib.initAck(self());
        return channels(ended);
      },
      { trapExit: true },
    );
  });
  send(parent, 'go');
  await settle();
  await sys.suspend(child!);
  exit(parent, 'parent gone');
  await settle();
  t.same(ended, ['why', 'parent gone']);
  t.notOk(isAlive(child!));
});

void t.test('what it does not know how to do is undef', async t => {
  const pid = await procLib.start<Pid>(() => {
    procLib.initAck(self());
    return { name: 'plain', handle: () => undefined };
  });
  t.equal(await sys.getState(pid), undefined);
  t.match(await exitOf(sys.replaceState(pid, () => 1)), [
    ['callback_failed', ['plain', 'system_replace_state'], ['exit', ['undef']]],
  ]);
  await sys.suspend(pid);
  t.match(await exitOf(sys.changeCode(pid, {}, 1, 2)), [['callback_failed', ['undef']]]);
  await sys.terminate(pid, 'shutdown');
  await settle();
  t.notOk(isAlive(pid));
  t.throws(() => sys.handleDebug(['in', 1]), TypeError);
  t.throws(() => sys.getLog(), TypeError);
});
