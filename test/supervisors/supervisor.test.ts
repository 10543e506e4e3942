import t from 'tap';
import { exit, isAlive, setClock, start, stop, sys, whereis } from '../../actors/index.ts';
import type { Pid } from '../../actors/index.ts';
import { createVirtualClock, settle } from '../../actors/testing.ts';
import { supervisor } from '../../supervisors/index.ts';
import type { ChildSpec, SupervisorFlags } from '../../supervisors/index.ts';
import { captureLog } from '../actors/capture-log.ts';
import type { Teardown } from './children-kit.ts';
import { until } from '../actors/until.ts';
import { childSpec, crash, newScript, pidOf, removeAtEnd } from './children-kit.ts';

async function tree(t: Teardown, flags: SupervisorFlags, specs: ChildSpec[]): Promise<Pid> {
  const result = await supervisor.startLink(() => [flags, specs]);
  if (result[0] !== 'ok') throw new Error(`did not start: ${JSON.stringify(result)}`);
  return removeAtEnd(t, result[1]);
}

function abc(story: string[]) {
  const scripts = { a: newScript(story), b: newScript(story), c: newScript(story) };
  const specs = [childSpec('a', scripts.a), childSpec('b', scripts.b), childSpec('c', scripts.c)];
  return { scripts, specs };
}

void t.test('starts in order, ends in reverse', async t => {
  captureLog(t);
  const story: string[] = [];
  const pid = await tree(t, {}, abc(story).specs);
  await stop(pid, 'shutdown');
  t.same(story, ['+a', '+b', '+c', '-c', '-b', '-a']);
});

void t.test('one_for_one restarts the child alone', async t => {
  captureLog(t);
  const story: string[] = [];
  await tree(t, { strategy: 'one_for_one' }, abc(story).specs);
  const [a, b, c] = [pidOf('a'), pidOf('b'), pidOf('c')];
  exit(b, 'kill');
  await until(() => whereis('b') !== undefined);
  t.not(pidOf('b'), b);
  t.same([pidOf('a'), pidOf('c')], [a, c]);
  t.same(story, ['+a', '+b', '+c', '+b']);
});

void t.test('one_for_all ends the others in reverse and starts all in order', async t => {
  captureLog(t);
  const story: string[] = [];
  await tree(t, { strategy: 'one_for_all' }, abc(story).specs);
  exit(pidOf('b'), 'kill');
  await until(() => story.length === 8);
  t.same(story.slice(3), ['-c', '-a', '+a', '+b', '+c']);
});

void t.test('rest_for_one touches only those started after it', async t => {
  captureLog(t);
  const story: string[] = [];
  await tree(t, { strategy: 'rest_for_one' }, abc(story).specs);
  exit(pidOf('b'), 'kill');
  await until(() => story.length === 6);
  t.same(story.slice(3), ['-c', '+b', '+c']);
});

void t.test('permanent, transient and temporary', async t => {
  captureLog(t);
  const script = newScript();
  const pid = await tree(t, { intensity: 10 }, [
    childSpec('permanent', script),
    childSpec('transient', script, { restart: 'transient' }),
    childSpec('temporary', script, { restart: 'temporary' }),
  ]);
  for (const reason of ['normal', 'shutdown', ['shutdown', 1]]) {
    await crash('permanent', reason);
    await until(() => whereis('permanent') !== undefined);
  }
  await crash('transient', 'odd');
  await until(() => whereis('transient') !== undefined);
  await crash('transient', ['shutdown', 1]);
  await crash('temporary', 'odd');
  t.same(
    (await supervisor.whichChildren(pid)).map(({ id, pid }) => [id, typeof pid]),
    [
      ['transient', 'undefined'],
      ['permanent', 'number'],
    ],
  );
});

