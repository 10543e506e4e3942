/** `via` names, wherever a name can stand. */
import t from 'tap';
import {
  at,
  call,
  cast,
  checkResponse,
  exit,
  isAlive,
  monitor,
  offer,
  register,
  registry,
  self,
  send,
  sendRequest,
  spawn,
  start,
  startLink,
  stop,
  sys,
  via,
  whereis,
} from '../../../actors/index.ts';
import type { GenServer, Pid, Request, ViaModule } from '../../../actors/index.ts';
import { settle } from '../../../actors/testing.ts';
import { dynamicSupervisor, supervisor } from '../../../supervisors/index.ts';
import { captureLog } from '../capture-log.ts';
import { exitOf } from '../exit-of.ts';
import { hand } from '../hand.ts';
import { startIsolate } from '../isolates/isolates.ts';
import { startPuppets } from '../isolates/puppets.ts';

type Call = Request<'get', object, number> | Request<'stop'>;

const counter: GenServer<number | 'ignore' | 'stop', number, Call, 'up', 'info'> = {
  init: arg => {
    if (arg === 'ignore') return ['ignore'];
    if (arg === 'stop') return ['stop', 'no'];
    return ['ok', arg];
  },
  handleCall: (request, _from, state) =>
    request.kind === 'get' ? ['reply', state, state] : ['stop', 'normal', undefined, state],
  handleCast: (_message, state) => ['noreply', state + 1],
  handleInfo: (_message, state) => ['noreply', state + 10],
};

void registry.startLink({ keys: 'unique', name: 'names' });
const name = via<Call, 'up'>('names', ['user', 7]);

async function started(): Promise<Pid> {
  const result = await start(counter, 0, { name });
  if (result[0] !== 'ok') throw new Error(`did not start: ${result[0]}`);
  return result[1];
}

void t.test('start under a via name, and reach it by that', async t => {
  captureLog(t);
  t.equal(whereis(name), undefined);
  const pid = await started();
  t.equal(whereis(name), pid);
  t.same(registry.lookup('names', ['user', 7]), [[pid, undefined]]);
  send(name, 'info');
  t.ok(offer(name, 'info'));
  cast(name, 'up');
  t.equal(await call(name, { kind: 'get' }), 21, 'the type of the reply is known: a number');
  t.equal(await sys.getState(name), 21);
  await sys.suspend(name);
  await sys.resume(name);
  const one = hand();
  const id = await one.run(() => sendRequest(name, { kind: 'get' }));
  await settle();
  t.same(checkResponse(one.got[0], id), ['reply', 21]);
  const ref = await one.run(() => monitor(name));
  await stop(name, 'shutdown');
  t.notOk(isAlive(pid));
  await settle();
  t.same(one.got[1], { kind: 'DOWN', ref, pid, reason: 'shutdown', via: name });
  t.equal(whereis(name), undefined, 'the name went with it');
});

void t.test('a name that is taken: already_started', async t => {
  captureLog(t);
  const pid = await started();
  t.same(await start(counter, 0, { name }), ['error', ['already_started', pid]]);
  t.throws(() => spawn(() => undefined, { name }), /the name "\[names, \[user, 7\]\]" is taken/);
  exit(pid, 'kill');
  const again = await started();
  t.equal(whereis(name), again);
  exit(again, 'kill');
  const bare = spawn(() => undefined, { name });
  t.equal(whereis(name), bare);
  exit(bare, 'kill');
});

void t.test('a start that fails leaves the name free', async t => {
  captureLog(t);
  t.same(await start(counter, 'ignore', { name }), ['ignore']);
  t.equal(whereis(name), undefined);
  t.same(await start(counter, 'stop', { name }), ['error', 'no']);
  t.equal(whereis(name), undefined);
});

void t.test('a value may be registered with the name', async t => {
  captureLog(t);
  const result = await start(counter, 0, { name: via('names', 'with a value', 'value') });
  t.same(registry.lookup('names', 'with a value'), [[result[1], 'value']]);
  exit(result[1] as Pid, 'kill');
});

void t.test('nobody behind the name', async t => {
  captureLog(t);
  t.throws(() => {
    send(name, 'info');
  }, /nobody has the key \["user",7\] in "names"/);
  cast(name, 'up');
  t.notOk(offer(name, 'info'));
  t.same(await exitOf(call(name, { kind: 'get' })), ['noproc', ['call', name, 'get', 5_000]]);
  const one = hand();
  const ref = await one.run(() => monitor(name));
  await settle();
  t.same(one.got, [{ kind: 'DOWN', ref, pid: undefined, reason: 'noproc', via: name }]);
});

void t.test('a registry that does not run, or has duplicate keys', async t => {
  captureLog(t);
  t.throws(() => whereis(via('none', 1)), /unknown registry: "none"/);
  t.throws(() => start(counter, 0, { name: via('none', 1) }), /unknown registry: "none"/);
  await registry.startLink({ keys: 'duplicate', name: 'many' });
  t.throws(() => whereis(via('many', 1)), /via is not supported for a registry of duplicate keys/);
});

