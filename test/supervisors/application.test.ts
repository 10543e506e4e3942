import t from 'tap';
import type { Test } from 'tap';
import { Exit, exit, stop as stopServer, whereis } from '../../actors/index.ts';
import { setNodeStopper } from '../../supervisors/application.ts';
import { application, supervisor } from '../../supervisors/index.ts';
import { captureLog } from '../actors/capture-log.ts';
import { until } from '../actors/until.ts';
import { childSpec, newScript, pidOf } from './children-kit.ts';

function top(story: string[]) {
  return () =>
    supervisor.startLink(() => [{ intensity: 0 }, [childSpec('app.child', newScript(story))]]);
}

void t.test('start phases run in order once the tree is up; stop goes the other way', async t => {
  captureLog(t);
  const story: string[] = [];
  const note = (what: string) => () => {
    story.push(what);
  };
  const spec = {
    name: 'demo',
    start: top(story),
    startPhases: [
      { name: 'one', run: note('phase one') },
      { name: 'two', run: async () => story.push('phase two') },
    ],
    prepStop: note('prepStop'),
    stop: note('stop'),
    env: { port: 80 },
  };
  t.equal(await application.start(spec), 'ok');
  t.same(await application.start(spec), ['error', ['already_started', 'demo']]);
  t.equal(application.getEnv('demo', 'port'), 80);
  t.same(application.whichApplications(), ['demo']);
  t.equal(await application.stop('demo'), 'ok');
  t.same(await application.stop('demo'), ['error', ['not_started', 'demo']]);
  t.same(story, ['+app.child', 'phase one', 'phase two', 'prepStop', '-app.child', 'stop']);
});

void t.test('start phases of another shape are refused before anything starts', async t => {
  const story: string[] = [];
  for (const phases of [[['one', 1]], [{ name: 'one' }], [null], 'one']) {
    const spec = { name: 'misshapen', start: top(story), startPhases: phases as never };
    t.same(await application.start(spec), [
      'error',
      [
        'bad_start_phase',
        phases[0] === 'o' ? 'one' : phases[0],
        'start phases are a list of { name, run() }',
      ],
    ]);
  }
  t.same(story, []);
});

void t.test('a failing phase ends the tree again', async t => {
  captureLog(t);
  const failing = {
    name: 'demo',
    start: top([]),
    startPhases: [{ name: 'open', run: () => ['error', 'port taken'] }],
  };
  t.same(await application.start(failing), ['error', ['start_phase_failed', 'open', 'port taken']]);
  t.equal(whereis('app.child'), undefined);
  const needing = { name: 'demo', start: top([]), applications: ['database'] };
  t.same(await application.start(needing), ['error', ['not_started', 'database']]);
});

void t.test('permanent, transient, temporary: what the end of the tree means', async t => {
  captureLog(t);
  const stopped: unknown[] = [];
  const old = setNodeStopper((name, reason) => {
    stopped.push([name, reason]);
  });
  t.teardown(() => {
    setNodeStopper(old);
  });
  for (const type of ['permanent', 'transient', 'temporary'] as const) {
    t.equal(await application.start({ name: type, start: top([]) }, type), 'ok');
    exit(pidOf('app.child'), 'kill');
    await until(() => whereis(`application.${type}`) === undefined);
  }
  t.same(stopped, [
    ['permanent', 'shutdown'],
    ['transient', 'shutdown'],
  ]);
});

function plain(name: string, applications: string[] = [], story: string[] = []) {
  return {
    name,
    applications,
    start: () => supervisor.startLink(() => [{}, []]),
    stop: () => {
      story.push(`-${name}`);
    },
  };
}

async function stopAll(): Promise<void> {
  for (const name of application.whichApplications().reverse()) await application.stop(name);
  for (const name of application.loadedApplications()) application.unload(name);
}

void t.test('load, start by name, unload', async t => {
  captureLog(t);
  t.teardown(stopAll);
  const spec = plain('one');
  t.same(await application.start('one'), ['error', ['not_loaded', 'one']]);
  t.equal(application.load(spec), 'ok');
  t.same(application.load(spec), ['error', ['already_loaded', 'one']]);
  t.equal(await application.start('one'), 'ok');
  t.equal(await application.ensureStarted('one'), 'ok');
  t.same(application.unload('one'), ['error', ['running', 'one']]);
  t.equal(await application.stop('one'), 'ok');
  t.ok(application.loadedApplications().includes('one'), 'it stays loaded');
  t.equal(application.unload('one'), 'ok');
  t.same(application.unload('one'), ['error', ['not_loaded', 'one']]);
});