void t.test('past the intensity it reports and ends with shutdown', async t => {
  const events = captureLog(t);
  const clock = createVirtualClock();
  const old = setClock(clock);
  t.teardown(() => setClock(old));
  const pid = await tree(t, { intensity: 2, period: 5 }, [childSpec('a', newScript())]);
  const crashes = async () => {
    exit(pidOf('a'), 'kill');
    await settle();
  };
  await crashes();
  await clock.advance(3_000);
  await crashes();
  await clock.advance(3_000);
  await crashes();
  t.ok(isAlive(pid), 'at 6 s the one of 0 s no longer counts');
  await clock.advance(2_999);
  await crashes();
  t.notOk(isAlive(pid), 'at 8.999 s the one of 3 s still does: whole seconds, inclusive');
  t.match(events.filter(({ report }) => report.kind === 'supervisor').at(-1)?.report, {
    errorContext: 'shutdown',
    reason: 'reached_max_restart_intensity',
    offender: { id: 'a' },
  });
});

void t.test('a failed restart counts each time, and requests come between', async t => {
  captureLog(t);
  const script = newScript();
  const pid = await tree(t, { intensity: 5, period: 60 }, [childSpec('a', script)]);
  script.refuse = 'not now';
  exit(pidOf('a'), 'kill');
  await until(() => !isAlive(pid));
  t.equal(script.starts, 1 + 5, 'the incident and four failed retries; the next is too many');
});

void t.test('terminateChild ends a retry loop', async t => {
  captureLog(t);
  const script = newScript();
  const pid = await tree(t, { intensity: 1_000_000, period: 60 }, [childSpec('a', script)]);
  script.refuse = 'not now';
  exit(pidOf('a'), 'kill');
  await until(() => script.starts > 3);
  t.match(await supervisor.restartChild(pid, 'a'), ['error', 'restarting']);
  t.match(await supervisor.deleteChild(pid, 'a'), ['error', 'restarting']);
  t.match(await supervisor.countChildren(pid), { specs: 1, active: 0, workers: 1 });
  t.equal(await supervisor.terminateChild(pid, 'a'), 'ok');
  t.equal(await supervisor.terminateChild(pid, 'a'), 'ok');
  const { starts } = script;
  await settle();
  t.equal(script.starts, starts);
  delete script.refuse;
  t.match(await supervisor.restartChild(pid, 'a'), ['ok', Number]);
});

void t.test('a child that fails at the start takes the started ones down in reverse', async t => {
  captureLog(t);
  const story: string[] = [];
  const { scripts, specs } = abc(story);
  scripts.c.refuse = 'broken';
  t.same(await supervisor.startLink(() => [{}, specs]), [
    'error',
    ['shutdown', ['failed_to_start_child', 'c', 'broken']],
  ]);
  t.same(story, ['+a', '+b', '-b', '-a']);
});

void t.test('administration answers as OTP does', async t => {
  captureLog(t);
  const script = newScript();
  const pid = await tree(t, {}, [childSpec('a', script)]);
  const a = pidOf('a');
  t.same(await supervisor.startChild(pid, childSpec('a', script)), [
    'error',
    ['already_started', a],
  ]);
  t.same(await supervisor.restartChild(pid, 'a'), ['error', 'running']);
  t.same(await supervisor.deleteChild(pid, 'a'), ['error', 'running']);
  t.equal(await supervisor.terminateChild(pid, 'a'), 'ok');
  t.same(await supervisor.startChild(pid, childSpec('a', script)), ['error', 'already_present']);
  t.equal(await supervisor.deleteChild(pid, 'a'), 'ok');
  for (const answer of [
    await supervisor.restartChild(pid, 'a'),
    await supervisor.deleteChild(pid, 'a'),
    await supervisor.terminateChild(pid, 'a'),
    await supervisor.getChildspec(pid, 'a'),
  ]) {
    t.same(answer, ['error', 'not_found']);
  }
  script.refuse = 'why not';
  t.match(await supervisor.startChild(pid, childSpec('b', script)), [
    'error',
    ['why not', { id: 'b', restart: 'permanent' }],
  ]);
  script.refuse = 'ignore';
  t.same(await supervisor.startChild(pid, childSpec('c', script)), ['ok', undefined]);
  t.same(await supervisor.startChild(pid, childSpec('d', script, { restart: 'temporary' })), [
    'ok',
    undefined,
  ]);
  delete script.refuse;
  await supervisor.startChild(pid, childSpec('e', script, { type: 'supervisor' }));
  t.match(await supervisor.whichChildren(pid), [{ id: 'e', pid: Number }, { id: 'c' }]);
  t.same(await supervisor.countChildren(pid), { specs: 2, active: 1, supervisors: 1, workers: 1 });
  t.match(await supervisor.getChildspec(pid, 'e'), ['ok', { shutdown: 'infinity' }]);
  const f = childSpec('f', newScript(), { shutdown: Infinity });
  await supervisor.startChild(pid, f);
  t.match(await supervisor.getChildspec(pid, 'f'), ['ok', { shutdown: 'infinity' }]);
  await supervisor.terminateChild(pid, 'f');
  await supervisor.deleteChild(pid, 'f');
});

