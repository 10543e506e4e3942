import t from 'tap';
import {
  call,
  cast,
  code,
  exit,
  isAlive,
  link,
  reply,
  self,
  send,
  setClock,
  spawn,
  start,
  startLink,
  sys,
  trapExit,
} from '../../../actors/index.ts';
import type { From, GenServer, Pid, Request, ServerPid } from '../../../actors/index.ts';
import { createVirtualClock, settle } from '../../../actors/testing.ts';
import { captureLog } from '../capture-log.ts';
import { until } from '../until.ts';
import { freshName, listed, rejection, version } from './versions.ts';

type Call =
  | Request<'count', object, number>
  | Request<'version', object, unknown>
  | Request<'wait', object, string>
  | Request<'ask', { of: Pid }, unknown>;

/** Those who wait in a handler, by the pid of their caller. */
const waiting: (() => void)[] = [];

/** Counts; its state is a number. */
function counter(): GenServer<number, number, Call> {
  return {
    init: from => ['ok', from],
    async handleCall(request, _from, state) {
      switch (request.kind) {
        case 'count':
          return ['reply', state + 1, state + 1];
        case 'version':
          return ['reply', 'built-in', state];
        case 'ask':
          return ['reply', await call(request.of, { kind: 'version' }), state];
        case 'wait':
          await new Promise<void>(resolve => waiting.push(resolve));
          return ['reply', 'waited', state + 1];
      }
    },
  };
}

/** The same with an object for a state. */
const SECOND = `
exports.vsn = 2;
exports.default = {
  init: from => ['ok', { count: from }],
  handleCall(request, _from, state) {
    if (request.kind === 'version') return ['reply', 2, state];
    const next = { ...state, count: state.count + 1 };
    return ['reply', next.count, next];
  },
  codeChange(oldVsn, state, extra) {
    if (Array.isArray(oldVsn)) return ['ok', state.count];
    return ['ok', { count: state, oldVsn, extra }];
  },
};`;

/** As {@link SECOND}, but states above 100 are too much for its codeChange. */
const PICKY = SECOND.replace(
  'codeChange(oldVsn, state, extra) {',
  "codeChange(oldVsn, state, extra) { if (state > 100) throw new Error('too much');",
);

/** What the test hands to a version. */
const PROCESSES = "const { exit, pid, reason } = require('processes');";

async function started(
  module: object,
  arg: unknown,
  options = {},
): Promise<ServerPid<Call, never>> {
  const result = await start(module as GenServer, arg, options);
  if (result[0] !== 'ok') throw new Error(`did not start: ${String(result[1])}`);
  return result[1];
}

function defined(): { name: string; module: GenServer<number, number, Call> } {
  const name = freshName();
  const module = counter();
  code.define(name, { default: module });
  return { name, module };
}

void t.test('what starts while the very first step of all is prepared is new already', async t => {
  const { name, module } = defined();
  const prepared = await code.prepare({ load: [version(name, SECOND)] });
  t.equal(await call(await started(module, 1), { kind: 'version' }), 2);
  prepared.revert();
  t.equal(await call(await started(module, 1), { kind: 'version' }), 'built-in');
});

void t.test('running processes, and those that start, run the new version', async t => {
  const { name, module } = defined();
  const running = await started(module, 5);
  t.equal(await call(running, { kind: 'count' }), 6);
  const second = version(name, SECOND);
  const outcome = await code.upgrade([second], { extra: 'more' });
  t.same(outcome, { modules: [name], unchanged: [], processes: 1 });
  t.same(await sys.getState(running), { count: 6, oldVsn: 'built-in', extra: 'more' });
  t.equal(await call(running, { kind: 'count' }), 7);
  t.equal(await call(await started(module, 1), { kind: 'version' }), 2);
  t.match(listed(name), {
    current: { vsn: 2, hash: second.hash, processes: 2, crashes: 0 },
    old: { vsn: 'built-in', processes: 0 },
    canary: undefined,
  });
  t.same((await code.upgrade([second])).unchanged, [name], 'the same once more is no load');
});

void t.test('all are changed at once, without a turn for each', async t => {
  const { name, module } = defined();
  const many = await Promise.all(Array.from({ length: 1_000 }, (_, from) => started(module, from)));
  const upgraded = code.upgrade([version(name, SECOND)]);
  t.same(await sys.getState(many[999]!), { count: 999, oldVsn: 'built-in', extra: undefined });
  t.equal((await upgraded).processes, 1_000);
});

