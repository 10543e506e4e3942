/** The observer of one isolate, with a hundred thousand processes in it. */
import t from 'tap';
import {
  at,
  call,
  exit,
  genStatem,
  glanceAt,
  log,
  processCounts,
  registry,
  self,
  send,
  setLogger,
  spawn,
  startLink,
  stop,
  whereis,
  type Pid,
} from '../../../actors/index.ts';
import { createMetrics } from '../../../server/metrics/metrics.ts';
import { observeMain } from '../../../server/observer/arguments.ts';
import { observer } from '../../../server/observer/observer.ts';
import { observerName, type FoundRegistered } from '../../../server/observer/protocol.ts';
import type { RegistrySearch } from '../../../server/observer/registry.ts';
import { LOOKED_AT_ONCE } from '../../../server/observer/scan.ts';
import { dynamicSupervisor } from '../../../supervisors/index.ts';
import { until } from '../../actors/until.ts';

setLogger(() => undefined);
const observing = observeMain(createMetrics());
const name = at(observerName, 0);
const started = startLink(observer, observing.argument, { name: observerName, label: 'observer' });
t.teardown(() => stop(observerName));
t.before(() => started);

const MANY = 100_000;

void t.test('a page of a hundred thousand processes', async t => {
  const pids: Pid[] = [];
  for (let i = 0; i < MANY; i += 1) pids.push(spawn(() => undefined, { label: `crowd${i % 7}` }));
  t.teardown(() => pids.forEach(pid => exit(pid, 'kill')));
  const busy = pids.slice(-3);
  for (const [index, pid] of busy.entries()) {
    for (let i = 0; i <= index; i += 1) send(pid, 'work');
  }

  // It tells itself to go on, as anybody might who shares the thread with the observer.
  let turns = 0;
  const neighbour = spawn(message => {
    turns += 1;
    if (message === 'go on') send(self(), 'go on');
  });
  send(neighbour, 'go on');
  const ask = { kind: 'find', sort: 'callbacks', q: 'crowd', first: 2 } as const;
  const found = await call(name, ask);
  const meanwhile = turns;
  t.ok(found.total >= MANY);
  t.equal(found.matched, MANY);
  t.same(
    found.top,
    [
      [busy[2], 3],
      [busy[1], 2],
    ],
    'only the page is answered',
  );
  t.ok(
    meanwhile >= MANY / LOOKED_AT_ONCE - 1,
    `others have their turns meanwhile, ${meanwhile} of them`,
  );

  exit(neighbour, 'kill');

  // After each message that a process handles others may have their turns.
  const handled = (): number => glanceAt(whereis('observer') as Pid)?.callbacks ?? 0;
  const before = handled();
  await call(name, { kind: 'code' });
  t.ok(handled() - before >= MANY / LOOKED_AT_ONCE - 1, 'who runs a version is counted in steps');

  const rows = await call(name, { kind: 'rows', pids: [...busy, 12 as Pid] });
  t.same(
    rows.map(({ pid, callbacks }) => [pid, callbacks]),
    busy.map((pid, index) => [pid, index + 1]),
  );
});

void t.test('a page of a supervisor with very many children', async t => {
  const [, supervisor] = await dynamicSupervisor.startLink();
  const pid = supervisor as Pid;
  const module = { init: () => ['ok', undefined] as const };
  for (let i = 0; i < 3_000; i += 1) {
    await dynamicSupervisor.startChild(pid, { start: () => startLink(module, undefined) });
  }
  const tree = await call(name, { kind: 'tree', pid, offset: 2_990, limit: 200 });
  t.match(tree, { total: 3_000, offset: 2_990, node: { children: 3_000, type: 'supervisor' } });
  t.equal('children' in tree && tree.children.length, 10);
  const view = await call(name, { kind: 'process', pid });
  t.match(view, { links: { total: Number }, supervisor: { children: 3_000, intensity: 3 } });
  t.equal('links' in view && view.links.items.length, 100, 'of long lists the beginning');
  await stop(pid);
});