void t.test('shutdown: a child that does not end in time is killed, and reported', async t => {
  const events = captureLog(t);
  const clock = createVirtualClock();
  const old = setClock(clock);
  t.teardown(() => setClock(old));
  const script = newScript();
  script.terminate = () => new Promise(() => undefined);
  const pid = await tree(t, {}, [childSpec('slow', script, { shutdown: 100 })]);
  const slow = pidOf('slow');
  const ended = supervisor.terminateChild(pid, 'slow');
  await clock.advance(99);
  t.ok(isAlive(slow));
  await clock.advance(1);
  t.notOk(isAlive(slow));
  t.equal(await ended, 'ok');
  t.match(events.at(-1)?.report, { errorContext: 'shutdown_error', reason: 'killed' });
});

void t.test('brutal_kill expects killed', async t => {
  const events = captureLog(t);
  const pid = await tree(t, {}, [childSpec('a', newScript(), { shutdown: 'brutal_kill' })]);
  await supervisor.terminateChild(pid, 'a');
  t.notOk(events.some(({ report }) => report.kind === 'supervisor'));
});

void t.test('significant children and auto_shutdown', async t => {
  captureLog(t);
  const one = { restart: 'transient', significant: true } as const;
  const script = newScript();
  const any = await tree(t, { autoShutdown: 'any_significant' }, [
    childSpec('a', script, one),
    childSpec('b', script, one),
  ]);
  await crash('a', 'normal');
  await until(() => !isAlive(any));
  const all = await tree(t, { autoShutdown: 'all_significant', intensity: 5 }, [
    childSpec('a', script, one),
    childSpec('b', script, one),
  ]);
  await crash('a', 'normal');
  await settle();
  t.ok(isAlive(all));
  await crash('b', 'odd');
  await until(() => whereis('b') !== undefined);
  t.ok(isAlive(all), 'an abnormal end restarts it');
  await crash('b', 'normal');
  await until(() => !isAlive(all));
});

void t.test('simple_one_for_one: one spec, arguments per child, by pid', async t => {
  captureLog(t);
  const seen: unknown[][] = [];
  const script = newScript();
  const template: ChildSpec = {
    id: 'template',
    start: (...args: unknown[]) => {
      seen.push(args);
      return childSpec(String(args[0]), script).start();
    },
  };
  const pid = await tree(t, { strategy: 'simple_one_for_one', intensity: 3 }, [template]);
  await supervisor.startChild(pid, ['x', 1]);
  await supervisor.startChild(pid, ['y', 2]);
  const x = pidOf('x');
  exit(x, 'kill');
  await until(() => whereis('x') !== undefined);
  t.same(seen, [
    ['x', 1],
    ['y', 2],
    ['x', 1],
  ]);
  t.same(await supervisor.restartChild(pid, 'x'), ['error', 'simple_one_for_one']);
  t.same(await supervisor.terminateChild(pid, 'x'), ['error', 'simple_one_for_one']);
  t.equal(await supervisor.terminateChild(pid, x), 'ok', 'what is dead has been terminated');
  t.same(await supervisor.terminateChild(pid, pid), ['error', 'not_found'], 'it lives elsewhere');
  t.equal(await supervisor.terminateChild(pid, pidOf('x')), 'ok');
  t.same(await supervisor.countChildren(pid), { specs: 1, active: 1, supervisors: 0, workers: 1 });
});

