import t from 'tap';
import {
  at,
  call,
  disconnectIsolate,
  exit,
  link,
  processInfo,
  self,
  send,
  spawn,
  stop,
} from '../../actors/index.ts';
import type { Pid, StartResult } from '../../actors/index.ts';
import { endProcess } from '../../actors/termination.ts';
import { dynamicSupervisor, supervisor } from '../../supervisors/index.ts';
import type { ChildSpec } from '../../supervisors/index.ts';
import { captureLog } from '../actors/capture-log.ts';
import { startIsolate } from '../actors/isolates/isolates.ts';
import { puppetsName } from '../actors/isolates/puppets.ts';
import { until } from '../actors/until.ts';

/** A child in the isolate; its parent is whoever runs the start. */
function remoteChild(
  isolate: number,
  rest: Partial<ChildSpec> & { trapExit?: boolean; stubborn?: boolean } = {},
): ChildSpec {
  const { trapExit = true, stubborn = false, ...spec } = rest;
  return {
    id: 'remote',
    start: async (): Promise<StartResult> => {
      const request = { kind: 'startServer', supervisor: self(), trapExit, stubborn } as const;
      return ['ok', await call(at(puppetsName, isolate), request)];
    },
    ...spec,
  };
}

async function childOf(pid: Pid): Promise<Pid> {
  const [row] = await supervisor.whichChildren(pid);
  return row?.pid as Pid;
}

async function startSupervisor(spec: ChildSpec, intensity = 3): Promise<Pid> {
  const result = await supervisor.startLink(() => [{ intensity }, [spec]]);
  if (result[0] !== 'ok') throw new Error('the supervisor did not start');
  return result[1];
}

void t.test('a child in another isolate is restarted, shown and ended like any other', async t => {
  captureLog(t);
  const one = await startIsolate(t, 1);
  const top = await startSupervisor(remoteChild(1));
  const first = await childOf(top);
  t.same((await one.info(first))?.links, [top]);
  t.match(await one.info(first), { parent: top, ancestors: [top] });
  await call(first, { kind: 'crash', message: 'boom' } as never).catch(() => undefined);
  await until(async () => (await childOf(top)) !== first);
  const second = await childOf(top);
  exit(second, 'kill');
  await until(async () => (await childOf(top)) !== second);
  const third = await childOf(top);
  t.match(await supervisor.countChildren(top), { specs: 1, active: 1, workers: 1 });
  t.equal(await supervisor.terminateChild(top, 'remote'), 'ok');
  t.equal(await one.alive(third), false);
  t.match(await supervisor.restartChild(top, 'remote'), ['ok', Number]);
  const fourth = await childOf(top);
  await stop(top, 'shutdown');
  t.equal(await one.alive(fourth), false);
});

void t.test('one that does not end in time is killed, and reported', async t => {
  const events = captureLog(t);
  const one = await startIsolate(t, 1);
  const top = await startSupervisor(remoteChild(1, { stubborn: true, shutdown: 20 }));
  const child = await childOf(top);
  await stop(top, 'shutdown');
  t.equal(await one.alive(child), false);
  t.match(
    events.filter(({ level }) => level === 'error'),
    [{ report: { errorContext: 'shutdown_error', reason: 'killed' } }],
  );
  const brutal = await startSupervisor(remoteChild(1, { stubborn: true, shutdown: 'brutal_kill' }));
  const another = await childOf(brutal);
  await stop(brutal, 'shutdown');
  t.equal(await one.alive(another), false);
});

void t.test('noconnection is an abnormal exit: the child comes up in the new isolate', async t => {
  const events = captureLog(t);
  const one = await startIsolate(t, 1);
  const top = await startSupervisor(remoteChild(1, { restart: 'transient' }), 10_000);
  const first = await childOf(top);
  await one.terminate();
  disconnectIsolate(1);
  await until(() => events.some(({ report }) => report.kind === 'supervisor'));
  t.match(events.find(({ report }) => report.kind === 'supervisor')?.report, {
    errorContext: 'child_terminated',
    reason: 'noconnection',
  });
  const again = await startIsolate(t, 1, { creation: 1 });
  await until(async () => typeof (await childOf(top)) === 'number');
  const second = await childOf(top);
  t.not(second, first);
  t.equal(await again.alive(second), true);
  await stop(top, 'shutdown');
  t.equal(await again.alive(second), false);
});

