import t from 'tap';
import {
  call,
  code,
  exit,
  isAlive,
  selfOrUndefined,
  send,
  spawn,
  start,
} from '../../../actors/index.ts';
import type { GenServer, Pid, Request } from '../../../actors/index.ts';
import { inShare } from '../../../actors/code/share.ts';
import { settle } from '../../../actors/testing.ts';
import { captureLog } from '../capture-log.ts';
import { exitOf } from '../exit-of.ts';
import { freshName, listed, rejection, version } from './versions.ts';

type Call = Request<'version', object, unknown> | Request<'crash'> | Request<'wait'>;

function greeter(): GenServer<unknown, unknown, Call> {
  return {
    init: arg => ['ok', arg],
    handleCall(request, _from, state) {
      if (request.kind === 'crash') throw new Error('as asked');
      return request.kind === 'version' ? ['reply', 'built-in', state] : ['noreply', state];
    },
  };
}

const CANARY = `
exports.default = {
  init(arg) { if (arg === 'crash') throw new Error('in init'); return ['ok', { new: arg }]; },
  async handleCall(request, _from, state) {
    if (request.kind === 'crash') throw new Error('as asked');
    if (request.kind === 'wait') await new Promise(() => undefined);
    return ['reply', 'canary', state];
  },
  codeChange(oldVsn, state) {
    if (!Array.isArray(oldVsn)) return ['ok', { new: state, from: oldVsn }];
    if (state.new === 'stubborn') throw new Error('no way back');
    return ['ok', state.new];
  },
};`;

async function started(module: object, arg: unknown, codeKey?: string): Promise<Pid> {
  const result = await start(module as GenServer, arg, codeKey === undefined ? {} : { codeKey });
  if (result[0] !== 'ok') throw new Error(`did not start: ${String(result[1])}`);
  return result[1];
}

const asked = (pid: Pid): Promise<unknown> => call(pid, { kind: 'version' });

/** Keys in the share of a tenth, and not. */
const KEYS = Array.from({ length: 1_000 }, (_, index) => `user.${index}`);
const [chosen = '', stubborn = '', third = ''] = KEYS.filter(key => inShare(key, 0.1));
const [other = ''] = KEYS.filter(key => !inShare(key, 0.1));

void t.test('a share of keys is about that share, the same ones always, and grows', t => {
  for (const share of [0.01, 0.1, 0.5]) {
    const many = Array.from({ length: 20_000 }, (_, index) => `user-${index}`);
    const inside = many.filter(key => inShare(key, share));
    t.ok(Math.abs(inside.length / many.length - share) < share / 5, `${inside.length}`);
    t.ok(inside.every(key => inShare(key, share * 2)));
  }
  t.ok(KEYS.every(key => inShare(key, 1)));
  // The values are part of the promise: every isolate and every later server chooses the same ones.
  t.same(
    ['alice', 'bob', 'carol', 'dave', 'erin'].map(key => inShare(key, 0.5)),
    [false, false, true, true, false],
  );
  t.end();
});

void t.test('a canary runs for its share of keys: running, starting, and looked up', async t => {
  const name = freshName();
  const module = greeter();
  const handle = code.define(name, { default: module, plain: () => 'built-in' });
  const [inside, outside, keyless] = await Promise.all([
    started(module, 1, chosen),
    started(module, 2, other),
    started(module, 3),
  ]);
  const canary = version(name, `${CANARY} exports.plain = () => 'canary';`);
  const outcome = await code.upgrade([canary], { share: 0.1 });
  t.equal(outcome.processes, 1);
  t.same(await Promise.all([inside, outside, keyless].map(asked)), ['canary', 'built-in', 'built-in']); // prettier-ignore
  t.equal(await asked(await started(module, 1, chosen)), 'canary');
  t.equal(await asked(await started(module, 1, other)), 'built-in');
  t.equal(handle.lookup().plain(), 'built-in');
  t.equal(handle.lookup(chosen).plain(), 'canary');
  t.equal(handle.lookup(other).plain(), 'built-in');
  t.match(listed(name), {
    current: { vsn: 'built-in', processes: 3 },
    old: undefined,
    canary: { hash: canary.hash, share: 0.1, processes: 2 },
  });
  const again = await rejection(code.upgrade([version(name, `${CANARY}//`)]));
  t.equal(again.code, 'canary_running');

  t.equal((await code.promote([name])).processes, 3);
  t.same(await Promise.all([inside, outside, keyless].map(asked)), ['canary', 'canary', 'canary']);
  t.equal(handle.lookup().plain(), 'canary');
  t.match(listed(name), { current: { hash: canary.hash, processes: 5 }, canary: undefined });
  t.equal((await rejection(code.promote([name]))).code, 'no_canary');
});

void t.test('a process has its key from its start, or says it later', async t => {
  const name = freshName();
  const handle = code.define(name, { plain: () => 'built-in' });
  await code.upgrade([version(name, "exports.plain = () => 'canary'")], { share: 0.1 });
  const seen: unknown[] = [];
  const pid = spawn(key => {
    if (typeof key === 'string') code.setKey(key);
    seen.push(handle.lookup().plain());
  });
  for (const key of [undefined, chosen, undefined, other]) send(pid, key);
  await settle();
  t.same(seen, ['built-in', 'canary', 'canary', 'built-in']);
  t.equal(selfOrUndefined(), undefined);
  t.throws(() => code.setKey('x'), TypeError);
});

