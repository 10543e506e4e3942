/** Tasks: what the owner of one can ask, and what it is told. */
import t from 'tap';
import {
  Exit,
  exit,
  isAlive,
  processInfo,
  self,
  setClock,
  startLink,
  call,
} from '../../../actors/index.ts';
import type { GenServer, Pid, Request } from '../../../actors/index.ts';
import { createVirtualClock, settle } from '../../../actors/testing.ts';
import type { VirtualClock } from '../../../actors/testing.ts';
import { task, taskSupervisor } from '../../../supervisors/index.ts';
import type { Task } from '../../../supervisors/index.ts';
import { captureLog } from '../../actors/capture-log.ts';
import type { Teardown } from '../children-kit.ts';
import { until } from '../../actors/until.ts';
import { removeAtEnd } from '../children-kit.ts';
import { exitOf, inside } from './inside.ts';

function virtual(t: Teardown): VirtualClock {
  const clock = createVirtualClock();
  const old = setClock(clock);
  t.teardown(() => {
    setClock(old);
  });
  return clock;
}

async function supervised(t: Teardown): Promise<Pid> {
  const [, pid] = await taskSupervisor.startLink();
  return removeAtEnd(t, pid as Pid);
}

const forever = (): Promise<never> => new Promise(() => undefined);
const pidOf = (one: Task): Pid => one.pid as Pid;

void t.test('async and await: from a process, and from outside of any', async t => {
  captureLog(t);
  t.equal(await task.await(task.async(() => 1)), 1);
  t.equal(await task.await(task.async(async () => Promise.resolve(2))), 2);
  const { result } = inside(async () => {
    const one = task.async(() => self());
    t.equal(one.owner, self());
    t.same(processInfo(pidOf(one))?.links, [self()]);
    return [await task.await(one), one.pid, processInfo(self())?.messageQueueLen];
  });
  const [ran, pid, left] = await result;
  t.equal(ran, pid);
  t.equal(left, 0, 'neither the result nor the DOWN is left in the mailbox');
});

void t.test('await exits with the reason of the task, or with timeout', async t => {
  captureLog(t);
  const clock = virtual(t);
  const pid = await supervised(t);
  const { result } = inside(async () => {
    const odd = await taskSupervisor.asyncNolink(pid, () => {
      throw new Exit('odd');
    });
    t.same(await exitOf(task.await(odd, 7)), ['odd', ['await', odd.pid, 7]]);
    const error = await taskSupervisor.asyncNolink(pid, () => {
      throw new Error('broken');
    });
    t.match(await exitOf(task.await(error)), [{ reason: /broken/ }, ['await', error.pid, 5_000]]);
    const slow = await taskSupervisor.asyncNolink(pid, forever);
    const late = exitOf(task.await(slow, 100));
    await clock.advance(99);
    t.equal(processInfo(self())?.messageQueueLen, 0);
    await clock.advance(1);
    t.same(await late, ['timeout', ['await', slow.pid, 100]]);
    t.ok(isAlive(pidOf(slow)), 'the task goes on');
    await t.rejects(task.await(slow), /has been awaited/);
    exit(pidOf(slow), 'kill');
    await settle();
    t.equal(processInfo(self())?.messageQueueLen, 0, 'and nothing is told of its end');
  });
  await result;
});

void t.test('only the owner may ask', async t => {
  const one = task.async(forever);
  const { result } = inside(() => task.await(one));
  await t.rejects(result, /must be asked by its owner, outside/);
  exit(pidOf(one), 'kill');
});

void t.test('a linked task ends with its owner, and the other way round', async t => {
  captureLog(t);
  let one: Task | undefined;
  const owner = inside(async () => {
    one = task.async(forever);
    await forever();
  });
  await until(() => one?.pid !== undefined);
  exit(owner.pid, 'over');
  t.notOk(isAlive(pidOf(one as Task)));
  const other = inside(async () => {
    await task.await(
      task.async(() => {
        throw new Exit('odd');
      }),
    );
  });
  await until(() => !isAlive(other.pid));
});

void t.test('an owner that does not wait gets messages', async t => {
  captureLog(t);
  const pid = await supervised(t);
  type Call = Request<'run' | 'seen', object, unknown[]>;
  const owner: GenServer<undefined, unknown[], Call, never, unknown> = {
    init: () => ['ok', []],
    async handleCall({ kind }, _from, seen) {
      if (kind === 'seen') return ['reply', seen, seen];
      const one = await taskSupervisor.asyncNolink(pid, () => 'result');
      return ['reply', [one.ref], seen];
    },
    handleInfo: (message, seen) => ['noreply', [...seen, message]],
  };
  const [, server] = await startLink(owner, undefined);
  const [ref] = (await call(server as never, { kind: 'run' } as never)) as unknown[];
  await settle();
  t.match(await call(server as never, { kind: 'seen' } as never), [
    { kind: 'task', ref, result: 'result' },
    { kind: 'DOWN', ref, reason: 'normal' },
  ]);
});

