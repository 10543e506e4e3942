/** The observer of a real server with two isolates. */
import t from 'tap';
import type {
  CodeAnswer,
  EventsAnswer,
  IsolatesAnswer,
  ObservedPid,
  ProcessesAnswer,
  ProcessView,
  RegistryAnswer,
  SocketsAnswer,
  SystemAnswer,
  TableRowsAnswer,
  TablesAnswer,
  TraceAnswer,
  TreeAnswer,
  TreeNode,
} from '../../../protocol/observer.ts';
import { World } from '../../e2e/world.ts';
import { ObservedServer } from './observed-server.ts';

void t.test('a server with people on it', async t => {
  const server = await ObservedServer.start(
    t,
    '--isolates',
    '2',
    '--shards',
    '2',
    '--crashes',
    'crashes',
  );
  const world = new World(t, () => server.url);
  const people = await world.people(4);
  const [speaker, peer] = people;
  if (speaker === undefined || peer === undefined) throw new Error('nobody came');
  const { accepted } = await speaker.send({ to: peer.user }, { targets: [peer.id] });
  await accepted;

  const need = async (name: string): Promise<ObservedPid> => {
    const pid = await server.pidOf(name);
    if (pid === undefined) throw new Error(`there is no ${name}`);
    return pid;
  };
  const childNamed = async (root: ObservedPid | null, name: string): Promise<TreeNode> => {
    const { children } = await server.look<TreeAnswer>(`tree?root=${root ?? ''}&limit=200`);
    const found = children.find(child => child.name === name);
    if (found === undefined) throw new Error(`no ${name} among ${JSON.stringify(children)}`);
    return found;
  };

  await t.test('system: every isolate, with a past', async t => {
    const system = await server.until<SystemAnswer>(
      'system',
      ({ isolates, history }) =>
        isolates.length === 3 && history.every(({ samples }) => samples.length >= 2),
    );
    t.same(
      system.isolates.map(({ isolate, role, answers }) => [isolate, role, answers]),
      [
        [0, 'main', true],
        [1, 'shards', true],
        [2, 'shards', true],
      ],
    );
    t.equal(system.shards, 2);
    t.equal(system.isolates[0]?.last.gateway?.sockets, 4);
    const sessions = system.isolates.map(({ last }) => last.sessions);
    t.equal(
      sessions.reduce((one, other) => one + other, 0),
      4,
    );
    for (const { last } of system.isolates) {
      t.ok(last.heapBytes > 0);
      t.ok(last.lagMs.max >= last.lagMs.p50);
      t.ok(last.busy >= 0 && last.busy <= 1);
    }
    const newest = system.isolates[1]?.last.at ?? 0;
    const later = await server.until<SystemAnswer>(`system?after=${newest}`, ({ history }) =>
      history.some(({ isolate, samples }) => isolate === 1 && samples.length > 0),
    );
    t.ok(
      later.history.every(({ samples }) => samples.every(({ at }) => at > newest)),
      'only what is new',
    );
    const { isolates, unanswered } = await server.look<IsolatesAnswer>('isolates');
    t.same(unanswered, []);
    t.same(isolates.flatMap(({ shards }) => shards).sort(), [0, 1], 'each shard is somewhere');
    t.ok(isolates[1]?.labels.some(({ label, messages }) => label === 'session' && messages > 0));
  });

  await t.test('the tree goes on in the isolates', async t => {
    const { node, children } = await server.look<TreeAnswer>('tree');
    t.equal(node.name, 'application.strowger');
    const [root] = children;
    t.match(root, { name: 'root', supervisor: { strategy: 'one_for_one', intensity: 100 } });
    t.equal(root?.children, root?.supervisor?.children);
    const isolates = await childNamed(root?.pid ?? null, 'isolates');
    t.match(isolates, { type: 'supervisor', restart: 'permanent', shutdown: 'infinity' });
    const owner = await childNamed(isolates.pid, 'isolate.1');
    t.equal(owner.children, 1);
    const application = await childNamed(owner.pid, 'application.isolate');
    t.equal(application.isolate, 1);
    const top = await childNamed(application.pid, 'isolate');
    const exchange = await childNamed(top.pid, 'exchange');
    t.equal(exchange.supervisor?.strategy, 'rest_for_one');
    const sessions = await childNamed(exchange.pid, 'sessions');
    t.equal(sessions.children, 16);
    const page = await server.look<TreeAnswer>(`tree?root=${sessions.pid}&offset=14&limit=5`);
    t.equal(page.total, 16);
    t.equal(page.offset, 14);
    t.same(
      page.children.map(({ id }) => id),
      [14, 15],
    );
    t.match(page.children[0]?.supervisor, {
      strategy: 'simple_one_for_one',
      intensityPer: 'child',
    });
  });

  await t.test('processes: sorted, searched, paged, over all isolates', async t => {
    const all = await server.look<ProcessesAnswer>('processes?sort=time&limit=200');
    t.equal(all.total, all.matched);
    t.same(new Set(all.rows.map(({ isolate }) => isolate)), new Set([0, 1, 2]));
    const micros = all.rows.map(row => row.micros);
    t.same(
      micros.slice(0, 3),
      [...micros].sort((a, b) => b - a).slice(0, 3),
      'the most busy first',
    );
    const names = await server.look<ProcessesAnswer>('processes?sort=name&limit=10');
    const next = await server.look<ProcessesAnswer>('processes?sort=name&limit=10&offset=10');
    const shown = [...names.rows, ...next.rows].map(({ name }) => name ?? '');
    t.equal(shown.length, 20);
    t.same(shown, [...shown].sort());
    const found = await server.look<ProcessesAnswer>('processes?q=STORE.0');
    t.match(found, { matched: 1, rows: [{ name: 'store.0', label: 'store' }] });
    t.ok(found.total > 100);
    const one = found.rows[0];
    const byPid = await server.look<ProcessesAnswer>(`processes?q=${one?.pid}`);
    t.equal(byPid.rows[0]?.name, 'store.0');
    const elsewhere = one?.isolate === 1 ? 2 : 1;
    const none = await server.look<ProcessesAnswer>(`processes?q=store.0&isolate=${elsewhere}`);
    t.same(none.rows, []);
    const registry = await server.look<RegistryAnswer>('registry?q=store');
    t.same(
      registry.entries.map(({ key }) => key),
      ['store.0', 'store.1', 'stores', 'stores'],
    );
    t.match(registry, {
      registries: [],
      entries: [{ registry: null, process: { name: 'store.0' } }],
    });
    t.match(await server.look<RegistryAnswer>('registry?kind=key'), { total: 0, entries: [] });
    t.match(await server.ask('GET', 'registry?kind=other'), {
      status: 400,
      body: { error: 'bad_field', field: 'kind' },
    });
  });

  await t.test('a process closely', async t => {
    const pid = await need('gateway');
    const view = await server.look<ProcessView>(`process/${pid}`);
    t.match(view, {
      name: 'gateway',
      label: 'gateway',
      behaviour: 'gen_server',
      trapExit: true,
      parent: { name: 'root' },
      ancestors: ['root', 'application.strowger'],
      supervisor: null,
      log: null,
      traced: false,
      state: { value: { type: 'object' } },
    });
    t.equal(view.links.total, 2, 'its supervisor and its guard');
    const supervisor = await server.look<ProcessView>(`process/${await need('stores')}`);
    t.match(supervisor, { behaviour: 'supervisor', supervisor: { intensity: 100, restarts: 0 } });
    const observer = await server.look<ProcessView>(`process/${await need('observer')}`);
    t.match(observer.state, { unavailable: /cannot ask itself/ });
  });

  await t.test('kill a store: it comes back, and the time line tells', async t => {
    const pid = await need('store.1');
    const { last } = await server.look<EventsAnswer>('events');
    t.same(await server.act(pid, 'exit', { reason: 'kill' }), { status: 200, body: { ok: true } });
    const successor = await server.successorOf('store.1', pid);
    const { events } = await server.until<EventsAnswer>(`events?after=${last}`, ({ events }) =>
      events.some(({ kind }) => kind === 'restarted'),
    );
    t.same(
      events.map(({ n }) => n),
      events.map((_, index) => last + 1 + index),
      'numbered without a gap',
    );
    t.match(
      events.find(({ kind }) => kind === 'action'),
      { text: 'observer: exit kill → store.1', process: { pid } },
    );
    t.match(
      events.find(({ kind }) => kind === 'child_terminated'),
      { text: 'store.1 ended: killed', reason: 'killed', supervisor: 'stores', child: 'store.1' },
    );
    t.match(
      events.find(({ kind }) => kind === 'restarted'),
      { process: { pid: successor, name: 'store.1' }, reason: 'killed' },
    );
    const view = await server.look<ProcessView>(`process/${successor}`);
    t.match(view.lastCrash, { reason: 'killed' });
    const stores = await server.look<TreeAnswer>(`tree?root=${view.parent?.pid}`);
    t.equal(stores.node.supervisor?.restarts, 1);
    t.match(await server.ask('GET', `process/${pid}`), {
      status: 404,
      body: { error: 'no_process' },
    });
    await server.running.hasSaid('observer: exit kill → store.1');
  });

  await t.test(
    'kill a session, which has no name: the time line tells whose place the next took',
    async t => {
      const { rows } = await server.look<ProcessesAnswer>('processes?q=session&sort=newest');
      const pid = rows.find(({ label }) => label === 'session')?.pid ?? 0;
      const { last } = await server.look<EventsAnswer>('events');
      await server.act(pid, 'exit', { reason: 'kill' });
      const { events } = await server.until<EventsAnswer>(`events?after=${last}`, ({ events }) =>
        events.some(({ predecessor }) => predecessor === pid),
      );
      t.match(
        events.find(({ kind }) => kind === 'child_terminated'),
        { text: `session ${pid} ended: killed`, process: { pid, name: null, label: 'session' } },
      );
      const again = events.find(({ kind }) => kind === 'restarted');
      t.match(again, { predecessor: pid, reason: 'killed', process: { label: 'session' } });
      await server.look(`process/${again?.process?.pid}`);
    },
  );

  await t.test('suspend, resume, log, statistics, send', async t => {
    const pid = await need('switchboard');
    const view = () => server.look<ProcessView>(`process/${pid}`);
    await server.act(pid, 'suspend');
    t.equal((await view()).status, 'suspended');
    await server.act(pid, 'resume');
    t.not((await view()).status, 'suspended');
    await server.act(pid, 'log', { on: true });
    await server.act(pid, 'statistics', { on: true });
    await server.act(pid, 'send', { message: { kind: 'hello', of: [1, 2] } });
    const seen = await server.until<ProcessView>(`process/${pid}`, ({ log }) => log?.length === 2);
    t.match(seen.log, [{ n: 1, what: 'in' }, { what: 'noreply' }]);
    t.match(seen.log?.[0]?.term.parts, [{ key: 'kind', value: { text: '"hello"' } }]);
    t.match(seen.statistics, { type: 'object' });
    await server.act(pid, 'log', { on: false });
    await server.act(pid, 'statistics', { on: false });
    t.match(await view(), { log: null, statistics: null });
  });

  await t.test('a trace stops itself', async t => {
    const pid = await need('directory');
    t.match(await server.ask('GET', `process/${pid}/trace`), { status: 409 });
    await server.act(pid, 'trace', { events: 3, seconds: 60 });
    t.equal((await server.look<ProcessView>(`process/${pid}`)).traced, true);
    for (let i = 0; i < 3; i += 1) await server.act(pid, 'send', { message: { kind: `m${i}` } });
    const trace = await server.until<TraceAnswer>(`process/${pid}/trace`, one => !one.running);
    t.equal(trace.stopped, 'events');
    t.same(
      trace.events.map(({ n, what }) => [n, what]),
      [
        [1, 'in'],
        [2, 'noreply'],
        [3, 'in'],
      ],
    );
    const rest = await server.look<TraceAnswer>(`process/${pid}/trace?after=2`);
    t.same(
      rest.events.map(({ n }) => n),
      [3],
    );
    await server.act(pid, 'trace', { events: 100, seconds: 0.1 });
    const over = await server.until<TraceAnswer>(`process/${pid}/trace`, one => !one.running);
    t.equal(over.stopped, 'time');
    await server.act(pid, 'trace');
    await server.act(pid, 'stop_trace');
    t.equal((await server.look<TraceAnswer>(`process/${pid}/trace`)).stopped, 'stopped');
  });

  await t.test('replace a part of a state', async t => {
    const pid = await need('housekeeping');
    const sweep = async (): Promise<string | undefined> => {
      const { state } = await server.look<ProcessView>(`process/${pid}`);
      if (!('value' in state)) throw new Error(state.unavailable);
      return JSON.stringify(state.value.parts);
    };
    t.match(await sweep(), '"text":"60000"');
    const { status, body } = await server.act(pid, 'replace_state', {
      path: ['sweepEveryMs'],
      value: 61_234,
    });
    t.same([status, body], [200, { ok: true }]);
    t.match(await sweep(), '"text":"61234"');
    t.match(await server.act(pid, 'replace_state', { path: ['nothing'], value: 1 }), {
      status: 409,
      body: { error: 'refused', message: /there is no "nothing"/ },
    });
  });

  await t.test('children of a supervisor', async t => {
    const pid = await need('links');
    const isolate = pid % 1_024;
    const { children } = await server.look<TreeAnswer>(`tree?root=${pid}`);
    const id = children[0]?.id;
    t.type(id, 'string');
    const status = async () =>
      (await server.look<TreeAnswer>(`tree?root=${pid}`)).children.map(child => child.status);
    t.equal((await server.act(pid, 'terminate_child', { id })).status, 200);
    t.same(await status(), ['down']);
    t.match(await server.act(pid, 'restart_child', { id: 'nobody' }), {
      status: 409,
      body: { message: /not_found/ },
    });
    t.equal((await server.act(pid, 'restart_child', { id })).status, 200);
    t.same(await status(), ['running']);
    const worker = (await server.look<ProcessesAnswer>(`processes?q=keeper&isolate=${isolate}`))
      .rows[0]?.pid;
    t.match(await server.act(worker ?? 0, 'restart_child', { id: 'x' }), {
      status: 409,
      body: { message: /no supervisor/ },
    });
  });

  await t.test('sockets', async t => {
    const all = await server.look<SocketsAnswer>('sockets?sort=oldest');
    t.match(all, { total: 4, matched: 4 });
    t.same(
      all.rows.map(({ device }) => device).sort(),
      people.map(({ id }) => id as string).sort(),
    );
    const one = await server.look<SocketsAnswer>(`sockets?q=${speaker.id}`);
    t.match(one, { total: 4, matched: 1, rows: [{ device: speaker.id, bufferedBytes: 0 }] });
    t.ok(Math.abs((one.rows[0]?.since ?? 0) - Date.now()) < 120_000);
    const session = one.rows[0]?.session ?? 0;
    t.equal((await server.look<ProcessView>(`process/${session}`)).label, 'session');
    t.equal(one.rows[0]?.isolate, session % 1_024);
  });

  await t.test('tables: of bytes only how many', async t => {
    const { tables, unanswered } = await server.look<TablesAnswer>('tables');
    t.same(unanswered, []);
    t.equal(new Set(tables.map(({ shard }) => shard)).size, 2);
    const devices = tables.filter(({ name }) => name === 'devices');
    t.equal(
      devices.reduce((sum, { size }) => sum + size, 0),
      4,
    );
    const { shard } = devices.find(({ size }) => size > 0) ?? { shard: 0 };
    const page = await server.look<TableRowsAnswer>(`tables/${shard}/devices?limit=1`);
    t.match(page.table, { name: 'devices', type: 'ordered_set', key: ['user', 'number'] });
    const place = page.table.columns.findIndex(({ name }) => name === 'key');
    t.same(page.rows[0]?.[place], { type: 'bytes', text: '<32 bytes>' });
    for (const path of [`tables/7/devices`, `tables/0/nothing`, `tables/x/devices`]) {
      t.equal((await server.ask('GET', path)).status, 404, path);
    }
    t.match(await server.ask('GET', `tables/${shard}/devices?after=nonsense`), {
      status: 400,
      body: { error: 'bad_field', message: /begin with the first page/ },
    });
  });

  await t.test('code: the modules of every isolate with users, and who runs them', async t => {
    const { modules, unanswered } = await server.look<CodeAnswer>('code');
    t.same(unanswered, []);
    const sessions = (modules ?? []).filter(({ name }) => name === 'session');
    t.same(
      sessions.map(({ isolate }) => isolate),
      [1, 2],
    );
    t.equal(
      sessions.reduce((sum, { current }) => sum + current.processes, 0),
      4,
    );
    t.match(sessions[0], { current: { source: null, loadedAt: null }, old: null, canary: null });
  });

  await t.test('what people write is seen nowhere', async t => {
    const secret = 'only-alice-and-bob-may-read-this';
    const { rows } = await server.look<ProcessesAnswer>('processes?q=store.&limit=200');
    const stores = rows.filter(({ label }) => label === 'store');
    for (const { pid } of stores) {
      await server.act(pid, 'trace', { events: 50, seconds: 60 });
      await server.act(pid, 'log', { on: true });
    }
    const sent = await speaker.send({ to: peer.user }, { targets: [peer.id] }, secret);
    await sent.accepted;
    const seen: string[] = [];
    const see = async (path: string): Promise<void> => {
      seen.push(JSON.stringify(await server.look(path)));
    };
    for (const { pid } of stores) {
      await see(`process/${pid}/trace`);
      await see(`process/${pid}`);
    }
    t.ok(
      seen.some(text => text.includes('decide') && text.includes(' bytes>')),
      'the send was seen, its body as so many bytes',
    );
    for (const q of ['mailbox', 'session', 'link', 'directory']) {
      const found = await server.look<ProcessesAnswer>(`processes?q=${q}&limit=50`);
      for (const { pid } of found.rows) {
        const { status, body } = await server.ask('GET', `process/${pid}`);
        if (status === 200) seen.push(JSON.stringify(body));
      }
    }
    const { tables } = await server.look<TablesAnswer>('tables');
    for (const { shard, name, size } of tables) {
      if (size > 0) await see(`tables/${shard}/${name}?limit=50`);
    }
    t.ok(seen.length > 20);
    for (const text of seen) t.notOk(text.includes(secret));
    for (const { pid } of stores) {
      await server.act(pid, 'log', { on: false });
      await server.act(pid, 'stop_trace');
    }
  });

  await t.test('what cannot be: a code and a sentence', async t => {
    const pid = await need('keeper');
    for (const [method, path, body, status, error] of [
      ['GET', 'processes?sort=size', undefined, 400, 'bad_field'],
      ['GET', 'processes?limit=201', undefined, 400, 'bad_field'],
      ['GET', 'processes?offset=4990', undefined, 400, 'bad_field'],
      ['GET', 'processes?surprise=1', undefined, 400, 'bad_field'],
      ['GET', 'process/12', undefined, 400, 'bad_field'],
      ['GET', 'process/me', undefined, 400, 'bad_field'],
      ['GET', 'process/9999999360', undefined, 404, 'no_process'],
      ['GET', 'tree?root=9999999360', undefined, 404, 'no_process'],
      ['GET', `process/${2 ** 40 + 900}`, undefined, 404, 'no_process'],
      ['GET', 'nothing', undefined, 404, 'not_found'],
      ['POST', 'system', {}, 405, 'method_not_allowed'],
      ['POST', `process/${pid}/exit`, {}, 400, 'bad_field'],
      ['POST', `process/${pid}/trace`, { events: 1e9 }, 400, 'bad_field'],
      ['POST', `process/${pid}/explode`, {}, 404, 'not_found'],
      ['POST', 'process/9999999360/suspend', {}, 404, 'no_process'],
    ] as const) {
      const answer = await server.ask(method, path, body);
      t.equal(answer.status, status, `${method} ${path}`);
      t.equal(answer.body['error'], error, `${method} ${path}`);
      t.match(answer.body['message'], /^[A-Za-z].{10,}\.$/, `${method} ${path}`);
    }
  });

  await t.test('an isolate that is gone is told of, and comes back', async t => {
    const pid = await need('isolate.2');
    await server.act(pid, 'exit', { reason: 'kill' });
    const successor = await server.successorOf('isolate.2', pid);
    t.ok(successor > pid);
    const { events } = await server.until<EventsAnswer>('events', ({ events }) =>
      events.some(({ kind, isolate }) => kind === 'isolate_up' && isolate === 2),
    );
    t.ok(events.some(({ kind, isolate }) => kind === 'isolate_down' && isolate === 2));
    await server.until<ProcessesAnswer>(
      'processes?isolate=2',
      ({ total, unanswered }) => total > 40 && unanswered.length === 0,
    );
  });

  await t.test('the gateway answers before it dies of what was asked', async t => {
    const pid = await need('gateway');
    t.equal((await server.act(pid, 'exit', { reason: 'kill' })).status, 200);
  });
});

