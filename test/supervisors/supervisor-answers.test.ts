/** Answers of `supervisor.erl` that one meets less often than those in `supervisor.test.ts`. */
import t from 'tap';
import {
  call,
  cast,
  Exit,
  exit,
  isAlive,
  self,
  send,
  setClock,
  spawn,
  spawnLink,
  startLink,
  stop,
  sys,
  unlink,
  whereis,
} from '../../actors/index.ts';
import type { GenServer, Pid } from '../../actors/index.ts';
import { createVirtualClock, settle } from '../../actors/testing.ts';
import type { ViaModule } from '../../actors/via-name.ts';
import {
  dynamicSupervisor,
  partitionSupervisor,
  supervisor,
  taskSupervisor,
} from '../../supervisors/index.ts';
import type { ChildSpec, SupervisorFlags, SupervisorInit } from '../../supervisors/index.ts';
import { captureLog } from '../actors/capture-log.ts';
import type { Teardown } from './children-kit.ts';
import { until } from '../actors/until.ts';
import { childSpec, crash, newScript, pidOf, removeAtEnd } from './children-kit.ts';

async function tree(t: Teardown, flags: SupervisorFlags, specs: ChildSpec[]): Promise<Pid> {
  const result = await supervisor.startLink(() => ['ok', [flags, specs]]);
  if (result[0] !== 'ok') throw new Error(`did not start: ${JSON.stringify(result)}`);
  return removeAtEnd(t, result[1]);
}

const idle: GenServer<undefined, null> = { init: () => ['ok', null] };

void t.test('what a start adds to its pid is handed on, and not kept', async t => {
  captureLog(t);
  const spec: ChildSpec = {
    id: 'a',
    start: async () => {
      const started = await startLink(idle, undefined, { name: 'a' });
      return started[0] === 'ok' ? ['ok', started[1], 'extra'] : started;
    },
  };
  const pid = await tree(t, { intensity: 3 }, []);
  t.same(await supervisor.startChild(pid, spec), ['ok', pidOf('a'), 'extra']);
  t.equal(await supervisor.terminateChild(pid, 'a'), 'ok');
  t.same(await supervisor.restartChild(pid, 'a'), ['ok', pidOf('a'), 'extra']);
  const first = pidOf('a');
  exit(first, 'kill');
  await until(() => whereis('a') !== undefined && whereis('a') !== first);
  t.same(await supervisor.whichChildren(pid), [
    { id: 'a', pid: pidOf('a'), type: 'worker', modules: 'dynamic' },
  ]);
  const simple = await tree(t, { strategy: 'simple_one_for_one' }, [{ ...spec, id: 'simple' }]);
  await supervisor.terminateChild(pid, 'a');
  t.same(await supervisor.startChild(simple, []), ['ok', pidOf('a'), 'extra']);
});

void t.test(
  'what is no outcome of a start is the error, and a start that raises is told of',
  async t => {
    captureLog(t);
    const pid = await tree(t, {}, []);
    const answer = async (start: unknown) => {
      const result = await supervisor.startChild(pid, { id: 'a', start: start as never });
      return (result[1] as unknown[])[0];
    };
    t.same(await answer(() => 'nonsense'), 'nonsense');
    t.same(await answer(() => ['ok', 'no pid']), ['ok', 'no pid']);
    t.same(await answer(() => ['ok', pid, 1, 2]), ['ok', pid, 1, 2]);
    t.same(await answer(() => ['error', 'why']), 'why');
    t.same(
      await answer(() => {
        throw new Exit('gone');
      }),
      ['EXIT', 'gone'],
    );
    t.match(
      await answer(() => {
        throw new Error('broken');
      }),
      ['EXIT', { reason: /broken/, stack: String }],
    );
    t.same(await answer(() => Promise.reject(new Exit('later'))), ['EXIT', 'later']);
    t.same(await supervisor.startChild(pid, { id: 'a', start: () => 'ignore' }), ['ok', undefined]);
  },
);

