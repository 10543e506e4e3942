import t from 'tap';
import { call, exit, isAlive, processes, processInfo, send, stop } from '../../../actors/index.ts';
import type { Pid } from '../../../actors/index.ts';
import { startGateway } from '../../../server/gateway/gateway.ts';
import { gatewayName } from '../../../server/gateway/protocol.ts';
import { supervisor } from '../../../supervisors/index.ts';
import { Client, testGateway, until } from './fake-session.ts';
import type { TestGateway } from './fake-session.ts';

/** What the supervisor does. */
async function restart(server: TestGateway): Promise<void> {
  const result = await startGateway({ ...server.options });
  if (result[0] !== 'ok') throw new Error(`not restarted: ${JSON.stringify(result)}`);
}

const guardOf = (gateway: Pid): Pid | undefined =>
  processInfo(gateway)?.links.find(pid => processInfo(pid)?.label === 'gateway guard');

void t.test(
  'a gateway that is killed takes its sockets along and comes back on its port',
  async t => {
    const server = await testGateway(t);
    const clients = [server.connect('/v1/alice:1'), server.connect('/v1/bob:1')];
    for (const client of clients) {
      await client.opened;
      client.send('hello');
      await client.nextText();
    }
    const pid = server.pid();
    exit(pid, 'kill');
    t.notOk(isAlive(pid));
    // At once, as its supervisor does: the port is free already.
    await restart(server);
    for (const client of clients) await client.closed;
    await until(
      () => server.sessions.every(session => session.messages.at(-1)?.kind === 'closed'),
      'every session is told',
    );
    t.equal(server.metrics.gateway.connections.value, 0);
    const again = server.connect();
    await again.opened;
    again.send('back');
    t.equal(await again.nextText(), 'back');
  },
);

void t.test('a gateway that crashes in a handler tells its clients', async t => {
  const server = await testGateway(t);
  const client = server.connect();
  await client.opened;
  await until(() => server.sessions.length === 1, 'a session');
  // A message that its type forbids.
  send(server.pid(), null);
  t.equal((await client.closed).code, 4013);
  await until(() => server.sessions[0]?.messages.at(-1)?.kind === 'closed', 'the session is told');
  await restart(server);
  const again = server.connect();
  await again.opened;
});

void t.test('sessions are told also when the guard died before', async t => {
  const server = await testGateway(t);
  const client = server.connect();
  await client.opened;
  const first = guardOf(server.pid());
  t.ok(first);
  exit(first as Pid, 'kill');
  await until(() => ![undefined, first].includes(guardOf(server.pid())), 'another guard');
  exit(server.pid(), 'kill');
  await client.closed;
  await until(() => server.sessions[0]?.messages.at(-1)?.kind === 'closed', 'the session is told');
});

void t.test('nothing of a gateway is left after it', async t => {
  const before = processes().length;
  const server = await testGateway(t);
  exit(server.pid(), 'kill');
  await until(() => processes().length === before, 'the guard ends too');
  const client = new Client(`ws://127.0.0.1:${server.port}/v1/a:1`, ['strowger.v1'], {});
  t.equal((await client.closed).code, 1006, 'the port is closed');
});

void t.test('its supervisor brings it back on its port, again and again', async t => {
  const server = await testGateway(t);
  const { options, port } = server;
  await stop(server.pid());
  const started = await supervisor.startLink(() => [
    { strategy: 'one_for_one', intensity: 100, period: 10 },
    [{ id: 'gateway', start: () => startGateway({ ...options }) }],
  ]);
  if (started[0] !== 'ok') throw new Error('the supervisor did not start');
  t.teardown(() => stop(started[1], 'shutdown'));
  for (let death = 0; death < 10; death++) {
    const client = new Client(`ws://127.0.0.1:${port}/v1/alice:1`, ['strowger.v1'], {});
    await client.opened;
    client.send('hello');
    t.equal(await client.nextText(), 'hello');
    const pid = server.pid();
    exit(pid, 'kill');
    await client.closed;
    await until(() => ![0, pid].includes(server.pid()), 'another gateway');
    await call(gatewayName, { kind: 'connections' });
  }
});
