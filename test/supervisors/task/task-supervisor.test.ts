import t from 'tap';
import { Exit, exit, isAlive, processInfo, self, setClock } from '../../../actors/index.ts';
import type { Pid } from '../../../actors/index.ts';
import { createVirtualClock, settle } from '../../../actors/testing.ts';
import { taskSupervisor } from '../../../supervisors/index.ts';
import type {
  AsyncStreamOptions,
  Outcome,
  Task,
  TaskSupervisorOptions,
} from '../../../supervisors/index.ts';
import { captureLog } from '../../actors/capture-log.ts';
import type { Teardown } from '../children-kit.ts';
import { until } from '../../actors/until.ts';
import { removeAtEnd } from '../children-kit.ts';
import { exitOf, inside } from './inside.ts';

async function supervised(t: Teardown, options: TaskSupervisorOptions = {}): Promise<Pid> {
  const [, pid] = await taskSupervisor.startLink(options);
  return removeAtEnd(t, pid as Pid);
}

const forever = (): Promise<never> => new Promise(() => undefined);

void t.test('children: started, listed, ended, counted, never more than maxChildren', async t => {
  captureLog(t);
  const pid = await supervised(t, { maxChildren: 2 });
  const [, one] = await taskSupervisor.startChild(pid, forever);
  const two = await taskSupervisor.asyncNolink(pid, forever);
  t.same(await taskSupervisor.children(pid), [one, two.pid]);
  t.same(await taskSupervisor.startChild(pid, forever), ['error', 'max_children']);
  await t.rejects(taskSupervisor.async(pid, forever), RangeError);
  t.equal(await taskSupervisor.terminateChild(pid, one as Pid), 'ok');
  t.same(await taskSupervisor.terminateChild(pid, one as Pid), ['error', 'not_found']);
  t.match(await taskSupervisor.countChildren(pid), { active: 1, workers: 1 });
});

void t.test('temporary unless told otherwise; with its supervisor it ends', async t => {
  captureLog(t);
  const pid = await supervised(t);
  let runs = 0;
  const crashing = (): void => {
    runs += 1;
    throw new Exit('odd');
  };
  await taskSupervisor.startChild(pid, crashing);
  await settle();
  t.equal(runs, 1);
  await taskSupervisor.startChild(pid, crashing, { restart: 'transient' });
  await until(() => !isAlive(pid));
  t.equal(runs, 1 + 4, 'three restarts in five seconds');
  const other = await supervised(t);
  const one = await taskSupervisor.asyncNolink(other, forever);
  t.same(processInfo(one.pid as Pid)?.ancestors[0], other);
  await taskSupervisor.stop(other, 'shutdown');
  t.notOk(isAlive(one.pid as Pid));
});

void t.test('async links the task with the caller, asyncNolink does not', async t => {
  captureLog(t);
  const pid = await supervised(t);
  for (const [start, linked] of [
    [taskSupervisor.async, true],
    [taskSupervisor.asyncNolink, false],
  ] as const) {
    const tasks: Task[] = [];
    const owner = inside(async () => {
      tasks.push(await start(pid, forever));
      await forever();
    });
    await until(() => tasks.length === 1);
    const one = tasks[0]?.pid as Pid;
    t.equal(processInfo(one)?.links.includes(owner.pid), linked);
    exit(owner.pid, 'over');
    t.equal(isAlive(one), !linked);
    const other = inside(async () => {
      await start(pid, () => {
        throw new Exit('odd');
      });
      await forever();
    });
    await settle();
    t.equal(isAlive(other.pid), !linked);
  }
});

void t.test('a task whose owner has died before it began does not run', async t => {
  const events = captureLog(t);
  const pid = await supervised(t);
  let ran = false;
  inside(async () => {
    void taskSupervisor.asyncNolink(pid, () => {
      ran = true;
    });
    exit(self(), 'kill');
    await forever();
  });
  await settle();
  t.notOk(ran);
  const crashes = events.filter(({ level }) => level === 'error');
  t.same(crashes, [], 'and that is no crash');
  t.match(await taskSupervisor.countChildren(pid), { specs: 0 });
});