void t.test(
  'registries: names and keys, unique and duplicate, searched and one by one',
  async t => {
    await registry.startLink({ name: 'lines', keys: 'unique' });
    await registry.startLink({ name: 'topics', keys: 'duplicate' });
    const member = {
      init(number: number) {
        registry.register('lines', ['line', number], { since: number });
        registry.register('topics', 'weather', 'first');
        if (number === 2) registry.register('topics', 'weather', Buffer.from('secret'));
        return ['ok', undefined] as const;
      },
    };
    const [one, two] = [1, 2].map(number => startLink(member, number, { label: 'subscriber' }));
    const pids = [(await one)?.[1] as Pid, (await two)?.[1] as Pid] as const;
    const ask = (search: Partial<RegistrySearch>) =>
      call(name, {
        kind: 'registry',
        search: { q: '', kind: undefined, registry: undefined, first: 50, ...search },
      });
    const brief = ({ top }: FoundRegistered) =>
      top.map(({ registry, key, value, process }) => [registry, key, value, process.pid]);

    const keys = await ask({ kind: 'key' });
    t.same(brief(keys), [
      ['lines', '["line",1]', '{…}', pids[0]],
      ['lines', '["line",2]', '{…}', pids[1]],
      ['topics', 'weather', '"first"', pids[0]],
      ['topics', 'weather', '"first"', pids[1]],
      ['topics', 'weather', '<6 bytes>', pids[1]],
    ]);
    t.match(keys.registries, [
      { isolate: 0, name: 'lines', keys: 'unique', total: 2, pid: Number },
      { isolate: 0, name: 'topics', keys: 'duplicate', total: 3 },
    ]);
    t.match(keys, { total: 5, matched: 5, top: [{ process: { label: 'subscriber' } }] });
    t.match(await ask({ q: '"line",2' }), { matched: 1, top: [{ process: { pid: pids[1] } }] });
    t.equal((await ask({ q: String(pids[0]) })).matched, 2, 'by pid');
    t.equal((await ask({ q: 'subscr' })).matched, 5, 'by label');
    t.match(await ask({ registry: 'topics', q: 'weather' }), { total: 3, matched: 3 });
    t.same(
      brief(await ask({ kind: 'name', q: 'observer' })).map(([, key]) => key),
      ['observer'],
    );
    const all = (await ask({})).top.map(({ key }) => key);
    t.ok(all.includes('observer') && all.includes('lines') && all.includes('weather'));
    t.match(await call(name, { kind: 'process', pid: pids[1] }), {
      registered: { total: 3, items: [{ registry: 'lines', key: '["line",2]' }] },
    });
    await stop(pids[0]);
    t.equal((await ask({ kind: 'key', first: 49 })).matched, 3, 'keys of the dead are gone');
    await stop(pids[1]);
    await stop('lines');
    await stop('topics');
    t.same((await ask({ kind: 'key', first: 48 })).registries, []);
  },
);

void t.test('a state machine: state, data, timeouts, what was postponed', async t => {
  const [, machine] = await genStatem.start(
    {
      callbackMode: () => 'handle_event_function',
      init: () => ['ok', 'closed', { code: 4_711 }],
      handleEvent: (type: unknown, content: unknown) =>
        type === 'cast' && content === 'later'
          ? ['keep_state_and_data', ['postpone']]
          : ['keep_state_and_data', [['state_timeout', 60_000, 'lock']]],
    } as never,
    undefined,
    { label: 'door' },
  );
  const pid = machine as Pid;
  genStatem.cast(pid, 'begin');
  genStatem.cast(pid, 'later');
  await until(async () => {
    const view = await call(name, { kind: 'process', pid });
    return 'statem' in view && JSON.stringify(view.statem).includes('later');
  });
  const view = await call(name, { kind: 'process', pid });
  t.match(view, {
    behaviour: 'gen_statem',
    label: 'door',
    statem: {
      value: {
        callbackMode: ['handle_event_function'],
        state: { text: '"closed"' },
        data: { parts: [{ key: 'code', value: { text: '4711' } }] },
        timeouts: { text: '[1]' },
        postponed: { text: '[1]' },
      },
    },
  });
  await stop(pid);
});