void t.test('a result that came before it was asked for is taken out of the mailbox', async t => {
  captureLog(t);
  const { result } = inside(async () => {
    const one = task.async(() => 1);
    await settle();
    t.equal(processInfo(self())?.messageQueueLen, 2);
    t.equal(await task.await(one), 1);
    return processInfo(self())?.messageQueueLen;
  });
  t.equal(await result, 0);
});

void t.test('yield: the outcome, or undefined and another try', async t => {
  captureLog(t);
  const clock = virtual(t);
  const pid = await supervised(t);
  const { result } = inside(async () => {
    let finish: (value: number) => void = () => undefined;
    const one = await taskSupervisor.asyncNolink(
      pid,
      () => new Promise<number>(resolve => (finish = resolve)),
    );
    const early = task.yield(one, 10);
    await clock.advance(10);
    t.equal(await early, undefined);
    finish(5);
    t.same(await task.yield(one), ['ok', 5]);
    const odd = await taskSupervisor.asyncNolink(pid, () => {
      throw new Exit('odd');
    });
    t.same(await task.yield(odd), ['exit', 'odd']);
  });
  await result;
});

void t.test('yieldMany: each with its outcome; a limit; what becomes of the others', async t => {
  captureLog(t);
  const clock = virtual(t);
  const pid = await supervised(t);
  const { result } = inside(async () => {
    const start = () =>
      Promise.all([
        taskSupervisor.asyncNolink<unknown>(pid, () => 1),
        taskSupervisor.asyncNolink<unknown>(pid, forever),
        taskSupervisor.asyncNolink<unknown>(pid, () => {
          throw new Exit('odd');
        }),
      ]);
    const tasks = await start();
    const rows = task.yieldMany(tasks, { timeoutMs: 50 });
    await clock.advance(50);
    t.same(
      (await rows).map(([one, outcome]) => [tasks.indexOf(one), outcome]),
      [
        [0, ['ok', 1]],
        [1, undefined],
        [2, ['exit', 'odd']],
      ],
    );
    t.same(await task.shutdown(tasks[1], 'brutal_kill'), undefined);
    const limited = await task.yieldMany(await start(), { limit: 2, onTimeout: 'kill_task' });
    t.same(
      limited.map(([, outcome]) => outcome),
      [['ok', 1], undefined, ['exit', 'odd']],
    );
    t.notOk(isAlive(pidOf(limited[1]?.[0] as Task)));
    const ignored = await task.yieldMany(await start(), { limit: 1, onTimeout: 'ignore' });
    t.ok(isAlive(pidOf(ignored[1]?.[0] as Task)));
    await t.rejects(task.await(ignored[1]?.[0] as Task), /ignored/);
    await settle();
    t.equal(processInfo(self())?.messageQueueLen, 0);
  });
  await result;
});

void t.test('yieldMany: a result that comes after it is a message again', async t => {
  captureLog(t);
  const pid = await supervised(t);
  const { result } = inside(async () => {
    let finish: (value: string) => void = () => undefined;
    const late = await taskSupervisor.asyncNolink(
      pid,
      () => new Promise<string>(resolve => (finish = resolve)),
    );
    const done = await taskSupervisor.asyncNolink(pid, () => 'done');
    t.same(
      (await task.yieldMany([late, done], { limit: 1 })).map(([, outcome]) => outcome),
      [undefined, ['ok', 'done']],
    );
    finish('late');
    await settle();
    t.equal(processInfo(self())?.messageQueueLen, 2, 'the result and DOWN');
    t.same(await task.yield(late), ['ok', 'late']);
  });
  await result;
});

void t.test('shutdown: by shutdown, after the time by kill; a result that came wins', async t => {
  captureLog(t);
  const clock = virtual(t);
  const pid = await supervised(t);
  const { result } = inside(async () => {
    const start = (run: () => unknown) => taskSupervisor.async(pid, run);
    t.equal(await task.shutdown(await start(forever)), undefined);
    t.equal(await task.shutdown(await start(forever), 'brutal_kill'), undefined);
    const done = await start(() => 3);
    await settle();
    t.same(await task.shutdown(done), ['ok', 3]);
    const odd = await taskSupervisor.asyncNolink(pid, () => {
      throw new Exit('odd');
    });
    await settle();
    t.same(await task.shutdown(odd), ['exit', 'odd']);
    const { trapExit } = await import('../../../actors/index.ts');
    const stubborn = await start(() => {
      trapExit(true);
      return forever();
    });
    await settle();
    const stopped = task.shutdown(stubborn, 100);
    await clock.advance(99);
    t.ok(isAlive(pidOf(stubborn)));
    await clock.advance(1);
    t.same(await stopped, ['exit', 'killed'], 'it was asked to end by shutdown');
    t.equal(processInfo(self())?.messageQueueLen, 0);
  });
  await result;
});

