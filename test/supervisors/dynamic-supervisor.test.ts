import t from 'tap';
import {
  Exit,
  exit,
  isAlive,
  processInfo,
  send,
  spawn,
  startLink,
  stop,
  sys,
  whereis,
} from '../../actors/index.ts';
import type { GenServer, Pid } from '../../actors/index.ts';
import { settle } from '../../actors/testing.ts';
import { dynamicSupervisor } from '../../supervisors/index.ts';
import type { DynamicSupervisorOptions } from '../../supervisors/index.ts';
import { captureLog } from '../actors/capture-log.ts';
import type { Teardown } from './children-kit.ts';
import { until } from '../actors/until.ts';
import { childSpec, newScript, pidOf, removeAtEnd } from './children-kit.ts';

async function dynamic(t: Teardown, options: DynamicSupervisorOptions = {}): Promise<Pid> {
  const result = await dynamicSupervisor.startLink(options);
  if (result[0] !== 'ok') throw new Error('did not start');
  return removeAtEnd(t, result[1]);
}

const idle: GenServer<undefined, null> = { init: () => ['ok', null] };
const idleSpec = { start: () => startLink(idle, undefined), restart: 'temporary' } as const;

void t.test('starts, counts, lists and ends children', async t => {
  captureLog(t);
  const pid = await dynamic(t, { maxChildren: 2 });
  const script = newScript();
  t.match(await dynamicSupervisor.startChild(pid, childSpec('a', script)), ['ok', Number]);
  t.match(await dynamicSupervisor.startChild(pid, childSpec('b', script)), ['ok', Number]);
  t.same(await dynamicSupervisor.startChild(pid, childSpec('c', script)), [
    'error',
    'max_children',
  ]);
  t.match(await dynamicSupervisor.whichChildren(pid), [{ pid: pidOf('a') }, { pid: pidOf('b') }]);
  t.equal(await dynamicSupervisor.terminateChild(pid, pidOf('a')), 'ok');
  t.same(await dynamicSupervisor.terminateChild(pid, 5 as Pid), ['error', 'not_found']);
  script.refuse = 'ignore';
  t.same(await dynamicSupervisor.startChild(pid, childSpec('c', script)), ['ignore']);
  script.refuse = 'bad';
  t.same(await dynamicSupervisor.startChild(pid, childSpec('c', script)), ['error', 'bad']);
  t.match(await dynamicSupervisor.countChildren(pid), { specs: 1, active: 1, workers: 1 });
  t.match(await dynamicSupervisor.startChild(pid, { start: 1 } as never), [
    'error',
    ['invalid_mfa', 1],
  ]);
});

void t.test('restarts, retries, and gives up with shutdown', async t => {
  captureLog(t);
  const pid = await dynamic(t, { intensity: 3, period: 60 });
  const script = newScript();
  await dynamicSupervisor.startChild(pid, childSpec('a', script));
  exit(pidOf('a'), 'kill');
  await until(() => script.starts === 2);
  script.refuse = 'not now';
  exit(pidOf('a'), 'kill');
  await until(() => !isAlive(pid));
  t.equal(script.starts, 4, 'three restarts allowed: one good, one failed, one failed retry');
});

void t.test('per child: only the poisoned one is given up', async t => {
  captureLog(t);
  const pid = await dynamic(t, { intensity: 1, period: 60, intensityPer: 'child' });
  const script = newScript();
  for (const id of ['a', 'b']) {
    await dynamicSupervisor.startChild(pid, childSpec(id, script));
    exit(pidOf(id), 'kill');
    await settle();
  }
  exit(pidOf('a'), 'kill');
  await settle();
  t.match(await dynamicSupervisor.whichChildren(pid), [{ pid: pidOf('b') }]);
});

void t.test('children whose init is synchronous start within one turn', async t => {
  const pid = await dynamic(t);
  let turns = 0;
  let counting = true;
  const count = (): void => {
    turns += 1;
    if (counting) setImmediate(count);
  };
  setImmediate(count);
  await Promise.all(Array.from({ length: 900 }, () => dynamicSupervisor.startChild(pid, idleSpec)));
  counting = false;
  t.ok(turns < 50, `${turns} turns of the loop for 900 starts`);
});

