/** What Erlang calls `badarg`: bad arguments of public functions are told of at once, in words of ours. */
import t from 'tap';
import type { Test } from 'tap';
import * as actors from '../../actors/index.ts';
import type { Pid } from '../../actors/index.ts';
import { captureLog } from './capture-log.ts';
import { hand } from './hand.ts';

type Loose = (...args: readonly unknown[]) => unknown;

/** Every function of the runtime as a caller without types sees it. */
const a = actors as unknown as Readonly<Record<string, Loose>>;
const inside = (name: string): Readonly<Record<string, Loose>> =>
  (actors as unknown as Record<string, Readonly<Record<string, Loose>>>)[name] ?? {};

const server = {
  name: 'server',
  init: () => ['ok', 0],
  handleCall: (request: unknown, _from: unknown, state: unknown) => ['reply', request, state],
};

const handler = {
  name: 'handler',
  init: () => ['ok', 0],
  handleEvent: (_event: unknown, state: unknown) => ['ok', state],
};

const nothing = [undefined, null, true, Symbol('no'), 10n, () => 0];
const noServer = [...nothing, 1.5, -1, NaN, {}, [], ['via'], ['via', {}, 'x'], { isolate: 3 }];
const noPid = [...noServer, 'name', '', { name: 'x', isolate: 0 }];
const noFunction = [undefined, null, true, Symbol('no'), 10n, 1, 'f', {}];
const noOptions = [null, true, Symbol('no'), 1, 'options', () => 0, [['timeout', 100]]];
const noTime = [null, true, Symbol('no'), 10n, '', 'soon', [], {}, -1, NaN, () => 0];

/** The function throws, or its promise rejects, with a sentence that says what it got. */

async function refuses(t: Test, what: string, bads: readonly unknown[], use: Loose): Promise<void> {
  for (const bad of bads) {
    let refused: unknown;
    try {
      await use(bad);
    } catch (error) {
      refused = error;
    }
    const said = refused instanceof Error ? refused.message : 'nothing';
    const title = `${what} of ${typeof bad}: ${said}`;
    t.ok(refused instanceof TypeError || refused instanceof RangeError, title);
    t.match(said, /\b(got|is|lacks|expects|unknown) /, title);
    t.notMatch(said, /Cannot|is not a|not iterable|instanceof/, title);
  }
}

async function started(): Promise<Pid> {
  const [, pid] = (await a['start']?.(server, 0)) as readonly ['ok', Pid];
  return pid;
}

void t.test('what is no process', async t => {
  const worker = hand();
  for (const name of ['send', 'offer', 'cast', 'call', 'sendRequest', 'stop', 'monitor']) {
    await refuses(t, name, noServer, bad => worker.run(() => a[name]?.(bad, { kind: 'x' })));
  }
  for (const name of ['link', 'unlink', 'exit', 'isAlive', 'processInfo']) {
    await refuses(t, name, noPid, bad => worker.run(() => a[name]?.(bad, 'normal')));
  }
  for (const name of ['suspend', 'resume', 'getState', 'getStatus', 'terminate', 'noDebug']) {
    await refuses(t, `sys.${name}`, noServer, bad => worker.run(() => inside('sys')[name]?.(bad)));
  }
  for (const name of ['notify', 'syncNotify', 'call', 'addHandler', 'whichHandlers', 'stop']) {
    const use: Loose = bad => worker.run(() => inside('genEvent')[name]?.(bad, handler, 1));
    await refuses(t, `genEvent.${name}`, noServer, use);
  }
});

void t.test('a promise rejects, and does not throw at once', async t => {
  for (const fail of [a['call'], inside('sys')['getState'], inside('genEvent')['whichHandlers']]) {
    await t.rejects(fail?.(null, 1) as Promise<unknown>, TypeError);
  }
});

void t.test('any request can be asked, an Exit tells its kind', async t => {
  const pid = await started();
  for (const request of [undefined, null, 'ping', 1.5, ['get', 1]]) {
    t.same(await a['call']?.(pid, request), request, 'the server has it as it is');
  }
  const reasons: unknown[] = [];
  for (const request of [null, 'ping', ['get', 1], { kind: 'get' }]) {
    const asked = a['call']?.('nobody', request) as Promise<unknown>;
    await asked.catch((thrown: unknown) => reasons.push(actors.reasonOf(thrown)));
  }
  const told = (kind: string): unknown => ['noproc', ['call', 'nobody', kind, 5_000]];
  t.same(reasons, [told('object'), told('string'), told('get'), told('get')]);
});