void t.test('ignore: it goes on without its owner', async t => {
  captureLog(t);
  const { result } = inside(async () => {
    const one = task.async(forever);
    t.equal(task.ignore(one), undefined);
    const done = task.async(() => 1);
    await settle();
    t.same(task.ignore(done), ['ok', 1]);
    return one;
  });
  const one = await result;
  t.ok(isAlive(pidOf(one)));
  t.same(processInfo(pidOf(one))?.links, []);
  exit(pidOf(one), 'kill');
});

void t.test('awaitMany, completed, start and callers', async t => {
  captureLog(t);
  t.same(await task.awaitMany([task.async(() => 1), task.async(() => 2)]), [1, 2]);
  t.equal(await task.await(task.completed(7)), 7);
  let ran = false;
  t.match(await task.start(() => (ran = true)), ['ok', Number]);
  await until(() => ran);
  const pid = await supervised(t);
  const { result, pid: owner } = inside(async () => {
    const outer = await taskSupervisor.async(pid, async () => {
      const inner = await taskSupervisor.async(pid, () => task.callers());
      return [self(), await task.await(inner)];
    });
    return task.await(outer);
  });
  const [middle, callers] = await result;
  t.same(callers, [middle, owner]);
  t.same(task.callers(), []);
});

void t.test('what a task throws and is no error is nocatch, whatever it looks like', async t => {
  captureLog(t);
  const supervisor = await supervised(t);
  for (const thrown of ['unknown', ['noreply', 1], ['stop', 'normal', 1], undefined] as unknown[]) {
    const run = (): never => {
      throw thrown;
    };
    const later = async (): Promise<never> => run();
    for (const work of [run, later]) {
      const why = [{ reason: ['nocatch', thrown] }, ['await', Number, 5_000]];
      t.match(await exitOf(task.await(task.async(work))), why);
      const nolink = await taskSupervisor.asyncNolink(supervisor, work);
      t.match(await exitOf(task.await(nolink)), why);
    }
  }
});

void t.test('what is no function, and no time', async t => {
  const supervisor = await supervised(t);
  for (const none of [undefined, null, 5, {}] as never[]) {
    t.throws(() => task.async(none), /a task expects a function/);
    t.throws(() => void task.start(none), /a task expects a function/);
    t.throws(() => void task.startLink(none), /a task expects a function/);
    await t.rejects(taskSupervisor.async(supervisor, none), /a task expects a function/);
    t.throws(() => void taskSupervisor.startChild(supervisor, none), /a task expects a function/);
  }
  const one = task.async(forever);
  for (const bad of [-1, NaN, 'soon'] as never[]) {
    await t.rejects(task.await(one, bad), /await\(\) expects a timeout/);
    await t.rejects(task.yield(one, bad), /yield\(\) expects a timeout/);
    await t.rejects(task.yieldMany([one], { timeoutMs: bad }), /yieldMany\(\) expects a timeout/);
    await t.rejects(task.shutdown(one, bad), /shutdown\(\) expects a timeout/);
  }
  t.ok(isAlive(pidOf(one)), 'and it goes on');
  t.equal(await task.shutdown(one, 'brutal_kill'), undefined);
});

void t.test('asyncStream: without a supervisor, linked to the caller', async t => {
  captureLog(t);
  const streamed = async (values: Iterable<number>, options = {}): Promise<unknown[]> => {
    const outcomes = [];
    const run = async (value: number): Promise<number> => {
      t.ok((processInfo(self())?.links ?? []).length > 0, 'it is linked');
      if (value < 0) throw new Exit(['shutdown', value]);
      return value * 2;
    };
    for await (const outcome of task.asyncStream(values, run, options)) outcomes.push(outcome);
    return outcomes;
  };
  const ran = inside(() => streamed([1, 2, 3], { maxConcurrency: 2 }));
  t.same(await ran.result, [
    ['ok', 2],
    ['ok', 4],
    ['ok', 6],
  ]);
  for (const [options, why] of [
    [{ maxConcurrency: 0 }, /maxConcurrency of 1 or more/],
    [{ timeoutMs: 'soon' }, /expects a timeout/],
    [{ onTimeout: 'wait' }, /onTimeout to be/],
    [{ shutdown: 'unknown' }, /shutdown to be/],
  ] as const) {
    t.throws(() => task.asyncStream([], () => 1, options as never), why, 'before anything begins');
  }
  t.throws(() => task.asyncStream(5 as never, () => 1), /something iterable/);
  t.throws(() => task.asyncStream([1], 5 as never), /a function to run/);
});