void t.test('a child between two tries is present, not started, and can be terminated', async t => {
  captureLog(t);
  const script = newScript();
  const pid = await tree(t, { intensity: 1_000_000, period: 60 }, [childSpec('a', script)]);
  script.refuse = 'not now';
  exit(pidOf('a'), 'kill');
  await until(() => script.starts > 2);
  t.same(await supervisor.startChild(pid, childSpec('a', script)), ['error', 'already_present']);
  t.match(await supervisor.whichChild(pid, 'a'), ['ok', { id: 'a', pid: 'restarting' }]);
  t.equal(await supervisor.terminateChild(pid, 'a'), 'ok');
  t.match(await supervisor.whichChild(pid, 'a'), ['ok', { id: 'a', pid: undefined }]);
  t.same(await supervisor.whichChild(pid, 'b'), ['error', 'not_found']);
});

void t.test('a name that the start finds taken is told as it is', async t => {
  captureLog(t);
  const pid = await tree(t, {}, [childSpec('a', newScript())]);
  const again = { ...childSpec('a', newScript()), id: 'b' };
  t.same(await supervisor.startChild(pid, again), ['error', ['already_started', pidOf('a')]]);
  t.same(await supervisor.terminateChild(pid, pidOf('a')), ['error', 'not_found'], 'no pids here');
});

void t.test('active counts who lives, not who is thought to', async t => {
  captureLog(t);
  const pid = await tree(t, {}, [childSpec('a', newScript()), childSpec('b', newScript())]);
  const counted = supervisor.countChildren(pid);
  exit(pidOf('a'), 'kill');
  t.same(await counted, { specs: 2, active: 1, supervisors: 0, workers: 2 });
});

void t.test('simple_one_for_one: its specification is found by pid and by id', async t => {
  captureLog(t);
  const script = newScript();
  const template = { ...childSpec('x', script), id: 'template' };
  const pid = await tree(t, { strategy: 'simple_one_for_one' }, [template]);
  t.same(await supervisor.startChild(pid, 5 as never), ['error', ['EXIT', ['badarg', 5]]]);
  const [, x] = await supervisor.startChild(pid, []);
  t.match(await supervisor.getChildspec(pid, x as Pid), ['ok', { id: 'template' }]);
  t.match(await supervisor.getChildspec(pid, 'template'), ['ok', { id: 'template' }]);
  t.same(await supervisor.getChildspec(pid, 'x'), ['error', 'not_found']);
  t.match(await supervisor.whichChild(pid, x as Pid), ['ok', { id: undefined, pid: x }]);
  t.same(await supervisor.whichChild(pid, 'template'), ['error', 'simple_one_for_one']);
  t.same(await supervisor.restartChild(pid, 'x'), ['error', 'simple_one_for_one']);
  t.same(await supervisor.deleteChild(pid, 'x'), ['error', 'simple_one_for_one']);
  t.equal(await supervisor.terminateChild(pid, x as Pid), 'ok');
  script.refuse = 'bad';
  t.same(await supervisor.startChild(pid, []), ['error', 'bad'], 'without the specification');
  script.refuse = 'ignore';
  t.same(await supervisor.startChild(pid, []), ['ok', undefined]);
  t.match(await supervisor.countChildren(pid), { specs: 1, active: 0 });
});

void t.test('simple_one_for_one: one shutdown_error for all that ended alike', async t => {
  const events = captureLog(t);
  const clock = createVirtualClock();
  const old = setClock(clock);
  t.teardown(() => setClock(old));
  const script = newScript();
  script.terminate = () => new Promise(() => undefined);
  const template: ChildSpec = {
    id: 'template',
    start: name => childSpec(String(name), script).start(),
    shutdown: 100,
  };
  const pid = await tree(t, { strategy: 'simple_one_for_one' }, [template]);
  for (const name of ['x', 'y', 'z']) await supervisor.startChild(pid, [name]);
  const stopped = stop(pid, 'shutdown');
  await clock.advance(100);
  await stopped;
  const reports = events.filter(({ report }) => report.kind === 'supervisor');
  t.equal(reports.length, 1);
  t.match(reports[0]?.report, {
    errorContext: 'shutdown_error',
    reason: 'killed',
    offender: { id: 'template', pid: undefined, nbChildren: 3 },
  });
  t.notOk(
    events.some(({ report }) => report.kind === 'progress'),
    'and no progress reports',
  );
});

void t.test('an unexpected message is told of; an unexpected request ends it', async t => {
  const events = captureLog(t);
  const pid = await tree(t, {}, [childSpec('a', newScript())]);
  send(pid, { kind: 'what' });
  await settle();
  t.match(events.at(-1), { level: 'error', report: { text: /unexpected message/ } });
  await t.rejects(call(pid, { kind: 'what' }), /function_clause/);
  t.notOk(isAlive(pid));
  t.equal(whereis('a'), undefined, 'its children are ended first');
  const other = await tree(t, {}, []);
  cast(other, 'what');
  await until(() => !isAlive(other));
});

