import t from 'tap';
import { code, genStatem, sys } from '../../../actors/index.ts';
import type { Pid } from '../../../actors/index.ts';
import { settle } from '../../../actors/testing.ts';
import { captureLog } from '../capture-log.ts';
import { machine, moduleOf, plain, startOf, stateOf } from './machine.ts';
import type { Callbacks } from './machine.ts';

const { cast } = genStatem;

/** A module that notes who is called, and returns what a cast tells it to. */
function noting(name: string, seen: unknown[], callbacks: Callbacks = {}) {
  return moduleOf((type, content) => {
    seen.push([name, plain(type)]);
    return type === 'cast' ? content : 'keep_state_and_data';
  }, callbacks);
}

void t.test('change, push and pop: who is called from the next call on', async t => {
  const seen: unknown[] = [];
  const a = noting('a', seen);
  const b = noting('b', seen, {
    callbackMode: () => 'state_functions',
    s(type: unknown, content: unknown) {
      seen.push(['b.s', plain(type)]);
      return type === 'cast' ? content : 'keep_state_and_data';
    },
  });
  const c = noting('c', seen);
  const pid = await startOf(a);
  const after = async (...actions: unknown[]): Promise<unknown[]> => {
    cast(pid, ['next_state', 's', 0, [...actions, ['next_event', 'internal', 0]]]);
    await settle();
    return seen.splice(0);
  };
  t.same(await after(), [
    ['a', 'cast'],
    ['a', 'internal'],
  ]);
  t.same(await after(['push_callback_module', b]), [
    ['a', 'cast'],
    ['b.s', 'internal'],
  ]);
  t.same(await after(['change_callback_module', c]), [
    ['b.s', 'cast'],
    ['c', 'internal'],
  ]);
  t.same(((await sys.getStatus(pid)) as { modules: unknown }).modules, [c, a]);
  t.same(await after(['push_callback_module', b], ['push_callback_module', c]), [
    ['c', 'cast'],
    ['c', 'internal'],
  ]);
  t.same(await after('pop_callback_module', 'pop_callback_module', 'pop_callback_module'), [
    ['c', 'cast'],
    ['a', 'internal'],
  ]);
});

void t.test('the state enter call is the new module’s, if it wants one', async t => {
  const seen: unknown[] = [];
  const entering = { callbackMode: () => ['handle_event_function', 'state_enter'] };
  const a = noting('a', seen);
  const b = noting('b', seen, entering);
  const pid = await startOf(a);
  cast(pid, ['next_state', 's', 0, ['push_callback_module', b]]);
  await settle();
  t.same(seen.splice(0), [
    ['a', 'cast'],
    ['b', 'enter'],
  ]);
  cast(pid, ['next_state', 'again', 0, 'pop_callback_module']);
  await settle();
  t.same(seen, [['b', 'cast']]);
});

void t.test('popping the last one, and modules that say no mode, end the machine', async t => {
  captureLog(t);
  for (const [action, reason] of [
    ['pop_callback_module', ['bad_action_from_state_function', 'pop_callback_module']],
    [
      ['push_callback_module', { callbackMode: () => 'rubbish' }],
      ['bad_return_from_callback_mode', 'rubbish'],
    ],
    [
      ['change_callback_module', {}],
      ['undef', ['machine', 'callbackMode', 0]],
    ],
  ] as const) {
    const ended: unknown[] = [];
    const pid = await machine(
      () => ['next_state', 'b', 1, action],
      { terminate: (...how: unknown[]) => ended.push(...how) },
      { label: 'machine' },
    );
    cast(pid, 'go');
    await settle();
    t.same(ended[0], reason);
  }
});

/** Suspends, changes the code and resumes. */
async function upgrade(pid: Pid, module: object, oldVersion: unknown): Promise<void> {
  await settle();
  await sys.suspend(pid);
  await sys.changeCode(pid, module, oldVersion, 'extra');
  await sys.resume(pid);
}