void t.test('bad flags and specs are refused with their tags', async t => {
  captureLog(t);
  const refused = async (flags: object, specs: unknown = []) =>
    (await supervisor.startLink(() => [flags, specs] as never))[1];
  t.same(await refused({ strategy: 'x' }), ['supervisor_data', ['invalid_strategy', 'x']]);
  t.same(await refused({ intensity: -1 }), ['supervisor_data', ['invalid_intensity', -1]]);
  t.same(await refused({ period: 0 }), ['supervisor_data', ['invalid_period', 0]]);
  t.same(await refused({ autoShutdown: 1 }), ['supervisor_data', ['invalid_auto_shutdown', 1]]);
  for (const bad of [-1, 0.5, '5']) {
    t.same(await refused({ hibernateAfter: bad }), [
      'supervisor_data',
      ['invalid_hibernate_after', bad],
    ]);
  }
  for (const [flag, tag] of [
    ['strategy', 'invalid_strategy'],
    ['intensity', 'invalid_intensity'],
    ['period', 'invalid_period'],
    ['autoShutdown', 'invalid_auto_shutdown'],
    ['hibernateAfter', 'invalid_hibernate_after'],
  ] as const) {
    t.same(await refused({ [flag]: null }), ['supervisor_data', [tag, null]], 'null is no default');
  }
  for (const hibernateAfter of [0, 1_000, 'infinity', Infinity] as const) {
    const [tag, pid] = await supervisor.startLink(() => [{ hibernateAfter }, []]);
    t.equal(tag, 'ok', `hibernateAfter: ${hibernateAfter}`);
    removeAtEnd(t, pid as Pid);
  }
  t.same(await refused(['one_for_one', 1, 5] as never), [
    'supervisor_data',
    ['invalid_type', ['one_for_one', 1, 5]],
  ]);
  t.same(await refused({ strategy: 'one_for_all', intensityPer: 'child' }), [
    'supervisor_data',
    [
      'bad_combination',
      [
        ['intensity_per', 'child'],
        ['strategy', 'one_for_all'],
      ],
    ],
  ]);
  t.same(await refused({}, 'none'), ['start_spec', ['badarg', 'none']]);
  t.same(await refused({}, ['none']), ['start_spec', ['invalid_child_spec', 'none']]);
  t.match(await refused({ strategy: 'simple_one_for_one' }, []), ['bad_start_spec', []]);
  t.match((await supervisor.startLink(() => 5 as never))[1], ['bad_return', Array]);
  t.same(await supervisor.startLink(() => 'ignore'), ['ignore']);
  const good = childSpec('a', newScript());
  const check = (change: object) => supervisor.checkChildspecs([{ ...good, ...change }], 'never');
  t.same(check({}), 'ok');
  t.same(check({ id: undefined }), ['error', 'missing_id']);
  t.same(check({ start: undefined }), ['error', 'missing_start']);
  t.same(check({ start: 1 }), ['error', ['invalid_mfa', 1]]);
  t.same(check({ restart: 'x' }), ['error', ['invalid_restart_type', 'x']]);
  t.same(check({ type: 'x' }), ['error', ['invalid_child_type', 'x']]);
  t.same(check({ shutdown: -1 }), ['error', ['invalid_shutdown', -1]]);
  t.same(check({ modules: 1 }), ['error', ['invalid_modules', 1]]);
  t.same(check({ significant: 1 }), ['error', ['invalid_significant', 1]]);
  for (const [field, tag] of [
    ['restart', 'invalid_restart_type'],
    ['shutdown', 'invalid_shutdown'],
    ['type', 'invalid_child_type'],
    ['modules', 'invalid_modules'],
    ['significant', 'invalid_significant'],
  ] as const) {
    t.same(check({ [field]: null }), ['error', [tag, null]], 'null is no default');
  }
  t.same(check({ modules: [1] }), ['error', ['invalid_module', 1]]);
  t.same(check({ modules: [undefined] }), ['error', ['invalid_module', undefined]]);
  t.same(check({ modules: ['m', {}] }), 'ok', 'modules, or names of modules');
  t.same(check({ silly: true }), 'ok', 'unexpected fields are ignored');
  t.same(check({ significant: true, shutdown: -1 }), [
    'error',
    [
      'bad_combination',
      [
        ['auto_shutdown', 'never'],
        ['significant', true],
      ],
    ],
  ]);
  t.same(supervisor.checkChildspecs([{ ...good, significant: true }], 'any_significant'), [
    'error',
    [
      'bad_combination',
      [
        ['restart', 'permanent'],
        ['significant', true],
      ],
    ],
  ]);
  t.same(supervisor.checkChildspecs(good as never), ['error', ['badarg', good]]);
  t.same(supervisor.checkChildspecs([], 'sometimes' as never), ['error', ['badarg', 'sometimes']]);
  t.same(supervisor.checkChildspecs([good, good]), ['error', ['duplicate_child_name', 'a']]);
});