void t.test('one codeChange that fails puts code and state of all back', async t => {
  const { name, module } = defined();
  const other = defined();
  const processes = await Promise.all([5, 50, 500].map(from => started(module, from)));
  const bystander = await started(other.module, 1);
  const error = await rejection(code.upgrade([version(other.name, SECOND), version(name, PICKY)]));
  t.equal(error.code, 'code_change_failed');
  t.same(error.pids, [processes[2]]);
  t.match(error.message, /codeChange of ".*" failed in process \d+ .*too much/);
  t.same(await Promise.all(processes.map(pid => sys.getState(pid))), [5, 50, 500]);
  for (const pid of [...processes, bystander]) {
    t.equal(await call(pid, { kind: 'version' }), 'built-in');
  }
  t.match(listed(name), { current: { vsn: 'built-in' }, old: undefined });
  t.match(listed(other.name), { current: { vsn: 'built-in', processes: 1 }, old: undefined });
});

for (const [what, state, write] of [
  ['an object', { count: 1, gone: 2 }, 'state.count = 9; state.more = 3; delete state.gone;'],
  ['an array', [1, 2], 'state.push(3); state[0] = 9;'],
  ['a Map', new Map([['a', 1]]), "state.set('b', 2); state.delete('a');"],
  ['a Set', new Set([1, 2]), 'state.clear(); state.add(3);'],
] as const) {
  void t.test(`what a codeChange writes into ${what} before it fails is undone`, async t => {
    const name = freshName();
    const module: GenServer<unknown, unknown, Call> = {
      init: from => ['ok', from],
      handleCall: (_request, _from, state) => ['reply', 'built-in', state],
    };
    code.define(name, { default: module });
    const before = structuredClone(state);
    const other = structuredClone(state);
    const processes = [await started(module, state), await started(module, other)];
    const upgraded = (result: string): Promise<unknown> =>
      code.upgrade([
        version(
          name,
          `let calls = 0; exports.default = {
            init: from => ['ok', from], handleCall() {},
            codeChange(vsn, state) { ${write} calls += 1; if (calls === 2) ${result}; return ['ok', state]; },
          };`,
        ),
      ]);
    for (const result of ["throw new Error('no')", "return ['error', 'no']"]) {
      t.equal((await rejection(upgraded(result))).code, 'code_change_failed');
      t.same(await sys.getState(processes[0]!), before, 'of the one that had been changed');
      t.same(await sys.getState(processes[1]!), before, 'of the one that failed');
      t.equal(await sys.getState(processes[0]!), state, 'the very same value');
    }
  });
}

void t.test(
  'of a frozen state, or one that computes a field, there is nothing to undo',
  async t => {
    const name = freshName();
    const module = counter();
    code.define(name, { default: module });
    const frozen = Object.freeze([1, 2]);
    const computing = {
      get now(): object {
        return {};
      },
    };
    const bytes = new Uint8Array(2);
    const states = [Object.freeze({ a: 1 }), frozen, computing, bytes];
    const processes = await Promise.all(states.map(state => started(module, state)));
    processes.push(await started(module, 500));
    const error = await rejection(code.upgrade([version(name, PICKY)]));
    t.equal(error.code, 'code_change_failed');
    t.ok(processes.every(pid => isAlive(pid)));
    for (const [index, state] of states.entries())
      t.equal(await sys.getState(processes[index]!), state);
  },
);

void t.test('what a version cannot be is told before any process is touched', async t => {
  const name = freshName('checked');
  code.define(
    name,
    { default: counter(), greet: (who: string) => `hello ${who}` },
    {
      check({ greet }) {
        if (greet('you') !== 'hello you') throw new Error('greet must say hello');
      },
    },
  );
  const refused = async (source: string) =>
    (await rejection(code.upgrade([version(name, source)]))).message;
  const good =
    "exports.default = { init() {}, handleCall() {} }; exports.greet = w => 'hello ' + w;";
  t.match(await refused('exports.greet = () => 1'), /default export must be the callback module, and is none/); // prettier-ignore
  t.match(await refused(good.replace('exports.greet', 'const g')), /must export a function greet, and exports none/); // prettier-ignore
  t.match(await refused(good.replace('handleCall() {}', 'handleCall: 1')), /needs a function handleCall, and has a number/); // prettier-ignore
  t.match(await refused(good.replace('hello ', 'bye ')), /greet must say hello/);
  const unknown = await rejection(code.upgrade([version('nobody', good)]));
  t.equal(unknown.code, 'undefined_module');
  await t.rejects(code.upgrade([version(name, good), version(name, good)]), RangeError);
  await t.rejects(code.upgrade([version(name, good)], { share: 0 }), RangeError);
  await t.rejects(code.upgrade([version(name, good)], { timeoutMs: 0 }), RangeError);
  t.throws(() => code.define(name, { default: counter() }), RangeError);
  t.throws(() => code.lookup('nobody'), { code: 'undefined_module' });
});