void t.test('the exit of its parent ends it, of anybody else it does not', async t => {
  captureLog(t);
  const story: string[] = [];
  const results: (readonly unknown[])[] = [];
  const parent = spawn(async () => {
    const specs = [childSpec('a', newScript(story)), childSpec('b', newScript(story))];
    results.push(await supervisor.startLink(() => [{}, specs]));
  });
  send(parent, 'go');
  await until(() => results.length === 1);
  const pid = results[0]?.[1] as Pid;
  exit(pid, 'because');
  await settle();
  t.ok(isAlive(pid), 'an exit signal of a stranger is the end of an unknown child');
  exit(parent, 'over');
  await until(() => !isAlive(pid));
  t.same(story.slice(2), ['-b', '-a']);
});

void t.test('a supervisor in a supervisor: started in its init, ended without a time', async t => {
  const events = captureLog(t);
  const script = newScript();
  script.trapExit = false;
  const inner = (): ReturnType<typeof supervisor.startLink> =>
    supervisor.startLink(() => [{}, [childSpec('leaf', script)]], undefined, {
      name: 'inner',
    });
  const pid = await tree(t, {}, [{ id: 'inner', start: inner, type: 'supervisor' }]);
  const leaf = pidOf('leaf');
  exit(pidOf('inner'), 'kill');
  await until(() => whereis('leaf') !== undefined && whereis('leaf') !== leaf);
  await stop(pid, 'shutdown');
  t.equal(whereis('inner'), undefined);
  const started = events.flatMap(({ report }) => (report.kind === 'progress' ? [report] : []));
  t.same(
    started.map(({ started: { id } }) => id),
    ['leaf', 'inner', 'leaf', 'inner'],
    'inner ones come up first',
  );
});

void t.test('a child that unlinks itself is ended all the same', async t => {
  const events = captureLog(t);
  let naughty: Pid | undefined;
  const spec: ChildSpec = {
    id: 'naughty',
    start: async () => {
      const supervising = self();
      naughty = spawnLink(() => unlink(supervising));
      send(naughty, 'unlink');
      return ['ok', naughty];
    },
  };
  const pid = await tree(t, {}, [spec]);
  await settle();
  t.equal(await supervisor.terminateChild(pid, 'naughty'), 'ok');
  t.notOk(isAlive(naughty as Pid));
  t.notOk(events.some(({ report }) => report.kind === 'supervisor'));
});

void t.test('one that unlinked itself and died unseen: child_process_unlinked', async t => {
  const events = captureLog(t);
  let naughty: Pid | undefined;
  const spec: ChildSpec = {
    id: 'naughty',
    start: () => {
      const supervising = self();
      naughty = spawnLink(() => {
        unlink(supervising);
        throw new Exit('gone');
      });
      return ['ok', naughty];
    },
  };
  const pid = await tree(t, {}, [spec]);
  send(naughty as Pid, 'die');
  await until(() => !isAlive(naughty as Pid));
  t.equal(await supervisor.terminateChild(pid, 'naughty'), 'ok');
  const reports = events.filter(({ report }) => report.kind === 'supervisor');
  t.match(
    reports.map(({ report }) => report),
    [{ errorContext: 'shutdown_error', reason: 'child_process_unlinked' }],
  );
});

void t.test(
  'progress: info for what a supervisor starts, debug for what it is asked to',
  async t => {
    const events = captureLog(t);
    const levels = (): string[] =>
      events.splice(0).flatMap(({ level, report }) => (report.kind === 'progress' ? [level] : []));
    const pid = await tree(t, { intensity: 3 }, [childSpec('a', newScript())]);
    t.same(levels(), ['info'], 'the first start');
    await supervisor.startChild(pid, childSpec('b', newScript()));
    t.same(levels(), ['debug'], 'startChild');
    await supervisor.terminateChild(pid, 'b');
    await supervisor.restartChild(pid, 'b');
    t.same(levels(), ['debug'], 'restartChild');
    const first = pidOf('b');
    exit(first, 'kill');
    await until(() => whereis('b') !== undefined && whereis('b') !== first);
    t.same(levels(), ['info'], 'a restart');
  },
);