void t.test(
  'per child: a child past its budget is given up, the others notice nothing',
  async t => {
    const events = captureLog(t);
    const script = newScript();
    const pid = await tree(t, { intensity: 2, period: 60, intensityPer: 'child' }, [
      childSpec('a', script),
      childSpec('b', script),
    ]);
    const b = pidOf('b');
    for (let times = 0; times < 3; times += 1) {
      exit(pidOf('a'), 'kill');
      await settle();
    }
    t.ok(isAlive(pid));
    t.equal(pidOf('b'), b);
    t.match(await supervisor.whichChildren(pid), [{ id: 'b' }]);
    t.match(events.at(-1)?.report, { reason: 'reached_max_restart_intensity' });
  },
);

void t.test('a child that its start did not link is refused', async t => {
  captureLog(t);
  const server = { init: () => ['ok', null] as const };
  const unlinked = { id: 'a', start: () => start(server, undefined, { name: 'unlinked' }) };
  t.same(await supervisor.startLink(() => [{}, [unlinked]]), [
    'error',
    ['shutdown', ['failed_to_start_child', 'a', 'not_linked']],
  ]);
  t.equal(whereis('unlinked'), undefined, 'and leaves nothing behind');
});

void t.test('one that was there before is refused and left alone', async t => {
  captureLog(t);
  const [, there] = (await start({ init: () => ['ok', null] }, undefined)) as readonly ['ok', Pid];
  const unlinked = { id: 'a', start: () => ['ok', there] as const };
  t.match(await supervisor.startLink(() => [{}, [unlinked]]), ['error']);
  t.ok(isAlive(there));
  exit(there, 'kill');
});

void t.test(
  'code change of a supervisor: adds unstarted, keeps removed, updates changed',
  async t => {
    captureLog(t);
    const script = newScript();
    const old = [childSpec('a', script), childSpec('b', script)];
    const pid = await tree(t, {}, old);
    const a = pidOf('a');
    const next = { init: () => [{}, [childSpec('c', script), { ...old[0], shutdown: 7 }]] };
    await sys.suspend(pid);
    await sys.changeCode(pid, next, 1, null);
    await sys.resume(pid);
    t.same(
      (await supervisor.whichChildren(pid)).map(({ id, pid }) => [id, pid]),
      [
        ['b', pidOf('b')],
        ['a', a],
        ['c', undefined],
      ],
    );
    t.match(await supervisor.getChildspec(pid, 'a'), ['ok', { shutdown: 7 }]);
  },
);

void t.test('one_for_all: a sibling that fails becomes the failing child', async t => {
  captureLog(t);
  const story: string[] = [];
  const { scripts, specs } = abc(story);
  const pid = await tree(t, { strategy: 'one_for_all', intensity: 1_000_000 }, specs);
  scripts.b.refuse = 'not now';
  exit(pidOf('c'), 'kill');
  await until(() => scripts.b.starts > 2);
  t.equal(scripts.c.starts, 1, 'what comes after the failing one waits for it');
  t.match(await supervisor.whichChildren(pid), [{ pid: undefined }, { pid: 'restarting' }, {}]);
  delete scripts.b.refuse;
  await until(() => whereis('c') !== undefined);
  t.same(story.slice(-4), ['-a', '+a', '+b', '+c'], 'each try begins with all of them again');
});
