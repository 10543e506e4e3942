/** Upgrades of what is not a plain gen-server: state machines, event managers, supervisors. */
import t from 'tap';
import { code, genEvent, genStatem, startLink, sys } from '../../../actors/index.ts';
import type { GenServer, Pid } from '../../../actors/index.ts';
import { dynamicSupervisor, supervisor } from '../../../supervisors/index.ts';
import { captureLog } from '../capture-log.ts';
import { until } from '../until.ts';
import { freshName, listed, rejection, version } from './versions.ts';

function pidOf(result: readonly unknown[]): Pid {
  if (result[0] !== 'ok') throw new Error(`did not start: ${String(result[1])}`);
  return result[1] as Pid;
}

void t.test('a state machine: state, data and callback mode', async t => {
  const name = freshName();
  const door = {
    callbackMode: () => 'state_functions' as const,
    init: () => ['ok', 'locked', 0] as const,
    locked: (_type: unknown, _content: unknown, data: number) => ['keep_state', data + 1] as const,
  };
  code.define(name, { default: door });
  const pid = pidOf(await genStatem.start(door, undefined));
  genStatem.cast(pid, 'push');
  t.same(await sys.getState(pid), ['locked', 1]);
  const next = version(
    name,
    `exports.default = {
      callbackMode: () => 'handle_event_function',
      init: () => ['ok', ['closed'], { pushes: 0 }],
      locked() {},
      handleEvent: (_type, _content, _state, data) => ['keep_state', { pushes: data.pushes + 10 }],
      codeChange: (vsn, state, data) =>
        Array.isArray(vsn) ? ['ok', 'locked', data.pushes] : ['ok', ['closed'], { pushes: data }],
    };`,
  );
  await code.upgrade([next]);
  genStatem.cast(pid, 'push');
  const pushes = async (): Promise<unknown> =>
    ((await sys.getState(pid)) as [unknown, { pushes: number }])[1].pushes;
  await until(async () => (await pushes()) === 11);
  t.same(await sys.getState(pid), [['closed'], { pushes: 11 }]);
  await code.revert([name]);
  t.same(await sys.getState(pid), ['locked', 11]);
  const prepared = await code.prepare({ load: [next] });
  t.same(await sys.getState(pid), [['closed'], { pushes: 11 }]);
  prepared.revert();
  t.same(await sys.getState(pid), ['locked', 11]);
  t.equal(listed(name).current.processes, 1);
});

/** An event handler that keeps what it was told, behind a mark of its version. */
const collector = (mark: string) => ({
  init: (arg: unknown) => ['ok', [mark, arg]] as const,
  handleEvent: (event: unknown, state: readonly unknown[]) => ['ok', [...state, event]] as const,
  handleCall: (_request: unknown, state: readonly unknown[]) => ['ok', state, state] as const,
});

void t.test('data that a codeChange has written into before it failed', async t => {
  const machine = {
    callbackMode: () => 'handle_event_function' as const,
    init: () => ['ok', 'on', { pushes: 1 }] as const,
    handleEvent: () => 'keep_state_and_data' as const,
  };
  const handler = {
    init: () => ['ok', { heard: 1 }] as const,
    handleEvent: (_event: unknown, state: object) => ['ok', state] as const,
    handleCall: (_request: unknown, state: object) => ['ok', state, state] as const,
  };
  const [machines, handlers] = [freshName('machine'), freshName('handler')];
  code.define(machines, { default: machine });
  code.define(handlers, { default: handler });
  const pid = pidOf(await genStatem.start(machine, undefined));
  const manager = pidOf(await genEvent.start());
  await genEvent.addHandler(manager, handler, undefined);
  const writing = (name: string, which: string, callbacks: string): code.Version =>
    version(
      name,
      `exports.default = { ${callbacks} codeChange(...args) { args[${which}].more = 1; throw new Error('no'); } };`,
    );
  const versions = [
    writing(
      machines,
      '2',
      "callbackMode: () => 'handle_event_function', init() {}, handleEvent() {},",
    ),
    writing(handlers, '1', 'init() {}, handleEvent() {}, handleCall() {},'),
  ];
  for (const one of versions)
    t.equal((await rejection(code.upgrade([one]))).code, 'code_change_failed');
  t.same(await sys.getState(pid), ['on', { pushes: 1 }]);
  t.same(((await sys.getState(manager)) as unknown[][])[0]?.[2], { heard: 1 });
});