void t.test('who is in a handler that awaits is waited for', async t => {
  const { name, module } = defined();
  const busy = await started(module, 1);
  const idle = await started(module, 10);
  const waited = call(busy, { kind: 'wait' });
  await until(() => waiting.length === 1);
  const upgraded = code.upgrade([version(name, SECOND)]);
  const next = call(busy, { kind: 'count' });
  await settle();
  t.equal(await call(idle, { kind: 'count' }), 11, 'the others go on meanwhile');
  waiting.pop()?.();
  t.equal(await waited, 'waited');
  t.equal((await upgraded).processes, 2);
  t.equal(await next, 3, 'what came meanwhile is handled by the new version');
  t.match(await sys.getState(busy), { count: 3 });
});

void t.test('who never comes to rest fails the upgrade, and all go on as before', async t => {
  const clock = createVirtualClock();
  const real = setClock(clock);
  t.teardown(() => setClock(real));
  const { name, module } = defined();
  const busy = await started(module, 1, { name: 'the.stuck.one' });
  const idle = await started(module, 10);
  const waited = call(busy, { kind: 'wait' }, Infinity);
  await until(() => waiting.length === 1);
  const failed = rejection(code.upgrade([version(name, SECOND)], { timeoutMs: 2_000 }));
  await clock.advance(1_999);
  t.equal(listed(name).old, undefined);
  await clock.advance(200);
  const error = await failed;
  t.equal(error.code, 'timeout');
  t.same(error.pids, [busy]);
  t.match(error.message, /within 2000 ms.*\d+ \(the.stuck.one, awaiting\)/);
  t.equal(await call(idle, { kind: 'version' }), 'built-in');
  waiting.pop()?.();
  t.equal(await waited, 'waited');
  t.equal(await call(busy, { kind: 'version' }), 'built-in', 'nothing is left that suspends it');
  t.equal((await code.upgrade([version(name, SECOND)])).processes, 2);
});

void t.test('who waits for one that is suspended is let through', async t => {
  const clock = createVirtualClock();
  const real = setClock(clock);
  t.teardown(() => setClock(real));
  const { name, module } = defined();
  const one = await started(module, 1);
  const other = await started(module, 1);
  // The other is busy, so the first one's question waits behind its suspension.
  const waited = call(other, { kind: 'wait' });
  await until(() => waiting.length === 1);
  const asked = call(one, { kind: 'ask', of: other });
  await settle();
  const upgraded = code.upgrade([version(name, SECOND)]);
  waiting.pop()?.();
  await waited;
  await clock.advance(1_000);
  t.equal(await asked, 'built-in');
  t.equal((await upgraded).processes, 2);
});

void t.test('who was suspended before stays so', async t => {
  const { name, module } = defined();
  const pid = await started(module, 1);
  await sys.suspend(pid);
  const counted = call(pid, { kind: 'count' });
  await code.upgrade([version(name, SECOND)]);
  await settle();
  t.match(await sys.getStatus(pid), { status: 'suspended' });
  t.match(await sys.getState(pid), { count: 1 });
  await sys.resume(pid);
  t.equal(await counted, 2);
});

void t.test('a continue comes before the change, as it comes before everything', async t => {
  const name = freshName();
  const module: GenServer<null, string[], never, never, never, string> = {
    init: () => ['ok', [], { continue: 'first' }],
    handleContinue: (value, state) => ['noreply', [...state, `built-in ${value}`]],
  };
  code.define(name, { default: module });
  const pid = await started(module, null);
  await code.upgrade([
    version(
      name,
      `exports.default = {
        init() {},
        handleContinue: (value, state) => ['noreply', [...state, 'new ' + value]],
        codeChange: (_old, state) => ['ok', [...state, 'changed']],
      };`,
    ),
  ]);
  t.same(await sys.getState(pid), ['built-in first', 'changed']);
});