void t.test('a child that its start could not link is linked by the supervisor', async t => {
  captureLog(t);
  const one = await startIsolate(t, 1);
  const dynamic = await dynamicSupervisor.startLink({ intensity: 10 });
  if (dynamic[0] !== 'ok') throw new Error('did not start');
  const top = dynamic[1];
  const start = async (): Promise<StartResult> => ['ok', await one.spawn()];
  const result = await dynamicSupervisor.startChild(top, { start });
  const first = result[1] as Pid;
  await until(async () => (await one.info(first))?.links.includes(top) === true);
  send(first, { order: 'end', reason: 'boom' });
  await until(async () => (await dynamicSupervisor.whichChildren(top))[0]?.pid !== first);
  const children = await dynamicSupervisor.whichChildren(top);
  t.match(await dynamicSupervisor.countChildren(top), { active: 1 });
  for (let more = 0; more < 20; more += 1) await dynamicSupervisor.startChild(top, { start });
  await stop(top, 'shutdown');
  t.equal(await one.alive(children[0]?.pid as Pid), false);
});

void t.test(
  'a remote child that died while its supervisor was busy is no shutdown error',
  async t => {
    const events = captureLog(t);
    const one = await startIsolate(t, 1);
    const spec = remoteChild(1, { restart: 'temporary' });
    const top = await startSupervisor(spec);
    const child = await childOf(top);
    // Its exit is in the supervisor's mailbox when the request to end it is handled.
    exit(child, 'shutdown');
    await one.alive(child);
    const ended = await supervisor.terminateChild(top, 'remote');
    t.ok(ended === 'ok' || ended[1] === 'not_found');
    t.same(
      events.filter(({ level }) => level === 'error'),
      [],
    );
    await stop(top, 'shutdown');
  },
);

void t.test(
  'a supervisor in another isolate is asked like ours; its code is described',
  async t => {
    captureLog(t);
    const one = await startIsolate(t, 1);
    const there = await call(one.dest, { kind: 'startSupervisor' });
    t.match(await supervisor.whichChildren(there), [{ id: 'w', pid: Number, modules: [{}] }]);
    t.match(await supervisor.getChildspec(there, 'w'), ['ok', { start: '[the function start]' }]);
    t.match(await supervisor.countChildren(at('a.supervisor', 1)), { active: 1 });
    await t.rejects(
      supervisor.startChild(there, remoteChild(1)),
      /the value.spec.start is the function/,
    );
    t.equal(await supervisor.terminateChild(there, 'w'), 'ok');
    t.match(await supervisor.whichChildren(there), [{ id: 'w', pid: undefined }]);
    await stop(there, 'shutdown');
  },
);

void t.test('of a remote child that was ended no EXIT comes, whether or not it lived', async t => {
  captureLog(t);
  const one = await startIsolate(t, 1);
  const got: unknown[] = [];
  const reasons: unknown[] = [];
  const parent = spawn(
    async message => {
      if (!Array.isArray(message)) got.push(message);
      for (const pid of Array.isArray(message) ? (message as Pid[]) : []) {
        link(pid);
        await one.alive(pid);
        if (reasons.length === 1) send(pid, { order: 'end', reason: 'by itself' });
        if (reasons.length === 1) await one.alive(pid);
        reasons.push(await endProcess({ pid, shutdown: 'infinity' }));
      }
    },
    { trapExit: true },
  );
  send(parent, [await one.spawn(), await one.spawn()]);
  await until(() => reasons.length === 2);
  await one.spawn();
  t.same(reasons, ['shutdown', 'by itself']);
  t.same(got, []);
  t.same(processInfo(parent)?.links, []);
});

void t.test('a server with a parent elsewhere is linked to it and obeys its exit', async t => {
  captureLog(t);
  const one = await startIsolate(t, 1);
  const parent = spawn(() => undefined);
  const request = { kind: 'startServer', supervisor: parent, trapExit: true } as const;
  const child = await call(one.dest, request);
  t.same((await one.info(child))?.links, [parent]);
  // It traps exits; a parent's is no message to it all the same.
  exit(parent, 'kill');
  await until(async () => !(await one.alive(child)));
  // One whose parent is dead already ends at once.
  const orphan = await call(one.dest, request);
  await until(async () => !(await one.alive(orphan)));
});