void t.test('what is no time', async t => {
  const pid = await started();
  actors.register('timed', pid);
  await refuses(t, 'call', noTime, bad => a['call']?.(pid, { kind: 'x' }, bad));
  await refuses(t, 'stop', noTime, bad => a['stop']?.(pid, 'normal', bad));
  await refuses(t, 'getState', noTime, bad => inside('sys')['getState']?.(pid, bad));
  await refuses(t, 'start', noTime, bad => a['start']?.(server, 0, { timeoutMs: bad }));
  await refuses(t, 'sendAfter', noTime, bad => a['sendAfter']?.(bad, pid, 1));
  await refuses(t, 'multiCall', noTime, bad => a['multiCall']?.([0], 'timed', 1, bad));
  t.ok(actors.isAlive(pid), 'a stop that was refused ends nothing');
});

void t.test(
  'a timeout of 0 asks and does not wait, also one that could answer at once',
  async t => {
    const pid = await started();
    const why = async (asked: unknown): Promise<unknown> => {
      const exited = await (asked as Promise<unknown>).catch((thrown: unknown) => thrown);
      return ((exited as actors.Exit).reason as unknown[])[0];
    };
    t.equal(await why(a['call']?.(pid, { kind: 'x' }, 0)), 'timeout');
    t.equal(await why(inside('sys')['getState']?.(pid, 0)), 'timeout');
    t.equal(await a['call']?.(pid, 'after it'), 'after it', 'the server has handled both');
  },
);

void t.test('names', async t => {
  const pid = await started();
  const noName = [...nothing, 1.5, {}, [], ['via'], ''];
  await refuses(t, 'register', noName, bad => a['register']?.(bad, pid));
  await refuses(t, 'register', noPid, bad => a['register']?.('name', bad));
  await refuses(t, 'unregister', noName, bad => a['unregister']?.(bad));
  t.same(actors.processInfo(pid)?.name, undefined, 'nothing has become its name');
  await refuses(t, 'at', noName, bad => a['at']?.(bad, 1));
  const noIsolate = [...nothing, 1.5, -1, 1024];
  await refuses(t, 'at', noIsolate, bad => a['at']?.('name', bad));
  await refuses(t, 'abcast', noIsolate, bad => a['abcast']?.(bad, 'name', 1));
  await refuses(t, 'multiCall', noIsolate, bad => a['multiCall']?.(bad, 'name', 1));
  await refuses(t, 'via', nothing, bad => a['via']?.(bad, 'key'));
  const startNames = noName.slice(1);
  await refuses(t, 'start', startNames, bad => a['start']?.(server, 0, { name: bad }));
  await refuses(t, 'spawn', startNames, bad => a['spawn']?.(() => undefined, { name: bad }));
  const init: Loose = () => inside('procLib')['initAck']?.('ok');
  await refuses(t, 'procLib', startNames, bad => inside('procLib')['start']?.(init, { name: bad }));
});

void t.test('what a process is started with', async t => {
  for (const name of ['start', 'startLink', 'startMonitor']) {
    const run: Loose = bad => hand().run(() => a[name]?.(bad, 0));
    await refuses(t, name, [undefined, null, 1, 'module', () => 0], run);
    await refuses(t, name, noOptions, bad => hand().run(() => a[name]?.(server, 0, bad)));
  }
  for (const name of ['spawn', 'spawnLink', 'spawnMonitor']) {
    await refuses(t, name, noFunction, bad => hand().run(() => a[name]?.(bad)));
    const run: Loose = bad => hand().run(() => a[name]?.(() => undefined, bad));
    await refuses(t, name, noOptions, run);
  }
  for (const name of ['start', 'startLink', 'startMonitor']) {
    await refuses(t, name, noFunction, bad => hand().run(() => inside('procLib')[name]?.(bad)));
    const run: Loose = bad => hand().run(() => inside('procLib')[name]?.(() => undefined, bad));
    await refuses(t, name, noOptions, run);
    await refuses(t, name, noOptions, bad => hand().run(() => inside('genEvent')[name]?.(bad)));
  }
  const options = {
    mailboxLimit: [null, true, Symbol('no'), 10n, '5', 0, NaN],
    trapExit: [null, 1, 'yes', {}],
    debug: [null, 1, 'trace', {}],
    parent: noPid.slice(1),
  };
  for (const [key, bads] of Object.entries(options)) {
    await refuses(t, key, bads, bad => a['start']?.(server, 0, { [key]: bad }));
  }
  t.same(
    await a['start']?.({}, 0, []),
    ['error', ['undef', ['gen_server', 'init', 1]]],
    'no options, as in Erlang',
  );
});