void t.test(
  'who puts rubbish in the place of a state breaks nobody but the process itself',
  async t => {
    const replace = (pid: Pid, value: unknown, path: (string | number)[] = []) =>
      call(name, { kind: 'act', pid, action: { kind: 'replace_state', value, path } });
    const supervisor = (await dynamicSupervisor.startLink())[1] as Pid;
    t.match(await replace(supervisor, 1, ['nowhere']), {
      error: 'refused',
      message: 'It was not done: RangeError: there is no "nowhere" at that place of the state.',
    });
    t.equal(await replace(supervisor, 'rubbish'), 'ok');
    t.match(await call(name, { kind: 'tree', pid: supervisor, offset: 0, limit: 9 }), { total: 0 });
    t.match(await call(name, { kind: 'process', pid: supervisor }), {
      state: { value: { text: '"rubbish"' } },
      supervisor: null,
    });
    t.ok(Array.isArray(await call(name, { kind: 'code' })), 'those that run a version are counted');
    const [, machine] = await genStatem.start(
      { callbackMode: () => 'handle_event_function', init: () => ['ok', 'on', 1] } as never,
      undefined,
    );
    t.match(await replace(machine as Pid, 'rubbish'), {
      error: 'refused',
      message: /^It was not done: TypeError: .*\[state, data\]/,
    });
    await stop(machine as Pid);
    exit(supervisor, 'kill');
  },
);

void t.test('a process that does not answer is shown all the same', async t => {
  const stuck = {
    init: () => ['ok', undefined] as const,
    handleInfo: () => new Promise<never>(() => undefined),
  };
  const [, server] = await startLink(stuck, undefined);
  const pid = server as Pid;
  send(pid, { kind: 'never' });
  const view = await call(name, { kind: 'process', pid });
  t.match(view, {
    status: 'awaiting',
    lastMessage: 'never',
    state: { unavailable: /did not answer in time/ },
  });
  const bare = spawn(() => undefined);
  t.match(await call(name, { kind: 'process', pid: bare }), {
    behaviour: 'process',
    state: { unavailable: /bare process/ },
  });
  t.match(await call(name, { kind: 'act', pid: bare, action: { kind: 'suspend' } }), {
    error: 'refused',
    message: /answers no system messages/,
  });
  exit(bare, 'kill');
  exit(pid, 'kill');
  t.match(await call(name, { kind: 'act', pid, action: { kind: 'suspend' } }), {
    error: 'no_process',
  });
});

void t.test('a trace of a process that dies, and no more traces than there may be', async t => {
  const server = { init: () => ['ok', undefined] as const, handleInfo: keep };
  const pids: Pid[] = [];
  for (let i = 0; i < 17; i += 1) pids.push((await startLink(server, undefined))[1] as Pid);
  const action = { kind: 'trace', events: 5, seconds: 60 } as const;
  for (const pid of pids.slice(0, 16))
    t.equal(await call(name, { kind: 'act', pid, action }), 'ok');
  const [first, last] = [pids[0] as Pid, pids[16] as Pid];
  t.match(await call(name, { kind: 'act', pid: last, action }), { message: /Too many/ });
  exit(first, 'kill');
  await until(async () => {
    const trace = await call(name, { kind: 'trace', pid: first, after: 0 });
    return 'stopped' in trace && trace.stopped === 'died';
  });
  for (const pid of pids) exit(pid, 'kill');
});

function keep(_message: unknown, state: undefined): readonly ['noreply', undefined] {
  return ['noreply', state];
}

void t.test('the time line outlives the observer', async t => {
  const sink = observing.sink(() => undefined);
  setLogger(sink);
  t.teardown(() => setLogger(() => undefined));
  log('warning', { kind: 'message', text: 'before' }, undefined);
  const { last } = observing.timeline;
  t.ok(last >= 1);
  await stop(observerName);
  log('warning', { kind: 'message', text: 'between' }, undefined);
  await startLink(observer, observing.argument, { name: observerName, label: 'observer' });
  t.equal(observing.timeline.last, last + 1);
  t.ok(processCounts().named >= 1);
});