void t.test('a server’s timeout begins anew when the upgrade is over', async t => {
  const clock = createVirtualClock();
  const real = setClock(clock);
  t.teardown(() => setClock(real));
  const name = freshName();
  const module: GenServer<null, string[]> = {
    init: () => ['ok', [], 1_000],
    handleInfo: ({ kind }, state) => ['noreply', [...state, kind]],
  };
  code.define(name, { default: module });
  const pid = await started(module, null);
  await clock.advance(900);
  await code.upgrade([version(name, "exports.default = { init() {}, handleInfo: (m, s) => ['noreply', [...s, 'new ' + m.kind]] }")]); // prettier-ignore
  await clock.advance(999);
  const { behaviour } = await look(pid);
  t.same(behaviour, []);
  await clock.advance(1);
  t.same(await sys.getState(pid), ['new timeout']);
});

/** The state without a system message, which would begin the timeout anew. */
async function look(pid: Pid): Promise<{ behaviour: unknown }> {
  const { processOf } = await import('../../../actors/process-table.ts');
  return { behaviour: (processOf(pid)?.behaviour as { state?: unknown }).state };
}

void t.test(
  'who obeys its parent while it is suspended, who dies, and who starts meanwhile',
  async t => {
    captureLog(t);
    const { name, module } = defined();
    const children: Pid[] = [];
    const parent = spawn(async () => {
      trapExit(true);
      const result = await startLink(module, 1, { trapExit: true });
      if (result[0] === 'ok') children.push(result[1]);
    });
    send(parent, 'start');
    await until(() => children.length === 1);
    const doomed = await started(module, 2);
    const old = await started(module, 3);
    const prepared = await code.prepare({ load: [version(name, SECOND)] });
    t.equal(prepared.processes, 3);
    exit(parent, 'kill');
    exit(doomed, 'kill');
    await settle();
    t.notOk(isAlive(children[0]!), 'the parent’s exit is obeyed');
    const meanwhile = await started(module, 4);
    t.equal(await call(meanwhile, { kind: 'version' }), 2, 'what starts meanwhile is new');
    const counted = call(old, { kind: 'count' });
    await settle();
    t.equal(listed(name).old, undefined, 'it is not in force yet');
    prepared.commit();
    t.equal(await counted, 4);
    t.match(listed(name), { current: { vsn: 2, processes: 2 }, old: { processes: 0 } });
    prepared.revert();
    t.equal(await call(old, { kind: 'version' }), 2, 'what is over is over');
  },
);

void t.test('two phases: prepared processes wait, and revert puts all back', async t => {
  captureLog(t);
  const { name, module } = defined();
  const old = await started(module, 1);
  const prepared = await code.prepare({ load: [version(name, SECOND)] });
  t.match(await sys.getState(old), { count: 1 });
  t.match(await sys.getStatus(old), { status: 'suspended' });
  t.equal((await rejection(code.prepare({ revert: [name] }))).code, 'busy');
  const meanwhile = await started(module, 40);
  const waiter = await started(module, 1);
  const counted = call(old, { kind: 'count' });
  prepared.revert();
  t.equal(await counted, 2);
  t.equal(await call(meanwhile, { kind: 'count' }), 41, 'those that started new are taken back');
  t.equal(await call(waiter, { kind: 'version' }), 'built-in');
  t.match(listed(name), { current: { vsn: 'built-in', processes: 3 }, old: undefined });
  prepared.commit();
  t.match(listed(name), { current: { vsn: 'built-in' } });
});

void t.test('whoever prepared a step and dies takes it along', async t => {
  const { name, module } = defined();
  const old = await started(module, 1);
  let prepared = false;
  const coordinator = spawn(async () => {
    await code.prepare({ load: [version(name, SECOND)] });
    prepared = true;
  });
  send(coordinator, 'go');
  await until(() => prepared);
  t.match(await sys.getState(old), { count: 1 });
  exit(coordinator, 'kill');
  t.equal(await call(old, { kind: 'version' }), 'built-in');
  t.equal(await sys.getState(old), 1);
  // And while it waits for processes to come to rest.
  const waited = call(old, { kind: 'wait' });
  await until(() => waiting.length === 1);
  const second = spawn(async () => {
    await code.prepare({ load: [version(name, SECOND)] });
  });
  send(second, 'go');
  await settle();
  exit(second, 'kill');
  waiting.pop()?.();
  t.equal(await waited, 'waited');
  t.equal(await call(old, { kind: 'version' }), 'built-in');
  t.equal((await code.upgrade([version(name, SECOND)])).processes, 1);
});

