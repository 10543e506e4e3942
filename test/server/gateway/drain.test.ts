import { once } from 'node:events';
import { connect } from 'node:net';
import t from 'tap';
import { call, exit, setClock } from '../../../actors/index.ts';
import { createVirtualClock } from '../../../actors/testing.ts';
import { gatewayName } from '../../../server/gateway/protocol.ts';
import { Client, testGateway, until } from './fake-session.ts';

void t.test('every session is asked to end, each with its own time to come back', async t => {
  const server = await testGateway(t, { retry: { afterMs: 1000, jitterMs: 10_000 } });
  const clients = Array.from({ length: 20 }, (_, i) => server.connect(`/v1/alice:${i + 1}`));
  await Promise.all(clients.map(client => client.opened));
  await until(() => server.sessions.length === 20, 'sessions');
  t.same(await call(gatewayName, { kind: 'drain', withinMs: 60_000 }), { cut: 0 });
  for (const client of clients) t.equal((await client.closed).code, 4012);
  const times = server.sessions
    .flatMap(session => session.messages)
    .flatMap(message => (message.kind === 'drain' ? [message.retryAfterMs] : []))
    .sort((a, b) => a - b);
  t.equal(times.length, 20);
  times.forEach((time, i) =>
    t.ok(time >= 1000 + i * 500 && time <= 1000 + (i + 1) * 500, `${time} is in slot ${i}`),
  );
  const late = new Client(`ws://127.0.0.1:${server.port}/v1/bob:1`, ['strowger.v1'], {});
  t.equal((await late.closed).code, 1006, 'the port is closed');
});

void t.test('a session that does not end is not waited for without end', async t => {
  const clock = createVirtualClock();
  const realClock = setClock(clock);
  t.teardown(() => setClock(realClock));
  const server = await testGateway(t, {
    behaviour: message => {
      if (message.kind === 'closed') exit('normal');
    },
  });
  const clients = [server.connect('/v1/alice:1'), server.connect('/v1/bob:1')];
  await Promise.all(clients.map(client => client.opened));
  const result = call(gatewayName, { kind: 'drain', withinMs: 3000 }, 10_000);
  await until(() => server.sessions.every(s => s.messages.at(-1)?.kind === 'drain'), 'drain');
  await clock.advance(2999);
  t.equal(server.metrics.gateway.connections.value, 2);
  await clock.advance(1);
  t.same(await result, { cut: 2 });
  for (const client of clients) t.equal((await client.closed).code, 4012);
});

void t.test('without connections the end comes at once', async t => {
  await testGateway(t);
  t.same(await call(gatewayName, { kind: 'drain', withinMs: 60_000 }), { cut: 0 });
});

void t.test('a socket whose session dies while the server drains is closed', async t => {
  const server = await testGateway(t, {
    behaviour: message => {
      if (message.kind === 'drain') exit('crash');
    },
  });
  const client = server.connect();
  await client.opened;
  await until(() => server.sessions[0]?.messages[0]?.kind === 'attached', 'attached');
  await call(gatewayName, { kind: 'drain', withinMs: 60_000 });
  t.equal((await client.closed).code, 4012);
});

void t.test('a kept-alive connection gets no new socket from a draining server', async t => {
  const server = await testGateway(t, { behaviour: () => undefined });
  const client = server.connect();
  await client.opened;
  const socket = connect(server.port, '127.0.0.1');
  socket.write('GET /nowhere HTTP/1.1\r\nHost: test\r\n\r\n');
  await once(socket, 'data');
  const drained = call(gatewayName, { kind: 'drain', withinMs: 60_000 });
  await until(() => server.sessions[0]?.messages.at(-1)?.kind === 'drain', 'drain');
  socket.write(
    'GET /v1/bob:1 HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n' +
      'Sec-WebSocket-Protocol: strowger.v1\r\n\r\n',
  );
  const [answer] = (await once(socket, 'data')) as [Buffer];
  t.match(answer.toString(), /^HTTP\/1\.1 503 [\s\S]*retry-after: [0-9]+[\s\S]*going_away/);
  socket.destroy();
  client.ws.close();
  t.same(await drained, { cut: 0 });
});