void t.test('an id is any term, compared by its contents', async t => {
  const events = captureLog(t);
  const start = (): ReturnType<ChildSpec['start']> => startLink(idle, undefined);
  const specs = [{ id: ['child', 1], start }];
  const pid = await tree(t, { strategy: 'rest_for_one', intensity: 5 }, specs);
  t.match(events[0]?.report, { kind: 'progress', started: { id: "[ 'child', 1 ]" } });
  t.match(await supervisor.startChild(pid, { id: { user: 7, room: [1] }, start }), ['ok', Number]);
  t.match(await supervisor.startChild(pid, { id: ['child', 1], start }), [
    'error',
    ['already_started', Number],
  ]);
  t.match(await supervisor.whichChild(pid, { room: [1], user: 7 }), ['ok', { id: { user: 7 } }]);
  t.same(await supervisor.whichChild(pid, ['child', 2]), ['error', 'not_found']);
  t.match(await supervisor.getChildspec(pid, ['child', 1]), ['ok', { id: ['child', 1] }]);
  t.equal(await supervisor.terminateChild(pid, ['child', 1]), 'ok');
  t.match(await supervisor.restartChild(pid, ['child', 1]), ['ok', Number]);
  const [, first] = await supervisor.whichChildren(pid);
  exit(first?.pid as Pid, 'kill');
  await settle();
  t.match(await supervisor.whichChildren(pid), [
    { id: { user: 7 }, pid: Number },
    { id: ['child', 1], pid: Number },
  ]);
  t.equal(await supervisor.terminateChild(pid, { user: 7, room: [1] }), 'ok');
  t.equal(await supervisor.deleteChild(pid, { user: 7, room: [1] }), 'ok');
  t.match(await supervisor.countChildren(pid), { specs: 1, active: 1 });
  t.same(supervisor.checkChildspecs([...specs, { id: ['child', 1], start }]), [
    'error',
    ['duplicate_child_name', ['child', 1]],
  ]);
});

void t.test('what init must not answer, and what is no module', async t => {
  captureLog(t);
  const module = (answer: unknown) => ({ name: 'module', init: () => answer as never });
  const start = async (answer: unknown) => supervisor.startLink(module(answer));
  for (const bad of [
    undefined,
    5,
    [],
    ['ok'],
    ['ok', {}, []],
    ['ok', [{}, []], 'more'],
    ['error', 'why'],
    ['stop', 'why'],
  ]) {
    t.same(await start(bad), ['error', ['bad_return', ['module', 'init', bad]]]);
  }
  t.same(await start('ignore'), ['ignore']);
  t.same(await start(['ignore']), ['ignore']);
  t.same(await start([{}, 'x']), ['error', ['start_spec', ['badarg', 'x']]]);
  for (const none of [undefined, null, 5, 'name', {}, { init: 1 }]) {
    t.throws(
      () => supervisor.startLink(none as never),
      /expects an object with the functions init/,
    );
  }
  for (const none of [null, 5, 'name', ['name']] as never[]) {
    t.throws(() => supervisor.startLink(module('ignore'), undefined, none), /its options/);
    t.throws(() => dynamicSupervisor.startLink(none), /its options/);
    t.throws(() => taskSupervisor.startLink(none), /its options/);
    t.throws(() => partitionSupervisor.startLink(none), /its options/);
  }
});

void t.test('what a start throws and is no error is its outcome, as catch gives it', async t => {
  captureLog(t);
  const pid = await tree(t, {}, []);
  const throwing = (id: string, thrown: unknown, later: boolean): ChildSpec => ({
    id,
    start: later
      ? async () => {
          throw thrown;
        }
      : () => {
          throw thrown;
        },
  });
  for (const later of [false, true]) {
    t.match(await supervisor.startChild(pid, throwing('a', 'oops', later)), ['error', ['oops']]);
    t.match(await supervisor.startChild(pid, throwing('a', ['error', 'why'], later)), [
      'error',
      ['why'],
    ]);
    t.same(await supervisor.startChild(pid, throwing('a', 'ignore', later)), ['ok', undefined]);
    t.equal(await supervisor.deleteChild(pid, 'a'), 'ok');
    t.match(await supervisor.startChild(pid, throwing('a', new Exit('bare'), later)), [
      'error',
      [['EXIT', 'bare']],
    ]);
    t.match(await supervisor.startChild(pid, throwing('a', new Error('boom'), later)), [
      'error',
      [['EXIT', { reason: { message: 'boom' } }]],
    ]);
  }
});