/** What the stream gives, consumed in a process. */
async function outcomes<Result>(
  pid: Pid,
  values: Iterable<number>,
  run: (value: number) => Result | Promise<Result>,
  options?: AsyncStreamOptions,
): Promise<Outcome<Result>[]> {
  const { result } = inside(async () => {
    const all: Outcome<Result>[] = [];
    for await (const outcome of taskSupervisor.asyncStreamNolink(pid, values, run, options)) {
      all.push(outcome);
    }
    t.equal(processInfo(self())?.messageQueueLen, 0, 'nothing is left in the mailbox');
    return all;
  });
  return result;
}

void t.test(
  'asyncStream: in order, or as they are ready; never more than maxConcurrency',
  async t => {
    captureLog(t);
    const pid = await supervised(t);
    let now = 0;
    let most = 0;
    const gates = new Map<number, () => void>();
    const gated = async (value: number): Promise<number> => {
      now += 1;
      most = Math.max(most, now);
      await new Promise<void>(resolve => gates.set(value, resolve));
      now -= 1;
      return value * 10;
    };
    for (const ordered of [true, false]) {
      gates.clear();
      most = 0;
      const all = outcomes(pid, [0, 1, 2, 3], gated, { maxConcurrency: 2, ordered });
      for (const value of [1, 2, 3, 0]) {
        await until(() => gates.has(value));
        gates.get(value)?.();
        await settle();
      }
      t.same(
        (await all).map(([, value]) => value),
        ordered ? [0, 10, 20, 30] : [10, 20, 30, 0],
      );
      t.equal(most, 2);
    }
    await t.rejects(outcomes(pid, [1], gated, { maxConcurrency: 0 }), /1 or more/);
  },
);

void t.test('asyncStream: a crash is an outcome, with its input if that is wanted', async t => {
  captureLog(t);
  const pid = await supervised(t);
  const odd = (value: number): number => {
    if (value === 2) throw new Exit('odd');
    return value;
  };
  t.same(await outcomes(pid, [1, 2, 3], odd), [
    ['ok', 1],
    ['exit', 'odd'],
    ['ok', 3],
  ]);
  t.same((await outcomes(pid, [2], odd, { zipInputOnExit: true }))[0], ['exit', [2, 'odd']]);
});

void t.test('asyncStream, linked: a crash takes the caller, unless it traps exits', async t => {
  captureLog(t);
  const pid = await supervised(t);
  const consume = async (): Promise<unknown> => {
    const all: unknown[] = [];
    for await (const one of taskSupervisor.asyncStream(pid, [1, 2], value => {
      if (value === 1) throw new Exit('odd');
      return value;
    })) {
      all.push(one);
    }
    return [...all, processInfo(self())?.messageQueueLen];
  };
  const trapping = inside(consume, { trapExit: true });
  t.same(await trapping.result, [['exit', 'odd'], ['ok', 2], 0]);
  const other = inside(consume);
  await until(() => !isAlive(other.pid));
});

void t.test('asyncStream: timeouts', async t => {
  captureLog(t);
  const clock = createVirtualClock();
  const old = setClock(clock);
  t.teardown(() => {
    setClock(old);
  });
  const pid = await supervised(t);
  const slow = (value: number): number | Promise<number> => (value === 1 ? forever() : value);
  const killing = outcomes(pid, [1, 2], slow, { timeoutMs: 50, onTimeout: 'kill_task' });
  await clock.advance(50);
  t.same(await killing, [
    ['exit', 'timeout'],
    ['ok', 2],
  ]);
  const exiting = exitOf(outcomes(pid, [1, 1, 2], slow, { timeoutMs: 50 }));
  await clock.advance(50);
  t.same(await exiting, ['timeout', ['asyncStream', 50]]);
  await settle();
  t.same(await taskSupervisor.children(pid), [], 'nothing is left running');
});

void t.test(
  'asyncStream: takes values when there is room, and ends what runs when left',
  async t => {
    captureLog(t);
    const pid = await supervised(t);
    let taken = 0;
    let returned = false;
    function* endless(): Generator<number> {
      try {
        for (;;) {
          taken += 1;
          yield taken;
        }
      } finally {
        returned = true;
      }
    }
    const { result } = inside(async () => {
      const run = (value: number): number | Promise<number> => (value === 1 ? value : forever());
      const stream = taskSupervisor.asyncStream(pid, endless(), run, { maxConcurrency: 3 });
      for await (const first of stream) return first;
      return undefined;
    });
    t.same(await result, ['ok', 1]);
    t.equal(taken, 3);
    t.ok(returned);
    await settle();
    t.same(await taskSupervisor.children(pid), []);
  },
);