const COLLECTOR = (mark: string, codeChange = ''): string => `
exports.default = {
  init: arg => ['ok', ['${mark}', arg]],
  handleEvent: (event, state) => ['ok', [...state, '${mark} ' + event]],
  handleCall: (_request, state) => ['ok', state, state],
  codeChange(vsn, state) { ${codeChange} return ['ok', [...state, Array.isArray(vsn) ? 'back' : '${mark}']]; },
};`;

void t.test('the handlers of an event manager, each by its own module; all or none', async t => {
  const names = [freshName('a'), freshName('b')] as const;
  const [a, b] = [collector('a'), collector('b')];
  code.define(names[0], { default: a });
  code.define(names[1], { default: b });
  const manager = pidOf(await genEvent.start());
  await genEvent.addHandler(manager, a, 1);
  await genEvent.addHandler(manager, [b, 'id'] as never, 2);
  await genEvent.syncNotify(manager, 'x');
  const states = async (): Promise<unknown> =>
    ((await sys.getState(manager)) as [object, unknown, unknown][]).map(([, , state]) => state);
  t.same(await states(), [
    ['b', 2, 'x'],
    ['a', 1, 'x'],
  ]);
  const first = version(names[0], COLLECTOR('new a'));
  const failing = version(names[1], COLLECTOR('new b', "throw new Error('not b');"));
  t.match(await rejection(code.upgrade([first, failing])), { code: 'code_change_failed' });
  t.same(await states(), [
    ['b', 2, 'x'],
    ['a', 1, 'x'],
  ]);
  const both = await code.prepare({ load: [first, version(names[1], COLLECTOR('new b'))] });
  both.revert();
  t.same(await states(), [
    ['b', 2, 'x'],
    ['a', 1, 'x'],
  ]);
  const outcome = await code.upgrade([first, version(names[1], COLLECTOR('new b'))]);
  t.equal(outcome.processes, 1);
  await genEvent.syncNotify(manager, 'y');
  t.same(await states(), [
    ['b', 2, 'x', 'new b', 'new b y'],
    ['a', 1, 'x', 'new a', 'new a y'],
  ]);
  await code.revert([names[0]]);
  t.same(await states(), [['b', 2, 'x', 'new b', 'new b y'], ['a', 1, 'x', 'new a', 'new a y', 'back']]); // prettier-ignore
  const prepared = await code.prepare({ revert: [names[1]] });
  t.same(((await states()) as unknown[][])[0]?.at(-1), 'back');
  prepared.revert();
  t.equal(
    await genEvent.deleteHandler(manager, [b, 'id'], 'why'),
    'ok',
    'the built-in module names it still',
  );
  const other = pidOf(await genEvent.start());
  await genEvent.addHandler(other, b, 3);
  t.same(
    ((await sys.getState(other)) as unknown[][])[0]?.[2],
    ['new b', 3],
    'a handler that is added is the new version',
  );
});

void t.test(
  'a supervisor: its init is asked again, and put back with what it said before',
  async t => {
    captureLog(t);
    const name = freshName();
    const workers: GenServer<null> = { init: () => ['ok', null] };
    const child = (id: string) => ({ id, start: () => startLink(workers, null) });
    const module = { init: () => [{ strategy: 'one_for_one', intensity: 1 }, []] as const };
    code.define(name, { default: module });
    const top = pidOf(await supervisor.startLink(module));
    const dynamic = pidOf(await dynamicSupervisor.startLink());
    const ids = async (): Promise<unknown[]> =>
      (await supervisor.whichChildren(top)).map(({ id }) => id).sort();
    const source = (what: string): string =>
      `exports.default = { init: () => [{ strategy: 'one_for_one', intensity: 7 }, ${what}] };`;
    const made = (what: string): code.Version =>
      version(name, `const { child } = require('child'); ${source(what)}`, { child: { child } });
    t.equal((await code.upgrade([made("[child('a'), child('b')]")])).processes, 1);
    t.same(await ids(), ['a', 'b'], 'added, and not started');
    t.match(await supervisor.countChildren(top), { specs: 2, active: 0 });
    t.match(await rejection(code.upgrade([made("[child('a'), {}]")])), { code: 'code_change_failed', message: /missing_id/ }); // prettier-ignore
    t.same(await ids(), ['a', 'b']);
    const prepared = await code.prepare({ load: [made("[child('c')]")] });
    prepared.revert();
    t.same(await ids(), ['a', 'b'], 'what the new version added is gone again');
    t.equal(listed(name).current.processes, 1);
    const later = pidOf(await supervisor.startLink(module));
    t.match(
      await supervisor.countChildren(later),
      { specs: 2, active: 2 },
      'one that starts is the new version',
    );
    t.ok(dynamic, 'one without a module of its own is left alone');
  },
);