void t.test('children of simple_one_for_one are listed with the oldest first', async t => {
  captureLog(t);
  const template: ChildSpec = { id: 'template', start: () => startLink(idle, undefined) };
  const pid = await tree(t, { strategy: 'simple_one_for_one', intensity: 3 }, [template]);
  const pids: unknown[] = [];
  for (const _ of [1, 2, 3]) pids.push((await supervisor.startChild(pid, []))[1]);
  const listed = async (): Promise<unknown[]> =>
    (await supervisor.whichChildren(pid)).map(row => row.pid);
  t.same(await listed(), pids);
  const [oldest, ...others] = pids;
  exit(oldest as Pid, 'kill');
  t.same((await listed()).slice(0, 2), others, 'a restarted one is the youngest');
});

void t.test('{shutdown, Term} restarts a permanent child only', async t => {
  captureLog(t);
  const pid = await tree(t, { intensity: 5 }, [
    childSpec('permanent', newScript()),
    childSpec('transient', newScript(), { restart: 'transient' }),
  ]);
  for (const name of ['permanent', 'transient']) await crash(name, ['shutdown', 'term']);
  await until(() => whereis('permanent') !== undefined);
  t.match(await supervisor.whichChildren(pid), [
    { id: 'transient', pid: undefined },
    { id: 'permanent', pid: Number },
  ]);
});

for (const strategy of ['one_for_all', 'rest_for_one'] as const) {
  void t.test(`${strategy}: a temporary sibling is ended and forgotten`, async t => {
    captureLog(t);
    const script = newScript();
    const pid = await tree(t, { strategy }, [
      childSpec('a', newScript()),
      childSpec('b', script, { restart: 'temporary' }),
    ]);
    const a = pidOf('a');
    exit(a, 'kill');
    await until(() => whereis('a') !== undefined && whereis('a') !== a);
    t.match(await supervisor.whichChildren(pid), [{ id: 'a' }]);
    t.equal(script.starts, 1);
  });
}

void t.test('sys.getStatus shows flags, restarts and how many children there are', async t => {
  captureLog(t);
  const pid = await tree(t, { intensity: 3 }, [childSpec('a', newScript())]);
  exit(pidOf('a'), 'kill');
  await until(() => whereis('a') !== undefined);
  t.match(await sys.getStatus(pid), {
    status: 'running',
    state: {
      callback: { init: Function },
      flags: { strategy: 'one_for_one', intensity: 3 },
      restarts: 1,
      total: 1,
    },
  });
});

void t.test('via: a supervisor behind a name that a module keeps', async t => {
  captureLog(t);
  const names = new Map<unknown, Pid>();
  const registry: ViaModule = {
    registerName(name, pid) {
      if (names.has(name)) return 'no';
      names.set(name, pid);
      return 'yes';
    },
    unregisterName: name => names.delete(name),
    whereisName: name => names.get(name),
    send(name, message) {
      const pid = names.get(name) as Pid;
      send(pid, message);
      return pid;
    },
  };
  const name = ['via', registry, 'top'] as const;
  const start = () =>
    supervisor.startLink(() => [{}, [childSpec('a', newScript())]], undefined, { name });
  const [, pid] = await start();
  removeAtEnd(t, pid as Pid);
  t.same(await start(), ['error', ['already_started', pid]]);
  t.match(await supervisor.whichChildren(name), [{ id: 'a' }]);
  t.equal(await supervisor.terminateChild(name, 'a'), 'ok');
});

void t.test('getCallbackModule: the module that it runs, by its newest version', async t => {
  captureLog(t);
  const spec = childSpec('a', newScript());
  const module = { init: (): SupervisorInit => [{}, [spec]] };
  const result = await supervisor.startLink(module);
  const pid = removeAtEnd(t, result[1] as Pid);
  t.equal(await supervisor.getCallbackModule(pid), module);
  const next = { ...module };
  await sys.suspend(pid);
  await sys.changeCode(pid, next, 1, null);
  await sys.resume(pid);
  t.equal(await supervisor.getCallbackModule(pid), next);
});