void t.test('children and supervisors under via names', async t => {
  captureLog(t);
  const root = hand({ trapExit: true });
  const supervisorName = via('names', 'a supervisor');
  await root.run(async () => {
    const start = () => startLink(counter, 0, { name });
    await supervisor.startLink(() => [{}, [{ id: 'counter', start }]], undefined, {
      name: supervisorName,
    });
    await dynamicSupervisor.startLink({ name: via('names', 'dynamic') });
  });
  const first = whereis(name);
  t.ok(first);
  const rows = await supervisor.whichChildren(supervisorName);
  t.match(rows, [{ id: 'counter', pid: first }]);
  t.same(await dynamicSupervisor.whichChildren(via('names', 'dynamic')), []);
  exit(first as Pid, 'kill');
  await settle();
  t.ok(whereis(name) !== undefined && whereis(name) !== first, 'restarted under its name');
  exit(root.pid, 'kill');
  await settle();
  t.equal(whereis(name), undefined);
});

/** A via module as somebody would write one, with a book of what was asked of it. */
function bookkeeper(): ViaModule & { readonly asked: unknown[] } {
  const pids = new Map<unknown, Pid>();
  const asked: unknown[] = [];
  return {
    asked,
    registerName(key, pid) {
      asked.push(['registerName', key, self() === pid]);
      if (pids.has(key)) return 'no';
      pids.set(key, pid);
      return 'yes';
    },
    unregisterName(key) {
      asked.push(['unregisterName', key]);
      pids.delete(key);
    },
    whereisName: key => pids.get(key),
    send(key, message) {
      asked.push(['send', key]);
      const pid = pids.get(key);
      if (pid === undefined) throw new TypeError('badarg');
      send(pid, message);
      return pid;
    },
  };
}

void t.test('a module of one’s own', async t => {
  captureLog(t);
  const keeper = bookkeeper();
  const mine = via<Call, 'up'>(keeper, 'mine');
  t.same(mine, ['via', keeper, 'mine'], 'Erlang’s tuple');
  const result = await start(counter, 5, { name: mine });
  t.same(keeper.asked, [['registerName', 'mine', true]], 'asked as the process itself');
  t.equal(await call(mine, { kind: 'get' }), 5);
  send(mine, 'info');
  t.same(keeper.asked.at(-1), ['send', 'mine'], 'it is the module that sends');
  t.equal(await call(mine, { kind: 'get' }), 15);
  const literally = ['via', keeper, 'mine'] as const;
  t.equal(await call(literally, { kind: 'get' }), 15);
  t.same(await start(counter, 0, { name: mine }), ['error', ['already_started', result[1]]]);
  t.same(await start(counter, 'stop', { name: via(keeper, 'failed') }), ['error', 'no']);
  t.same(keeper.asked.at(-1), ['unregisterName', 'failed'], 'told when the start fails');
  t.throws(
    () => via({ send: () => 0 } as never, 1),
    /lacks registerName, unregisterName, whereisName/,
  );
});

void t.test('a module that refuses, or throws, while the process begins', async t => {
  captureLog(t);
  const refusing = { ...bookkeeper(), registerName: () => 'no' as const };
  const refused = via(refusing, 'x');
  t.same(await start(counter, 0, { name: refused }), ['error', ['already_started', undefined]]);
  t.throws(() => spawn(() => undefined, { name: refused }), /is taken/);
  const broken = {
    ...bookkeeper(),
    registerName: (): 'yes' => {
      throw new Error('no disk');
    },
  };
  t.match(await start(counter, 0, { name: via(broken, 'x') }), [
    'error',
    { reason: { message: 'no disk' } },
  ]);
  t.throws(() => spawn(() => undefined, { name: via(broken, 'x') }), /no disk/);
  const linked = hand({ trapExit: true });
  await linked.run(async () => {
    t.equal((await startLink(counter, 0, { name: refused }))[0], 'error');
  });
  await settle();
  t.same(linked.got, [], 'no stray exit at who starts it');
});

void t.test('a via name is good in its own isolate', async t => {
  captureLog(t);
  await startPuppets();
  const isolate = await startIsolate(t, 1);
  const there = await isolate.spawn();
  t.throws(
    () => at(name as never, 1),
    /via name is known only in its own isolate, so ask a process/,
  );
  t.throws(() => {
    send(there, ['look', name]);
  }, /the value\[1\] is a via name \(send the pid that it stands for\)/);
  const one = hand();
  await one.run(() => {
    t.throws(() => via('names', 1)[1].registerName(['names', 1], there), /start a registry there/);
    t.throws(() => {
      register('a name', there);
    }, /register it there/);
  });
  const far: ViaModule = { ...bookkeeper(), whereisName: () => there };
  const away = via(far, 'away');
  t.equal(whereis(away), there);
  t.ok(offer(away, 'hello'), 'a module may know processes of other isolates');
  const ref = await one.run(() => monitor(away));
  exit(there, 'kill');
  await new Promise<void>(resolve => {
    const look = (): void => {
      if (one.got.length > 0) resolve();
      else setImmediate(look);
    };
    look();
  });
  t.same(one.got, [{ kind: 'DOWN', ref, pid: there, reason: 'killed', via: away }]);
});
