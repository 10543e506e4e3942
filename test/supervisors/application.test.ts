import t from 'tap';
import { exit, whereis } from '../../actors/index.ts';
import { setNodeStopper } from '../../supervisors/application.ts';
import { application, supervisor } from '../../supervisors/index.ts';
import { captureLog } from '../actors/capture-log.ts';
import { childSpec, newScript, pidOf, until } from './children-kit.ts';

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
  t.same(await application.start(spec), ['error', 'already_started']);
  t.equal(application.getEnv('demo', 'port'), 80);
  t.same(application.whichApplications(), ['demo']);
  t.equal(await application.stop('demo'), 'ok');
  t.same(await application.stop('demo'), ['error', ['not_started', 'demo']]);
  t.same(story, ['+app.child', 'phase one', 'phase two', 'prepStop', '-app.child', 'stop']);
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
    t.equal(await application.start({ name: type, start: top([]), type }), 'ok');
    exit(pidOf('app.child'), 'kill');
    await until(() => whereis(`application.${type}`) === undefined);
  }
  t.same(stopped, [
    ['permanent', 'shutdown'],
    ['transient', 'shutdown'],
  ]);
});