void t.test('ensureAllStarted: dependencies first; what was started is stopped again', async t => {
  captureLog(t);
  t.teardown(stopAll);
  const story: string[] = [];
  application.load(plain('base', [], story));
  application.load(plain('store', ['base'], story));
  t.same(await application.start(plain('web', ['store'])), ['error', ['not_started', 'store']]);
  t.same(await application.ensureAllStarted([plain('web', ['store', 'base'])]), [
    'ok',
    ['base', 'store', 'web'],
  ]);
  t.same(await application.ensureAllStarted('web'), ['ok', []]);
  await stopAll();
  story.length = 0;
  application.load(plain('base', [], story));
  application.load(plain('needy', ['base', 'nobody']));
  t.same(await application.ensureAllStarted('needy'), [
    'error',
    ['nobody', ['not_loaded', 'nobody']],
  ]);
  t.same(story, ['-base']);
  t.same(application.whichApplications(), []);
  t.match(await application.ensureAllStarted([plain('x', ['y']), plain('y', ['x'])]), [
    'error',
    ['x', ['circular_dependency', ['x', 'y', 'x']]],
  ]);
});

void t.test(
  'a phase that throws fails, and the tree is down before the start is answered',
  async t => {
    captureLog(t);
    const boom = new Error('boom');
    for (const [thrown, why] of [
      [boom, { reason: boom }],
      [new Exit('bare'), 'bare'],
    ] as const) {
      for (const later of [false, true]) {
        const story: string[] = [];
        const run = later
          ? () => Promise.reject(thrown)
          : () => {
              throw thrown;
            };
        const stop = (): void => {
          story.push('stop');
        };
        const spec = {
          name: 'demo',
          start: top(story),
          startPhases: [{ name: 'open', run }],
          stop,
        };
        t.match(await application.start(spec), ['error', ['start_phase_failed', 'open', why]]);
        t.equal(whereis('app.child'), undefined);
        t.same(story, ['+app.child', '-app.child', 'stop']);
      }
    }
  },
);

void t.test('a prepStop or a stop that fails is told of, and holds nothing up', async t => {
  const events = captureLog(t);
  const failing = async (): Promise<never> => {
    throw new Error('boom');
  };
  const story: string[] = [];
  t.equal(
    await application.start({ name: 'demo', start: top(story), prepStop: failing, stop: failing }),
    'ok',
  );
  t.equal(await application.stop('demo'), 'ok');
  t.same(story, ['+app.child', '-app.child']);
  t.same(application.whichApplications(), []);
  const told = events.filter(({ level }) => level === 'error').map(({ report }) => report);
  t.match(told, [{ text: /demo: prepStop failed: .*boom/ }, { text: /demo: stop failed: .*boom/ }]);
});

void t.test('two who start one at the same time get the same answer', async t => {
  captureLog(t);
  t.teardown(stopAll);
  let starts = 0;
  const slow = (name: string, outcome: () => ReturnType<typeof supervisor.startLink>) => ({
    name,
    start: async () => {
      starts += 1;
      await new Promise(resolve => setImmediate(resolve));
      return outcome();
    },
  });
  application.load(slow('one', () => supervisor.startLink(() => [{}, []])));
  t.same(await Promise.all([application.start('one'), application.start('one')]), ['ok', 'ok']);
  t.same(await application.start('one'), ['error', ['already_started', 'one']]);
  application.load(slow('bad', async () => ['error', 'start error']));
  t.same(await Promise.all([application.start('bad'), application.start('bad')]), [
    ['error', 'start error'],
    ['error', 'start error'],
  ]);
  t.equal(starts, 2, 'each was started once');
  t.same(await application.start('bad'), ['error', 'start error'], 'and can be tried again');
});

/** What the node was stopped for. */
function stops(t: Test): unknown[] {
  const stopped: unknown[] = [];
  const old = setNodeStopper((...why) => {
    stopped.push(why);
  });
  t.teardown(() => {
    setNodeStopper(old);
  });
  return stopped;
}

void t.test('a master that is killed: its type decides, and it can be started anew', async t => {
  const events = captureLog(t);
  t.teardown(stopAll);
  const stopped = stops(t);
  for (const type of ['permanent', 'transient', 'temporary'] as const) {
    const story: string[] = [];
    const stop = (): void => {
      story.push('stop');
    };
    t.equal(await application.start({ name: type, start: top(story), stop }, type), 'ok');
    exit(pidOf(`application.${type}`), 'kill');
    t.same(application.whichApplications(), []);
    await until(() => story.includes('stop'));
    t.same(story, ['+app.child', '-app.child', 'stop'], 'its tree ends, and then its stop runs');
    t.same(await application.stop(type), ['error', ['not_started', type]]);
    t.equal(await application.ensureStarted(type), 'ok');
    t.same(application.whichApplications(), [type]);
    t.equal(await application.stop(type), 'ok');
    t.equal(application.unload(type), 'ok');
  }
  t.same(stopped, [
    ['permanent', 'killed'],
    ['transient', 'killed'],
  ]);
  const told = events.filter(({ report }) => 'type' in report);
  t.match(told, [
    { level: 'error', report: { text: /permanent ended: killed/ } },
    { level: 'error', report: { text: /transient ended: killed/ } },
    { level: 'error', report: { text: /temporary ended: killed/ } },
  ]);
});

