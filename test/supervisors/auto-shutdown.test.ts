/** Significant children: every combination of strategy, restart type and autoShutdown that is allowed. */
import t from 'tap';
import { exit, isAlive, whereis } from '../../actors/index.ts';
import type { Pid } from '../../actors/index.ts';
import { settle } from '../../actors/testing.ts';
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

const significant = (id: string, restart: 'transient' | 'temporary'): ChildSpec =>
  childSpec(id, newScript(), { restart, significant: true });
const plain = (id: string, restart: 'transient' | 'temporary'): ChildSpec =>
  childSpec(id, newScript(), { restart });

for (const strategy of ['one_for_one', 'one_for_all', 'rest_for_one'] as const) {
  for (const restart of ['transient', 'temporary'] as const) {
    void t.test(`${strategy}, ${restart}: any_significant`, async t => {
      captureLog(t);
      const pid = await tree(t, { strategy, autoShutdown: 'any_significant', intensity: 9 }, [
        significant('a', restart),
        plain('b', restart),
      ]);
      await crash('b', 'normal');
      await settle();
      t.ok(isAlive(pid), 'one that is not significant');
      if (restart === 'transient') {
        await crash('a', 'odd');
        await until(() => whereis('a') !== undefined);
        t.ok(isAlive(pid), 'an abnormal end is restarted');
      }
      await crash('a', restart === 'transient' ? ['shutdown', 1] : 'odd');
      await until(() => !isAlive(pid));
    });

    void t.test(`${strategy}, ${restart}: all_significant`, async t => {
      captureLog(t);
      const pid = await tree(t, { strategy, autoShutdown: 'all_significant', intensity: 9 }, [
        significant('a', restart),
        significant('b', restart),
        plain('c', restart),
      ]);
      await crash('a', 'normal');
      await settle();
      t.ok(isAlive(pid), 'there is another one');
      await crash('b', 'shutdown');
      await until(() => !isAlive(pid));
      t.equal(whereis('c'), undefined, 'the others end with it');
    });
  }
}

void t.test('terminateChild is no reason to shut down', async t => {
  captureLog(t);
  const pid = await tree(t, { autoShutdown: 'any_significant' }, [significant('a', 'transient')]);
  t.equal(await supervisor.terminateChild(pid, 'a'), 'ok');
  t.ok(isAlive(pid));
  t.match(await supervisor.restartChild(pid, 'a'), ['ok', Number]);
});

void t.test('never refuses significant children, when it starts and later', async t => {
  captureLog(t);
  t.match(await supervisor.startLink(() => [{}, [significant('a', 'transient')]]), [
    'error',
    ['start_spec', ['bad_combination', Array]],
  ]);
  const pid = await tree(t, {}, []);
  t.match(await supervisor.startChild(pid, significant('a', 'transient')), [
    'error',
    ['bad_combination', Array],
  ]);
});

void t.test('one that restarts still counts as there', async t => {
  captureLog(t);
  const script = newScript();
  const pid = await tree(t, { autoShutdown: 'all_significant', intensity: 1_000_000 }, [
    childSpec('a', script, { restart: 'transient', significant: true }),
    significant('b', 'transient'),
  ]);
  script.refuse = 'not now';
  exit(pidOf('a'), 'kill');
  await until(() => script.starts > 2);
  await crash('b', 'normal');
  await settle();
  t.ok(isAlive(pid));
  delete script.refuse;
  await until(() => whereis('a') !== undefined);
  await crash('a', 'normal');
  await until(() => !isAlive(pid));
});

void t.test('simple_one_for_one: its children are no group that could end together', async t => {
  for (const autoShutdown of ['any_significant', 'all_significant'] as const) {
    const flags = { strategy: 'simple_one_for_one', autoShutdown } as const;
    t.same(await supervisor.startLink(() => [flags, [plain('a', 'transient')]]), [
      'error',
      [
        'supervisor_data',
        [
          'bad_combination',
          [
            ['auto_shutdown', autoShutdown],
            ['strategy', 'simple_one_for_one'],
          ],
        ],
      ],
    ]);
  }
});