void t.test('a canary that is reverted leaves nobody behind', async t => {
  captureLog(t);
  const name = freshName();
  const module = greeter();
  code.define(name, { default: module });
  const inside = await started(module, 1, chosen);
  await code.upgrade([version(name, CANARY)], { share: 0.1 });
  const stuck = await started(module, 2, third);
  const refusing = await started(module, 'stubborn', stubborn);
  void exitOf(call(stuck, { kind: 'wait' }));
  await settle();
  const outcome = await code.revert([name], { timeoutMs: 5 });
  t.equal(await asked(inside), 'built-in');
  t.equal(outcome.processes, 1);
  t.notOk(isAlive(stuck), 'who is stuck in it is ended');
  t.notOk(isAlive(refusing), 'so is who cannot go back');
  t.match(listed(name), { current: { vsn: 'built-in', processes: 1 }, old: undefined, canary: undefined }); // prettier-ignore
  t.equal((await rejection(code.revert([name]))).code, 'no_old_version');
});

void t.test('the current version is reverted to the old one, which is told so', async t => {
  const name = freshName();
  const module = greeter();
  code.define(name, { default: module });
  const pid = await started(module, 1);
  const first = version(name, CANARY);
  await code.upgrade([first]);
  await code.upgrade([
    version(
      name,
      `exports.default = {
        init() {},
        handleCall: (_r, _f, state) => ['reply', state, state],
        codeChange: (vsn, state) => ['ok', Array.isArray(vsn) ? { new: vsn } : state],
      };`,
    ),
  ]);
  t.same(await asked(pid), { new: 1, from: 'built-in' });
  await code.revert([name]);
  t.equal(await asked(pid), 'canary');
  t.match(listed(name), { current: { hash: first.hash, processes: 1 }, old: undefined });
  await code.upgrade([code.builtIn(name)]);
  t.equal(await asked(pid), 'built-in', 'and to the built-in one by a step like any other');
});

void t.test('a promotion and a reversion are prepared and taken back as well', async t => {
  const name = freshName();
  const module = greeter();
  code.define(name, { default: module });
  const pids = await Promise.all([started(module, 1, chosen), started(module, 2, other)]);
  const versions = (): Promise<unknown[]> => Promise.all(pids.map(asked));
  await code.upgrade([version(name, CANARY)], { share: 0.1 });
  const promotion = await code.prepare({ promote: [name] });
  pids.push(await started(module, 3, other), await started(module, 3, chosen));
  promotion.revert();
  t.same(await versions(), ['canary', 'built-in', 'built-in', 'canary']);
  const reversion = await code.prepare({ revert: [name] });
  pids.push(await started(module, 4, chosen));
  reversion.revert();
  t.same((await versions()).slice(0, 4), ['canary', 'built-in', 'built-in', 'canary']);
  await code.promote([name]);
  t.same((await versions()).slice(0, 4), ['canary', 'canary', 'canary', 'canary']);
});

void t.test('crashes are counted by version: who ran it, and who had looked it up', async t => {
  captureLog(t);
  const name = freshName();
  const module = greeter();
  code.define(name, { default: module });
  const plain = freshName('plain');
  const handler = code.define(plain, { handle: (): unknown => 'fine' });
  const crashes: code.CodeCrash[] = [];
  code.onCrash(crash => {
    crashes.push(crash);
    throw new Error('a listener that fails is no reason to go on living');
  });
  t.teardown(() => code.onCrash(undefined));
  const canary = version(name, CANARY);
  await code.upgrade([canary], { share: 0.1 });
  const one = await started(module, 1, chosen);
  await exitOf(call(one, { kind: 'crash' }));
  await exitOf(call(await started(module, 1, other), { kind: 'crash' }));
  exit(await started(module, 1, chosen), 'kill');
  t.match(await start(module as GenServer, 'crash', { codeKey: chosen }), ['error']);
  t.match(listed(name), { current: { crashes: 1 }, canary: { crashes: 2 } });
  t.match(crashes[0], {
    name,
    hash: canary.hash,
    slot: 'canary',
    pid: one,
    key: chosen,
    reason: { reason: { message: 'as asked' } },
  });
  t.equal(crashes.length, 3);

  await code.upgrade([
    version(plain, "exports.handle = m => { if (m === 'crash') throw new Error('bad') }"),
  ]);
  const user = (): Pid =>
    spawn(async message => {
      if (message === 'own crash') throw new Error('my own');
      const { handle } = handler.lookup() as { handle: (message: unknown) => unknown };
      handle(message);
      await settle();
      if (message === 'later') throw new Error('still while it handles that message');
    });
  const users = ['own crash', 'crash', 'later'].map(last => [user(), last] as const);
  for (const [pid, last] of users) {
    send(pid, 'something');
    send(pid, last);
  }
  await settle();
  await settle();
  await settle();
  t.ok(users.every(([pid]) => !isAlive(pid)));
  t.equal(listed(plain).current.crashes, 2);
  t.equal(listed(plain).old?.crashes, 0);
});