for (const way of ['it is killed there', 'it is linked to one that exits there']) {
  void t.test(`whoever dies within its own upgrade takes it along: ${way}`, async t => {
    captureLog(t);
    const { name, module } = defined();
    const pids = await Promise.all([1, 2, 3].map(from => started(module, from)));
    const linked = way.startsWith('it is linked');
    const ended = {
      pid: () => (linked ? self() : upgrader),
      reason: linked ? 'sick' : 'kill',
    };
    const fatal = version(
      name,
      PROCESSES +
        SECOND.replace('codeChange(oldVsn, state, extra) {', '$& if (state === 2) exit(pid(), reason);'),
      { processes: { exit, ...ended } },
    ); // prettier-ignore
    const upgrader: Pid = spawn(async () => {
      if (linked) link(pids[1]!);
      await code.upgrade([fatal]);
    });
    send(upgrader, 'go');
    await until(() => !isAlive(upgrader));
    await settle();
    const left = pids.filter(pid => isAlive(pid));
    t.equal(left.length, linked ? 2 : 3);
    left.push(await started(module, 4));
    for (const pid of left) {
      t.match(await sys.getStatus(pid), { status: 'running' });
      t.equal(await call(pid, { kind: 'version' }), 'built-in');
    }
    t.match(listed(name), { current: { vsn: 'built-in', processes: left.length }, old: undefined });
    t.equal((await code.upgrade([version(name, SECOND)])).processes, left.length);
  });
}

void t.test('a way back that ends whoever reverts is gone to its end', async t => {
  captureLog(t);
  const { name, module } = defined();
  const old = await started(module, 1);
  let prepared = false;
  const back = SECOND.replace('if (Array.isArray(oldVsn))', "if (Array.isArray(oldVsn)) exit(pid(), 'kill'); $&"); // prettier-ignore
  const fatal = version(name, PROCESSES + back, { processes: { exit, pid: () => coordinator } });
  const coordinator: Pid = spawn(async message => {
    if (message === 'revert') step?.revert();
    else step = await code.prepare({ load: [fatal] });
    prepared = true;
  });
  let step: code.Prepared | undefined;
  send(coordinator, 'prepare');
  await until(() => prepared);
  const meanwhile = await Promise.all([started(module, 40), started(module, 50)]);
  send(coordinator, 'revert');
  await until(() => !isAlive(coordinator));
  for (const pid of [old, ...meanwhile]) {
    t.match(await sys.getStatus(pid), { status: 'running' });
    t.equal(await call(pid, { kind: 'version' }), 'built-in');
  }
  t.match(listed(name), { current: { vsn: 'built-in', processes: 3 }, old: undefined });
  t.equal((await code.upgrade([version(name, SECOND)])).processes, 3);
});

void t.test('whoever lingers in what its own step purges dies once it is committed', async t => {
  const { name, module } = defined();
  const running = await started(module, 1);
  const later = (vsn: number) => version(name, SECOND.replace("'version') return ['reply', 2", `'version') return ['reply', ${vsn}`)); // prettier-ignore
  const upgrader = spawn(async () => {
    await code.upgrade([later(2)]);
    code.lookup(name);
    await code.upgrade([later(3)]);
    await code.upgrade([later(4)]);
  });
  send(upgrader, 'go');
  await until(() => !isAlive(upgrader));
  t.equal(await call(running, { kind: 'version' }), 4);
  t.match(listed(name), { current: { processes: 1 }, old: { processes: 0 } });
});

void t.test('whoever is linked to one that is stuck in what it reverts', async t => {
  const clock = createVirtualClock();
  const real = setClock(clock);
  t.teardown(() => setClock(real));
  captureLog(t);
  const { name, module } = defined();
  const [stuck, idle] = await Promise.all([started(module, 1), started(module, 2)]);
  const slow = SECOND.replace("if (request.kind === 'version')", "if (request.kind === 'wait') return new Promise(() => {}); $&"); // prettier-ignore
  await code.upgrade([version(name, slow)]);
  call(stuck, { kind: 'wait' }).catch(() => undefined);
  const reverter = spawn(async () => {
    link(stuck);
    await code.revert([name], { timeoutMs: 1_000 });
  });
  send(reverter, 'go');
  await settle();
  await clock.advance(2_000);
  await until(() => !isAlive(reverter));
  await settle();
  t.notOk(isAlive(stuck));
  t.equal(await call(idle, { kind: 'version' }), 2, 'nothing is changed for nobody');
  t.match(listed(name), { current: { vsn: 2, processes: 1 }, old: { processes: 0 } });
  t.equal((await code.revert([name])).processes, 1);
  t.equal(await call(idle, { kind: 'version' }), 'built-in');
});