void t.test('changeCode: state, data and mode of the new version', async t => {
  const seen: unknown[] = [];
  const pid = await startOf(noting('a', seen));
  const next = noting('next', seen, {
    callbackMode: () => ['state_functions', 'state_enter'],
    codeChange: (...how: unknown[]) => ['ok', 's', how],
    s(type: unknown) {
      seen.push(['s', plain(type)]);
      return 'keep_state_and_data';
    },
  });
  await upgrade(pid, next, 'old');
  t.same(await stateOf(pid), ['s', ['old', 'a', 0, 'extra']]);
  cast(pid, 'event');
  await settle();
  t.same(seen, [['s', 'cast']], 'no state enter call: the state was not entered');
});

void t.test('changeCode: one that fails keeps module, mode, state and data', async t => {
  const seen: unknown[] = [];
  const a = noting('a', seen);
  const pid = await startOf(a, { label: 'machine' });
  const refused = async (callbacks: Callbacks): Promise<unknown> => {
    try {
      await upgrade(pid, noting('next', seen, callbacks), 'old');
      return 'changed';
    } catch (error) {
      return (error as { reason: readonly unknown[] }).reason[0];
    } finally {
      await sys.resume(pid);
    }
  };
  t.same(await refused({}), ['callback_failed', ['undef', ['machine', 'codeChange', 4]]]);
  t.same(await refused({ codeChange: () => ['error', 'why'] }), ['callback_failed', 'why']);
  t.same(await refused({ codeChange: () => ['ok', 'one'] }), [
    'callback_failed',
    ['bad_return_value', ['ok', 'one']],
  ]);
  t.match(await refused({ codeChange: () => ['ok', 'b', 1], callbackMode: () => 'rubbish' }), [
    'callback_failed',
    { reason: ['bad_return_from_callback_mode', 'rubbish'] },
  ]);
  t.same(await stateOf(pid), ['a', 0]);
  t.equal(((await sys.getStatus(pid)) as { module: unknown }).module, a);
  cast(pid, 'keep_state_and_data');
  await settle();
  t.same(seen, [['a', 'cast']]);
});

void t.test(
  'the code server: the module that is called, one below it, and the way back',
  async t => {
    const seen: unknown[] = [];
    const version = (name: string, callbacks: Callbacks = {}) => noting(name, seen, callbacks);
    const top = { default: version('top') };
    const bottom = { default: version('bottom') };
    code.define('statem.top', top);
    code.define('statem.bottom', bottom);
    const pid = await startOf(bottom.default);
    cast(pid, ['next_state', 's', [], ['push_callback_module', top.default]]);
    await settle();
    const turn = (name: string) => ({
      codeChange: (old: unknown, state: unknown, data: unknown) => [
        'ok',
        state,
        [...(data as unknown[]), [name, old]],
      ],
    });
    const load = (name: string, module: object) =>
      code.upgrade([
        {
          name: `statem.${name}`,
          vsn: 2,
          hash: `${name} 2`,
          filename: undefined,
          source: undefined,
          exports: { default: module },
        },
      ]);
    const [bottom2, top2] = [version('bottom2', turn('bottom2')), version('top2', turn('top2'))];
    await load('bottom', bottom2);
    await load('top', top2);
    t.same(await stateOf(pid), ['s', [['top2', 'built-in']]], 'state and data are the top one’s');
    t.same(((await sys.getStatus(pid)) as { modules: unknown }).modules, [top2, bottom2]);
    cast(pid, ['keep_state_and_data', ['change_callback_module', bottom.default]]);
    await settle();
    t.same(
      ((await sys.getStatus(pid)) as { modules: unknown }).modules,
      [bottom2, bottom2],
      'a module is taken by its name: the version that runs now',
    );
    const [, other] = (await genStatem.start(bottom.default, undefined)) as readonly ['ok', Pid];
    cast(other, 'keep_state_and_data');
    await settle();
    t.same(seen.at(-1), ['bottom2', 'cast']);
  },
);