void t.test('100,000 children cost the same each as 1,000', async t => {
  captureLog(t);
  const pid = await dynamic(t);
  const startAndStop = async (count: number): Promise<number> => {
    const pids: Pid[] = [];
    const from = process.cpuUsage();
    for (let done = 0; done < count; done += 500) {
      const results = await Promise.all(
        Array.from({ length: 500 }, () => dynamicSupervisor.startChild(pid, idleSpec)),
      );
      for (const result of results) if (result[0] === 'ok') pids.push(result[1]);
    }
    t.equal((await dynamicSupervisor.countChildren(pid)).active, count);
    for (let done = 0; done < count; done += 500) {
      await Promise.all(
        pids.slice(done, done + 500).map(child => dynamicSupervisor.terminateChild(pid, child)),
      );
    }
    const { user, system } = process.cpuUsage(from);
    t.equal((await dynamicSupervisor.countChildren(pid)).active, 0);
    return (user + system) / count;
  };
  await startAndStop(5_000);
  const few = Math.min(await startAndStop(1_000), await startAndStop(1_000));
  const many = await startAndStop(100_000);
  t.ok(many < few * 5, `${many.toFixed(1)} µs each for many, ${few.toFixed(1)} µs for few`);
});

void t.test('all of 20,000 children dying at once is survived', async t => {
  captureLog(t);
  const pid = await dynamic(t);
  for (let done = 0; done < 20_000; done += 500) {
    await Promise.all(
      Array.from({ length: 500 }, () => dynamicSupervisor.startChild(pid, idleSpec)),
    );
  }
  for (const child of await dynamicSupervisor.whichChildren(pid)) {
    if (typeof child.pid === 'number') exit(child.pid, 'shutdown');
  }
  t.equal((await dynamicSupervisor.countChildren(pid)).active, 0);
  t.ok(isAlive(pid));
});

void t.test('a supervisor that dies takes its children with it', async t => {
  captureLog(t);
  let result: readonly unknown[] = [];
  const owner = spawn(async () => {
    result = await dynamicSupervisor.startLink({});
  });
  send(owner, 'go');
  await settle();
  const pid = result[1] as Pid;
  const [, child] = await dynamicSupervisor.startChild(pid, idleSpec);
  t.same(processInfo(child as Pid)?.ancestors, [pid, owner]);
  exit(owner, 'over');
  await until(() => !isAlive(pid));
  t.notOk(isAlive(child as Pid));
});

void t.test('one that ends while the exits of its children wait reads them once', async t => {
  const events = captureLog(t);
  const pid = await dynamic(t);
  const permanent = { ...idleSpec, restart: 'permanent' } as const;
  for (let done = 0; done < 5_000; done += 500) {
    await Promise.all(
      Array.from({ length: 500 }, () => dynamicSupervisor.startChild(pid, permanent)),
    );
  }
  await sys.suspend(pid);
  for (const child of processInfo(pid)?.links ?? []) exit(child, 'odd');
  const from = process.cpuUsage();
  await stop(pid, 'shutdown');
  const { user } = process.cpuUsage(from);
  const reports = events.filter(({ report }) => report.kind === 'supervisor');
  t.equal(reports.length, 5_000, 'each one is reported with its own reason');
  t.match(reports[0]?.report, { errorContext: 'shutdown_error', reason: 'odd' });
  t.ok(user < 2_000_000, `${user} µs of work`);
});