void t.test('a process cannot change the code that it runs', async t => {
  const name = freshName();
  let error: unknown;
  const module: GenServer<null, null, Request<'upgrade'>> = {
    init: () => ['ok', null],
    async handleCall(_request, _from, state) {
      error = await rejection(code.upgrade([version(name, SECOND)]));
      return ['reply', undefined, state];
    },
  };
  code.define(name, { default: module });
  await call(await started(module, null), { kind: 'upgrade' } as never);
  t.match(error, { code: 'calling_self' });
});

void t.test(
  'messages that come while processes are changed are neither lost nor reordered',
  async t => {
    const name = freshName();
    const module: GenServer<null, number[], never, number> = {
      init: () => ['ok', []],
      handleCast: (message, state) => ['noreply', [...state, message]],
    };
    code.define(name, { default: module });
    const pids = await Promise.all(Array.from({ length: 20 }, () => started(module, null)));
    const sender = spawn(() => {
      for (let n = 0; n < 5; n += 1) for (const pid of pids) cast(pid, (sent += 1) as never);
    });
    let sent = 0;
    for (let round = 0; round < 30; round += 1) {
      send(sender, 'go');
      const source = `exports.default = {
      init() {},
      handleCast: (m, state) => ['noreply', [...state, m]],
      codeChange: (_old, state) => ['ok', [...state]], round: ${round},
    };`;
      const prepared = await code.prepare({ load: [version(name, source)] });
      await settle();
      if (round % 2 === 0) prepared.commit();
      else prepared.revert();
    }
    await settle();
    for (const pid of pids) {
      const got = (await sys.getState(pid)) as number[];
      t.equal(got.length, 150);
      t.same(
        got,
        [...got].sort((a, b) => a - b),
      );
    }
  },
);

void t.test('a deferred reply is answered by the new version', async t => {
  const name = freshName();
  const module: GenServer<null, From<string>[], Request<'later', object, string>> = {
    init: () => ['ok', []],
    handleCall: (_request, from, state) => ['noreply', [...state, from]],
    handleInfo: (_message, state) => ['noreply', state],
  };
  code.define(name, { default: module });
  const pid = await started(module, null);
  const asked = call(pid, { kind: 'later' } as never);
  await settle();
  const next = `exports.default = {
    init() {},
    handleCall() {},
    handleInfo: (_message, state) => {
      for (const from of state) require('reply').reply(from, 'from the new one');
      return ['noreply', []];
    },
  };`;
  await code.upgrade([version(name, next, { reply: { reply } })]);
  send(pid, 'answer');
  t.equal(await asked, 'from the new one');
});

void t.test('codeChange may answer error, and must not wait', async t => {
  const log = captureLog(t);
  const { name, module } = defined();
  const pid = await started(module, 1);
  const change = (body: string) => rejection(code.upgrade([changing(name, body)]));
  t.match((await change("return ['error', 'not now']")).message, /not now/);
  t.match((await change("return Promise.resolve(['ok', state])")).message, /bad_return_value/);
  t.match((await change("return 'ok'")).message, /bad_return_value/);
  t.equal(await call(pid, { kind: 'version' }), 'built-in');
  t.same(log, []);
});

void t.test('codeChange runs as its process, and may end it', async t => {
  const { name, module } = defined();
  const [one, other] = await Promise.all([started(module, 1), started(module, 2)]);
  const outcome = await code.upgrade([
    changing(name, "if (state === 1) exit(self(), 'kill'); return ['ok', self()];"),
  ]);
  t.equal(outcome.processes, 1);
  t.notOk(isAlive(one));
  t.equal(await sys.getState(other), other);
});

/** A version of a counter with this body of codeChange(old, state). */
function changing(name: string, body: string): code.Version {
  const source = `
    const { exit, self } = require('processes');
    exports.default = {
      init() {},
      handleCall: (_request, _from, state) => ['reply', 'new', state],
      codeChange(_old, state) { ${body} },
    };`;
  return version(name, source, { processes: { exit, self } });
}
