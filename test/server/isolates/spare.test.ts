/** The spare thread: who gets it, and whom it ends with. */
import { once } from 'node:events';
import t, { type Test } from 'tap';
import {
  call,
  exit,
  isAlive,
  monitor,
  send,
  setClock,
  spawn,
  start,
  sys,
  whereis,
  type DownMessage,
  type Pid,
} from '../../../actors/index.ts';
import { createVirtualClock, type VirtualClock } from '../../../actors/testing.ts';
import { loadConfig } from '../../../server/config/load.ts';
import {
  renewSpare,
  spare,
  SPARE_AFTER_MS,
  spareName,
  takeThread,
} from '../../../server/isolates/spare.ts';
import type { Thread } from '../../../server/isolates/thread.ts';
import { setWorkerEntry, workerEntry } from '../../../server/isolates/worker-entry.ts';
import { captureLog } from '../../actors/capture-log.ts';

/** A thread that is ended before it has begun has another code. */
const ENDED = /^exit code [01]$/;
const program = new URL('./waiting-program.js', import.meta.url);
const settings = {
  config: loadConfig({ flags: { data: '/nowhere' } }),
  shards: 1,
  ticketSecret: new Uint8Array(32),
  version: 'test',
};

interface Scene {
  readonly clock: VirtualClock;
  readonly pid: Pid;
  readonly take: (until?: AbortSignal) => Promise<Thread | undefined>;
  /** The thread that waits. */
  readonly waiting: () => Promise<Thread | undefined>;
}

async function scene(t: Test): Promise<Scene> {
  captureLog(t);
  const before = workerEntry();
  setWorkerEntry(program);
  const clock = createVirtualClock();
  const real = setClock(clock);
  const started = await start(spare, settings, { name: spareName });
  if (started[0] !== 'ok') throw new Error('it did not start', { cause: started[1] });
  const [, pid] = started;
  t.teardown(() => {
    if (isAlive(pid)) exit(pid, 'kill');
    setClock(real);
    setWorkerEntry(before);
  });
  return {
    ...{ clock, pid },
    async take(until = new AbortController().signal) {
      const thread = await call(spareName, { kind: 'take', until });
      if (thread !== undefined) t.teardown(() => thread.worker.terminate());
      return thread;
    },
    waiting: async () => ((await sys.getState(spareName)) as { thread: Thread | undefined }).thread,
  };
}

/** That it runs, and listens. */
async function answers({ worker }: Thread): Promise<unknown> {
  const answer = once(worker, 'message');
  worker.postMessage('are you there?');
  return ((await answer) as unknown[])[0];
}

/** The process's end, with its reason. */
const endOf = (pid: Pid): Promise<unknown> =>
  new Promise(resolve => {
    const watcher = spawn(message => {
      if (message === 'watch') monitor(pid);
      else resolve((message as DownMessage).reason);
    });
    send(watcher, 'watch');
  });

void t.test('it is there some time after the start, and after each use', async t => {
  const { clock, take } = await scene(t);
  await clock.advance(SPARE_AFTER_MS - 1);
  t.equal(await take(), undefined, 'none yet');
  await clock.advance(SPARE_AFTER_MS);
  const first = await take();
  t.equal(first?.entry, program);
  t.equal(first && (await answers(first)), 'are you there?');
  t.equal(await take(), undefined, 'it is given once');
  await clock.advance(SPARE_AFTER_MS - 1);
  t.equal(await take(), undefined);
  await clock.advance(SPARE_AFTER_MS);
  const second = await take();
  t.ok(second !== undefined && second.worker !== first?.worker, 'another one');
});

void t.test('one of another program is not used', async t => {
  const { clock, take, waiting } = await scene(t);
  await clock.advance(SPARE_AFTER_MS);
  const old = await waiting();
  const next = new URL('?next', program);
  setWorkerEntry(next);
  t.equal(await take(), undefined);
  t.match(await old?.ended, ENDED);
  await clock.advance(SPARE_AFTER_MS);
  t.equal((await take())?.entry, next);
});

void t.test('an upgrade renews it, also where the file has the same name', async t => {
  const { clock, take, waiting } = await scene(t);
  await clock.advance(SPARE_AFTER_MS);
  const old = await waiting();
  await renewSpare();
  t.match(await old?.ended, ENDED);
  t.equal(await take(), undefined);
  await clock.advance(SPARE_AFTER_MS);
  const next = await take();
  t.ok(next !== undefined && next.worker !== old?.worker);
});

void t.test('one that ends while it waits ends the process, which is started anew', async t => {
  const { clock, pid, waiting } = await scene(t);
  await clock.advance(SPARE_AFTER_MS);
  const ended = endOf(pid);
  (await waiting())?.worker.postMessage(3);
  t.same(await ended, ['spare_ended', 'exit code 3']);
});

void t.test('one that was given away and ends is not its business', async t => {
  const { clock, pid, take } = await scene(t);
  await clock.advance(SPARE_AFTER_MS);
  const thread = await take();
  thread?.worker.postMessage(3);
  t.equal(await thread?.ended, 'exit code 3');
  await sys.getState(spareName);
  t.ok(isAlive(pid));
});

void t.test('who has died since gets none, and who dies later takes it along', async t => {
  const { clock, take, waiting } = await scene(t);
  await clock.advance(SPARE_AFTER_MS);
  t.equal(await take(AbortSignal.abort()), undefined);
  t.ok(await waiting(), 'it stays for the next one');
  const taker = new AbortController();
  const thread = await take(taker.signal);
  t.equal(thread && (await answers(thread)), 'are you there?');
  taker.abort();
  t.match(await thread?.ended, ENDED);
});

void t.test('it ends with the process', async t => {
  const { clock, pid, waiting } = await scene(t);
  await clock.advance(SPARE_AFTER_MS);
  const thread = await waiting();
  exit(pid, 'kill');
  t.match(await thread?.ended, ENDED);
});

void t.test('without a spare one there is a new one, which ends with its isolate', async t => {
  const { pid } = await scene(t);
  exit(pid, 'kill');
  t.equal(whereis(spareName), undefined);
  await renewSpare();
  const taken: Thread[] = [];
  const owner = spawn(async () => {
    taken.push(await takeThread(settings));
  });
  send(owner, 'begin');
  while (taken.length === 0) await new Promise(resolve => setImmediate(resolve));
  const [thread] = taken;
  t.equal(thread && (await answers(thread)), 'are you there?');
  exit(owner, 'kill');
  t.match(await thread?.ended, ENDED);
});