void t.test('a process that enters the loop badly ends with the error', async t => {
  captureLog(t);
  const entered: Loose = (...args) =>
    inside('procLib')['start']?.(() => {
      a['enterLoop']?.(...args);
    });
  const bads = [
    [null, {}, 0],
    [server, null, 0],
    [server, [['debug', []]], 0],
    [server, {}, 0, null],
    [server, {}, 0, ['global', 'x']],
  ];
  for (const bad of bads) {
    const [tag, why] = (await entered(...bad)) as readonly ['error', { reason: unknown }];
    t.equal(tag, 'error');
    t.match(why.reason, TypeError, JSON.stringify(bad));
  }
  const initFail: Loose = bad =>
    inside('procLib')['start']?.(() => inside('procLib')['initFail']?.(['error', 'told'], bad));
  t.same(await initFail(null), ['error', 'told'], 'initFail tells the starter all the same');
});

void t.test('references, flags and what is put in place', async t => {
  const worker = hand();
  await refuses(t, 'demonitor', [...nothing, 'ref', {}], bad =>
    worker.run(() => a['demonitor']?.(bad)),
  );
  await refuses(t, 'demonitor', noOptions, bad => worker.run(() => a['demonitor']?.(1, bad)));
  await refuses(t, 'trapExit', [undefined, null, 1, 'true'], bad =>
    worker.run(() => a['trapExit']?.(bad)),
  );
  for (const name of ['cancelTimer', 'readTimer']) {
    await refuses(t, name, [...noServer, 'timer'], bad => a[name]?.(bad));
  }
  await refuses(t, 'reply', noServer, bad => a['reply']?.(bad, 1));
  for (const name of ['setLogger', 'setClock', 'setIsolateCodec', 'knownLong', 'runOutside']) {
    await refuses(t, name, noFunction, bad => a[name]?.(bad));
  }
  await refuses(t, 'setCrashKeeper', noFunction.slice(1), bad => a['setCrashKeeper']?.(bad));
  await refuses(t, 'setTracePrinter', noFunction, bad => inside('sys')['setTracePrinter']?.(bad));
  await refuses(t, 'connectIsolate', noFunction, bad => a['connectIsolate']?.(9, bad));
  t.same(actors.connectedIsolates(), [], 'nothing is half connected');
});

void t.test('gen_event, registry, logger and code', async t => {
  const genEvent = inside('genEvent');
  const [, manager] = (await genEvent['start']?.()) as readonly ['ok', Pid];
  const pairs = [...nothing, 'pair', [], [handler], [handler, 1, 2]];
  await refuses(t, 'swapHandler', pairs, bad =>
    genEvent['swapHandler']?.(manager, bad, [handler, 1]),
  );
  await refuses(t, 'swapHandler', pairs, bad =>
    genEvent['swapHandler']?.(manager, [handler, 1], bad),
  );
  t.same(await genEvent['whichHandlers']?.(manager), [], 'and nothing was swapped');
  const registry = inside('registry');
  await refuses(t, 'registry', nothing, bad => registry['startLink']?.(bad));
  for (const name of ['register', 'lookup', 'keys', 'count', 'meta']) {
    await refuses(t, name, [...nothing, 'none'], bad =>
      hand().run(() => registry[name]?.(bad, 'k', 1)),
    );
  }
  await refuses(t, 'updateValue', noFunction, bad => registry['updateValue']?.('none', 'key', bad));
  await refuses(t, 'addHandler', nothing, bad => inside('logger')['addHandler']?.('id', bad));
  const code = inside('code');
  for (const name of ['load', 'upgrade', 'promote', 'revert', 'prepare']) {
    await refuses(t, name, [...nothing, 'name', {}, [null]], async bad => code[name]?.(bad));
  }
  await refuses(t, 'define', [...nothing, ''], bad => code['define']?.(bad, {}));
  await refuses(t, 'define', nothing, bad => code['define']?.('module', bad));
  await refuses(t, 'compile', nothing, bad => code['compile']?.(bad));
  await t.rejects(async () => code['lookup']?.(Symbol('no')), { code: 'undefined_module' });
});
