/** A new version of a supervisor's module: `code_change/3` of `supervisor.erl`. */
import t from 'tap';
import { exit, sys, whereis } from '../../actors/index.ts';
import type { Pid } from '../../actors/index.ts';
import { supervisor } from '../../supervisors/index.ts';
import type { ChildSpec, SupervisorFlags } from '../../supervisors/index.ts';
import { captureLog } from '../actors/capture-log.ts';
import type { Teardown } from './children-kit.ts';
import { until } from '../actors/until.ts';
import { childSpec, newScript, pidOf, removeAtEnd } from './children-kit.ts';

async function tree(t: Teardown, flags: SupervisorFlags, specs: ChildSpec[]): Promise<Pid> {
  const result = await supervisor.startLink(() => [flags, specs]);
  if (result[0] !== 'ok') throw new Error(`did not start: ${JSON.stringify(result)}`);
  return removeAtEnd(t, result[1]);
}

/** Why the upgrade failed, as text; `'ok'` when it did not. The supervisor runs on either way. */
async function upgrade(pid: Pid, init: () => unknown): Promise<string> {
  await sys.suspend(pid);
  const outcome = await sys.changeCode(pid, { init }, 1, null).then(
    () => 'ok',
    (error: unknown) => String(error),
  );
  await sys.resume(pid);
  return outcome;
}

void t.test('new ones unstarted, removed ones kept after them, changed ones changed', async t => {
  captureLog(t);
  const script = newScript();
  const [a, b, c] = ['a', 'b', 'c'].map(id => childSpec(id, script));
  const pid = await tree(t, {}, [a!, b!]);
  const pids = [pidOf('a'), pidOf('b')];
  t.equal(await upgrade(pid, () => ['ok', [{ intensity: 7 }, [c, { ...a, shutdown: 7 }]]]), 'ok');
  t.same(
    (await supervisor.whichChildren(pid)).map(({ id, pid }) => [id, pid]),
    [
      ['b', pids[1]],
      ['a', pids[0]],
      ['c', undefined],
    ],
  );
  t.match(await supervisor.getChildspec(pid, 'a'), ['ok', { shutdown: 7 }]);
  t.match(await sys.getStatus(pid), { state: { flags: { intensity: 7 } } });
  t.match(await supervisor.restartChild(pid, 'c'), ['ok', Number]);
  exit(pids[0] as Pid, 'kill');
  await until(() => whereis('a') !== undefined && whereis('a') !== pids[0]);
});

void t.test('a temporary child that is new is kept until it is started', async t => {
  captureLog(t);
  const script = newScript();
  const pid = await tree(t, {}, []);
  await upgrade(pid, () => [{}, [childSpec('a', script, { restart: 'temporary' })]]);
  script.refuse = 'ignore';
  t.same(await supervisor.restartChild(pid, 'a'), ['ok', undefined]);
  t.match(await supervisor.whichChildren(pid), [{ id: 'a', pid: undefined }]);
});

void t.test('bad flags and specifications are refused, and nothing has changed', async t => {
  captureLog(t);
  const spec = childSpec('a', newScript());
  const pid = await tree(t, { intensity: 3 }, [spec]);
  t.match(await upgrade(pid, () => [5, []]), /bad_flags, 5/);
  t.match(await upgrade(pid, () => [{ strategy: 'x' }, []]), /invalid_strategy, x/);
  t.match(await upgrade(pid, () => [{}, [{ id: 'b' }]]), /missing_start/);
  t.match(await upgrade(pid, () => 'odd'), /callback_failed, odd\]/, 'what init said, bare');
  t.match(
    await upgrade(pid, () => [{ strategy: 'simple_one_for_one' }, [spec]]),
    /bad_flags/,
    'children of the one kind are no children of the other',
  );
  t.equal(await upgrade(pid, () => 'ignore'), 'ok');
  t.match(await supervisor.whichChildren(pid), [{ id: 'a', pid: pidOf('a') }]);
  t.match(await sys.getStatus(pid), { state: { flags: { intensity: 3 } } });
});

void t.test('simple_one_for_one: living children are restarted with the new start', async t => {
  captureLog(t);
  const started: string[] = [];
  const version = (name: string): ChildSpec => ({
    id: 'template',
    start: id => {
      started.push(name);
      return childSpec(String(id), newScript()).start();
    },
  });
  const flags = { strategy: 'simple_one_for_one' } as const;
  const pid = await tree(t, flags, [version('old')]);
  await supervisor.startChild(pid, ['x']);
  t.equal(await upgrade(pid, () => [flags, [{ ...version('new'), type: 'supervisor' }]]), 'ok');
  t.match(await supervisor.countChildren(pid), { supervisors: 1, workers: 0 });
  const x = pidOf('x');
  exit(x, 'kill');
  await until(() => whereis('x') !== undefined && whereis('x') !== x);
  t.same(started, ['old', 'new']);
  t.match(await upgrade(pid, () => [flags, []]), /bad_start_spec/);
});