void t.test('a master that is ended by another than stop has ended by itself', async t => {
  captureLog(t);
  t.teardown(stopAll);
  const stopped = stops(t);
  for (const type of ['permanent', 'transient'] as const) {
    t.equal(await application.start(plain(type), type), 'ok');
    await stopServer(pidOf(`application.${type}`));
    t.same(application.whichApplications(), []);
  }
  await until(() => stopped.length > 0);
  t.same(stopped, [['permanent', 'normal']]);
});

void t.test('a master that is killed while it is stopped is stopped', async t => {
  captureLog(t);
  t.teardown(stopAll);
  const stopped = stops(t);
  const story: string[] = [];
  let open = (): void => undefined;
  const spec = {
    ...plain('slow', [], story),
    prepStop: () => new Promise<void>(resolve => (open = resolve)),
  };
  t.equal(await application.start(spec, 'permanent'), 'ok');
  const answer = application.stop('slow');
  exit(pidOf('application.slow'), 'kill');
  t.equal(await answer, 'ok');
  open();
  await until(() => story.includes('-slow'));
  t.same(stopped, [], 'it was meant to end');
});

void t.test('a master that is killed during a start phase: no later phase runs', async t => {
  captureLog(t);
  t.teardown(stopAll);
  const stopped = stops(t);
  const story: string[] = [];
  let open: (() => void) | undefined;
  const spec = {
    name: 'demo',
    start: top(story),
    startPhases: [
      { name: 'one', run: () => new Promise<void>(resolve => (open = resolve)) },
      { name: 'two', run: () => void story.push('two') },
    ],
    stop: () => void story.push('stop'),
  };
  const answer = application.start(spec, 'permanent');
  await until(() => open !== undefined);
  exit(pidOf('application.demo'), 'kill');
  t.same(await answer, ['error', 'killed']);
  open?.();
  await until(() => story.includes('stop'));
  t.same(story, ['+app.child', '-app.child', 'stop']);
  t.same(application.whichApplications(), []);
  t.same(await application.stop('demo'), ['error', ['not_started', 'demo']]);
  t.equal(application.unload('demo'), 'ok');
  t.same(stopped, [], 'a start that fails stops no node');
});

void t.test('what is no application, and no type of a start', async t => {
  const bad = { name: 'one' } as never;
  t.same(application.load(17 as never), ['error', ['bad_application', 17]]);
  t.same(application.load(bad), ['error', ['bad_application', bad]]);
  t.same(await application.start(bad), ['error', ['bad_application', bad]]);
  t.same(await application.start(null as never), ['error', ['bad_application', null]]);
  for (const none of [undefined, null, 5, {}, [5]] as never[]) {
    t.match(await application.ensureStarted(none), ['error', ['bad_application']]);
    t.match(await application.ensureAllStarted(none), ['error', ['bad_application']]);
  }
  t.same(await application.start('one', 'silly' as never), [
    'error',
    ['invalid_restart_type', 'silly'],
  ]);
});

void t.test('the environment can be read and changed while it is loaded', async t => {
  captureLog(t);
  t.teardown(stopAll);
  const changes: unknown[] = [];
  const spec = {
    ...plain('one'),
    env: { port: 80, host: 'here' },
    configChange: (...change: unknown[]) => {
      changes.push(change);
    },
  };
  application.load(spec);
  application.setEnv('one', 'port', 81);
  application.setEnv('one', 'more', true);
  application.unsetEnv('one', 'host');
  t.same(application.getAllEnv('one'), { port: 81, more: true });
  t.equal(application.getEnv('one', 'host', 'default'), 'default');
  t.equal(await application.start(spec), 'ok');
  t.equal(application.getEnv('one', 'port'), 81, 'what was set before the start');
  application.changeConfig({ one: { port: 82, fresh: 1 } });
  application.changeConfig({ one: { port: 82, fresh: 1 } });
  t.same(changes, [[{ port: 82 }, { fresh: 1 }, ['more']]]);
  t.throws(() => application.setEnv('nobody', 'port', 1), /not loaded|is loaded/);
  t.same(application.getAllEnv('nobody'), {});
});

void t.test('a start that gives no tree is refused', async t => {
  captureLog(t);
  t.teardown(stopAll);
  const answering = (result: unknown) => ({ name: 'bad', start: () => result as never });
  t.same(await application.start(answering(5)), ['error', ['bad_return', 5]]);
  t.same(await application.start(answering(['ignore'])), ['error', ['bad_return', 'ignore']]);
  t.same(await application.start(answering(['ok', 'x'])), ['error', ['bad_return', ['ok', 'x']]]);
  t.same(await application.start(answering(['error', 'why'])), ['error', 'why']);
});