void t.test('answers as Elixir does', async t => {
  captureLog(t);
  const refused = async (options: object) => (await dynamicSupervisor.startLink(options))[1];
  t.same(await refused({ maxChildren: 1.5 }), ['supervisor_data', ['invalid_max_children', 1.5]]);
  t.same(await refused({ maxChildren: null }), ['supervisor_data', ['invalid_max_children', null]]);
  t.same(await refused({ intensity: -1 }), ['supervisor_data', ['invalid_intensity', -1]]);
  t.same(await refused({ intensity: null }), ['supervisor_data', ['invalid_intensity', null]]);
  t.same(await refused({ period: 0 }), ['supervisor_data', ['invalid_period', 0]]);
  t.same(await refused({ extraArguments: 1 }), ['supervisor_data', ['invalid_extra_arguments', 1]]);
  for (const strategy of ['unknown', 'one_for_all', 'simple_one_for_one']) {
    t.same(await refused({ strategy }), ['supervisor_data', ['invalid_strategy', strategy]]);
  }
  await dynamic(t, { strategy: 'one_for_one', maxChildren: 'infinity' });
  const seen: unknown[][] = [];
  const pid = await dynamic(t, { extraArguments: [1, 2], intensity: 1 });
  const start = async (...args: unknown[]) => {
    seen.push(args);
    return startLink(idle, undefined, { name: 'dynamic-one' });
  };
  const answer = (spec: unknown) =>
    dynamicSupervisor.startChild(pid, spec as { start: typeof start });
  t.same(await answer(5), ['error', ['invalid_child_spec', 5]]);
  t.same(await answer({}), ['error', ['invalid_child_spec', {}]]);
  t.same(await answer({ start, shutdown: -1 }), ['error', ['invalid_shutdown', -1]]);
  for (const restart of ['permanent', 'transient', 'temporary']) {
    t.same(await answer({ start, restart, significant: true }), [
      'error',
      ['invalid_significant', true],
    ]);
  }
  t.same(
    await dynamicSupervisor.startChild('nobody', { start: 'x' } as never),
    ['error', ['invalid_mfa', 'x']],
    'a bad specification asks no supervisor',
  );
  t.same(await answer({ start: start.bind(null, 'own'), shutdown: 0 }), [
    'ok',
    pidOf('dynamic-one'),
  ]);
  t.equal(await dynamicSupervisor.terminateChild(pid, pidOf('dynamic-one')), 'ok');
  seen.length = 0;
  t.same(await answer({ start, restart: 'x' }), ['error', ['invalid_restart_type', 'x']]);
  t.same(await answer({ start: () => 'odd' }), ['error', 'odd']);
  const raising = () => {
    throw new Exit('bare');
  };
  t.same(
    await answer({ start: raising }),
    ['error', 'bare'],
    "without simple_one_for_one's 'EXIT'",
  );
  t.match(await answer({ start }), ['ok', Number]);
  const first = pidOf('dynamic-one');
  exit(first, 'kill');
  await until(() => whereis('dynamic-one') !== undefined && whereis('dynamic-one') !== first);
  t.same(seen, [
    [1, 2],
    [1, 2],
  ]);
  t.same(await dynamicSupervisor.terminateChild(pid, first), ['error', 'not_found']);
  exit(pidOf('dynamic-one'), 'kill');
  await until(() => !isAlive(pid));
});

void t.test('what a start adds to its pid is handed on; a retry can be terminated', async t => {
  captureLog(t);
  const pid = await dynamic(t, { intensity: 1_000_000 });
  const script = newScript();
  const spec = childSpec('a', script);
  const start = async () => {
    const started = await spec.start();
    return started[0] === 'ok' ? (['ok', started[1] as Pid, 'extra'] as const) : started;
  };
  t.same(await dynamicSupervisor.startChild(pid, { start }), ['ok', pidOf('a'), 'extra']);
  const first = pidOf('a');
  script.refuse = 'not now';
  exit(first, 'kill');
  await until(() => script.starts > 2);
  t.match(await dynamicSupervisor.whichChildren(pid), [{ id: undefined, pid: 'restarting' }]);
  t.match(await dynamicSupervisor.countChildren(pid), { specs: 1, active: 0, workers: 1 });
  t.equal(await dynamicSupervisor.terminateChild(pid, first), 'ok');
  t.match(await dynamicSupervisor.countChildren(pid), { specs: 0, active: 0, workers: 0 });
});