void t.test('everything in one thread', async t => {
  const server = await ObservedServer.start(t, '--isolates', '0');
  const { total, rows } = await server.look<ProcessesAnswer>('processes?q=store.0');
  t.ok(total > 50);
  t.match(rows, [{ name: 'store.0', isolate: 0 }]);
  t.match(await server.look<TablesAnswer>('tables'), { shards: 1, unanswered: [] });
});

void t.test('only with the token, and only where it was asked for', async t => {
  const server = await ObservedServer.start(t, '--isolates', '0');
  for (const authorization of ['', 'Bearer ', 'Bearer wrong', `Basic ${server.token}`]) {
    for (const path of ['system', 'processes', 'tables', 'process/1024']) {
      const { status, body } = await server.ask('GET', path, undefined, authorization);
      t.equal(status, 401, `${authorization} ${path}`);
      t.equal(body['error'], 'not_authorised');
    }
    const act = await server.ask('POST', 'process/2048/exit', { reason: 'kill' }, authorization);
    t.equal(act.status, 401);
  }
  t.equal((await server.ask('GET', 'system')).status, 200);

  const without = await ObservedServer.start(t, '--isolates', '0', '--observer', 'false');
  t.equal((await without.ask('GET', 'system')).status, 404);
  t.equal((await without.ask('POST', 'process/2048/exit', { reason: 'kill' })).status, 404);
  t.equal((await fetch(`${without.url}/observer`)).status, 404);
});
