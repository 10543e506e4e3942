import t from 'tap';
import { call, code, isAlive, send, spawn, start } from '../../../actors/index.ts';
import type { GenServer, MessageHandler, Pid } from '../../../actors/index.ts';
import { settle } from '../../../actors/testing.ts';
import { freshName, listed, version } from './versions.ts';

const server = (says: string): GenServer<null, null> =>
  ({ init: () => ['ok', null], handleCall: (_r: unknown, _f: unknown, s: null) => ['reply', says, s] }) as never; // prettier-ignore

const SOURCE = (says: string): string => `
exports.default = { init: () => ['ok', null], handleCall: (_r, _f, s) => ['reply', '${says}', s] };
exports.wait = () => new Promise(() => undefined);
exports.handle = function handle() {};`;

async function started(module: object): Promise<Pid> {
  const result = await start(module as GenServer, null);
  if (result[0] !== 'ok') throw new Error('did not start');
  return result[1];
}

const says = (pid: Pid): Promise<unknown> => call(pid, { kind: 'what' });

void t.test('load changes no process; the old version stays until it is purged', async t => {
  const name = freshName();
  const module = server('built-in');
  code.define(name, { default: module });
  const old = await started(module);
  t.equal(code.softPurge(name), true, 'there is nothing old');
  t.equal(code.purge(name), false);
  t.same(code.load([version(name, SOURCE('one'))]), { modules: [name], unchanged: [], processes: 0 }); // prettier-ignore
  const young = await started(module);
  t.same(await Promise.all([old, young].map(says)), ['built-in', 'one']);
  t.match(listed(name), { current: { processes: 1 }, old: { vsn: 'built-in', processes: 1 } });
  t.equal(code.softPurge(name), false, 'somebody lingers');
  t.ok(isAlive(old));
  t.equal(code.purge(name), true);
  t.notOk(isAlive(old), 'who lingers is killed');
  t.ok(isAlive(young));
  t.equal(listed(name).old, undefined);
  t.equal(code.purge(name), false);
});

void t.test('an upgrade takes along who lingers; loading a third version kills', async t => {
  const name = freshName();
  const module = server('built-in');
  code.define(name, { default: module });
  const first = await started(module);
  code.load([version(name, SOURCE('one'))]);
  const second = await started(module);
  t.equal((await code.upgrade([version(name, SOURCE('two'))])).processes, 2);
  t.same(await Promise.all([first, second].map(says)), ['two', 'two']);
  code.load([version(name, SOURCE('three'))]);
  const third = await started(module);
  t.equal(listed(name).old?.processes, 2);
  code.load([version(name, SOURCE('four'))]);
  t.same([first, second, third].map(isAlive), [false, false, true]);
  t.match(listed(name), { current: { processes: 0 }, old: { processes: 1 } });
});

void t.test(
  'who waits inside a function of an old version lingers, and a bare process with its handler',
  async t => {
    const name = freshName();
    const module = code.define(name, { wait: async (): Promise<void> => undefined });
    await code.upgrade([version(name, SOURCE('one'))]);
    const user = spawn(() => module.lookup().wait());
    const resting = spawn(() => {
      module.lookup();
    });
    const { handle } = module.lookup() as unknown as { handle: MessageHandler };
    const bare = spawn(handle);
    for (const pid of [user, resting, bare]) send(pid, 'go');
    await settle();
    await code.upgrade([version(name, SOURCE('two'))]);
    t.equal(listed(name).old?.processes, 2);
    t.equal(code.softPurge(name), false);
    t.equal(code.purge(name), true);
    t.same([user, resting, bare].map(isAlive), [false, true, false]);
  },
);

void t.test('a version that is taken back takes along who is inside', async t => {
  const name = freshName();
  const module = code.define(name, { wait: async (): Promise<void> => undefined });
  await code.upgrade([version(name, SOURCE('one'))]);
  const user = spawn(() => module.lookup().wait());
  send(user, 'go');
  await settle();
  await code.revert([name]);
  t.notOk(isAlive(user));
  t.match(listed(name), { current: { vsn: 'built-in' }, old: undefined });
});
