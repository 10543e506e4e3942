/**
 * A start that fails after its `init` has linked the starter: `proc_lib.erl`, `flush_EXIT/1` (OTP 26),
 * takes that link off and its EXIT out, whichever way it was started.
 */
import t from 'tap';
import {
  exit,
  isAlive,
  link,
  procLib,
  processInfo,
  self,
  send,
  setClock,
  spawn,
  start,
  startLink,
  startMonitor,
} from '../../actors/index.ts';
import type { GenServer, Pid } from '../../actors/index.ts';
import { createVirtualClock, settle } from '../../actors/testing.ts';
import { captureLog } from './capture-log.ts';

const thrown = new Error('oops');

const failures: Record<string, { readonly fail: () => unknown; readonly answer: unknown }> = {
  'an error': {
    fail: () => {
      throw thrown;
    },
    answer: ['error', { reason: thrown, stack: thrown.stack }],
  },
  'exit of a reason': { fail: () => exit('bye'), answer: ['error', 'bye'] },
  "exit 'normal'": { fail: () => exit('normal'), answer: ['error', 'normal'] },
  'too long': { fail: () => new Promise(() => undefined), answer: ['error', 'timeout'] },
};

const options = { timeoutMs: 100 };

function server(starter: Pid, fail: () => unknown): GenServer {
  const init = (): unknown => {
    link(starter);
    return fail();
  };
  return { init } as unknown as GenServer;
}

const initBy = (starter: Pid, fail: () => unknown) => (): unknown => {
  link(starter);
  return fail();
};

type Start = (starter: Pid, fail: () => unknown) => Promise<unknown>;

const ways: Record<string, Start> = {
  'gen_server start': (me, fail) => start(server(me, fail), undefined, options),
  'gen_server startLink': (me, fail) => startLink(server(me, fail), undefined, options),
  'gen_server startMonitor': (me, fail) => startMonitor(server(me, fail), undefined, options),
  'proc_lib start': (me, fail) => procLib.start(initBy(me, fail), options),
  'proc_lib startLink': (me, fail) => procLib.startLink(initBy(me, fail), options),
};

for (const [way, begin] of Object.entries(ways)) {
  void t.test(
    `${way}: the starter has the answer, no EXIT and no link, trapping or not`,
    async t => {
      captureLog(t);
      const clock = createVirtualClock();
      const old = setClock(clock);
      t.teardown(() => setClock(old));
      for (const [what, { fail, answer }] of Object.entries(failures)) {
        for (const trapExit of [true, false]) {
          const got: unknown[] = [];
          const starter = spawn(
            async message => {
              got.push(message === 'go' ? await begin(self(), fail) : message);
            },
            { trapExit },
          );
          send(starter, 'go');
          await settle();
          await clock.advance(options.timeoutMs);
          await settle();
          t.same(got, [answer], what);
          t.ok(isAlive(starter));
          t.same(processInfo(starter)?.links, []);
          exit(starter, 'kill');
        }
      }
    },
  );
}

void t.test('proc_lib startMonitor: its DOWN comes, and no EXIT', async t => {
  captureLog(t);
  const got: unknown[] = [];
  const starter = spawn(
    async message => {
      if (message !== 'go') return void got.push(message);
      const [answer] = await procLib.startMonitor(initBy(self(), () => exit('bye')));
      got.push(answer);
    },
    { trapExit: true },
  );
  send(starter, 'go');
  await settle();
  t.match(got, [['error', 'bye'], { kind: 'DOWN', reason: 'bye' }]);
  t.equal(got.length, 2);
});

void t.test('after the ack the link by hand tells, as any link does', async t => {
  captureLog(t);
  for (const trapExit of [true, false]) {
    const got: unknown[] = [];
    const starter = spawn(
      async message => {
        if (message !== 'go') return void got.push(message);
        const me = self();
        const acked = initBy(me, () => {
          procLib.initAck('ready');
          return exit('bye');
        });
        got.push(await procLib.start(acked));
      },
      { trapExit },
    );
    send(starter, 'go');
    await settle();
    t.equal(isAlive(starter), trapExit);
    if (trapExit) t.match(got, ['ready', { kind: 'EXIT', reason: 'bye' }]);
  }
});
