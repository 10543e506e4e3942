import t from 'tap';
import { exit, spawnLink, startLink, stop, type Pid } from '../../actors/index.ts';
import {
  dynamicSupervisor,
  lookAtSupervisor,
  supervisor,
  watchDynamicRestarts,
  type DynamicRestart,
} from '../../supervisors/index.ts';
import { until } from '../actors/until.ts';
import { setLogger } from '../../actors/index.ts';

setLogger(() => undefined);

const worker = { init: () => ['ok', undefined] as const };
const child = (id: string) => ({ id, start: () => startLink(worker, undefined) });
const page = (offset: number, limit: number) => ({ offset, limit });

const started = async (starting: Promise<readonly unknown[]>): Promise<Pid> => {
  const result = await starting;
  if (result[0] !== 'ok') throw new Error(String(result));
  return result[1] as Pid;
};

void t.test(
  'a page of children in start order, flags, and what of the intensity is used',
  async t => {
    const pid = await started(
      supervisor.startLink(() => [
        { strategy: 'one_for_one', intensity: 3, period: 60 },
        [child('a'), { ...child('b'), restart: 'transient', shutdown: 'brutal_kill' }, child('c')],
      ]),
    );
    const look = lookAtSupervisor(pid, page(1, 1));
    t.match(look, { restarts: 0, total: 3, flags: { strategy: 'one_for_one', intensity: 3 } });
    t.match(look?.children, [{ id: 'b', restart: 'transient', shutdown: 'brutal_kill' }]);
    t.equal(look?.children.length, 1);
    const [first] = lookAtSupervisor(pid, page(0, 1))?.children ?? [];
    exit(first?.pid as Pid, 'kill');
    await until(() => lookAtSupervisor(pid, page(0, 0))?.restarts === 1);
    const [again] = lookAtSupervisor(pid, page(0, 1))?.children ?? [];
    t.equal(again?.id, 'a');
    t.not(again?.pid, first?.pid);
    t.equal(again?.restarts, undefined);
    await stop(pid);
  },
);

void t.test('of a dynamic supervisor only the page is gone through', async t => {
  const pid = await started(dynamicSupervisor.startLink({ intensity: 5, intensityPer: 'child' }));
  for (let i = 0; i < 20; i += 1) await dynamicSupervisor.startChild(pid, child('x'));
  const all = lookAtSupervisor(pid, page(0, 100));
  t.equal(all?.total, 20);
  const pids = all?.children.map(one => one.pid) ?? [];
  t.same(
    lookAtSupervisor(pid, page(5, 3))?.children.map(one => one.pid),
    pids.slice(5, 8),
  );
  t.match(all?.children[0], { id: undefined, restart: 'permanent', restarts: 0 });
  exit(pids[0] as Pid, 'kill');
  await until(() => lookAtSupervisor(pid, page(19, 1))?.children[0]?.restarts === 1);
  t.equal(lookAtSupervisor(pid, page(0, 0))?.restarts, 0, 'each child has its own');
  await stop(pid);
});

void t.test(
  'whom a restarted dynamic child replaces is told, also after starts that failed',
  async t => {
    const told: DynamicRestart[] = [];
    const before = watchDynamicRestarts(restart => told.push(restart));
    t.teardown(() => watchDynamicRestarts(before));
    const pid = await started(dynamicSupervisor.startLink({ intensity: 9 }));
    let failures = 0;
    const frail = {
      init: () => {
        failures -= 1;
        return failures >= 0 ? (['stop', 'not yet'] as const) : (['ok', undefined] as const);
      },
    };
    const start = () => startLink(frail, undefined);
    const one = await started(dynamicSupervisor.startChild(pid, { start }));
    const other = await started(dynamicSupervisor.startChild(pid, child('x')));
    exit(other, 'kill');
    await until(() => told.length === 1);
    failures = 3;
    exit(one, 'kill');
    await until(() => told.length === 2);
    t.equal(failures, -1);
    const now = lookAtSupervisor(pid, page(0, 9))?.children.map(({ pid }) => pid) ?? [];
    t.same(told, [
      { supervisor: pid, id: 'dynamic', predecessor: other, pid: now[0] },
      { supervisor: pid, id: 'dynamic', predecessor: one, pid: now[1] },
    ]);
    await stop(pid);
  },
);

void t.test('what is no supervisor, or dead, is not seen', async t => {
  const bare = spawnLink(() => undefined);
  t.equal(lookAtSupervisor(bare, page(0, 1)), undefined);
  exit(bare, 'kill');
  t.equal(lookAtSupervisor(bare, page(0, 1)), undefined);
  const server = await started(startLink(worker, undefined));
  t.equal(lookAtSupervisor(server, page(0, 1)), undefined);
  await stop(server);
});
