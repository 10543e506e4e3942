import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import t from 'tap';
import { limits } from '../../../protocol/limits.ts';
import { rawSocket, testGateway, until } from './fake-session.ts';

const some = {
  frameBytes: 1024,
  socketBackpressureBytes: limits.socketBackpressureBytes,
  idleTimeoutMs: limits.idleTimeoutMs,
  connections: 100,
  connectionsPerAddress: 2,
};

void t.test('a frame of the limit passes, a larger one closes with frame_too_large', async t => {
  const server = await testGateway(t, { limits: some });
  const client = server.connect();
  await client.opened;
  client.ws.send(new Uint8Array(1024));
  t.equal((await client.next()).length, 1024);
  client.ws.send(new Uint8Array(1025));
  t.equal((await client.closed).code, 4001);
});

void t.test('a frame far over the limit is not even read', async t => {
  const server = await testGateway(t, { limits: some });
  const client = server.connect();
  await client.opened;
  client.ws.send(new Uint8Array(1024 * 1024));
  t.equal((await client.closed).code, 1006);
  await until(() => server.sessions[0]?.messages.at(-1)?.kind === 'closed', 'closed');
});

void t.test('a text frame closes with bad_frame', async t => {
  const server = await testGateway(t);
  const client = server.connect();
  await client.opened;
  client.ws.send('text');
  t.equal((await client.closed).code, 4000);
});

void t.test('a message in fragments is one frame', async t => {
  const server = await testGateway(t);
  const client = server.connect();
  await client.opened;
  client.ws.send(Buffer.from('one '), { fin: false });
  client.ws.send(Buffer.from('message'), { fin: true });
  t.equal(await client.nextText(), 'one message');
});

void t.test('who asks for the wrong thing is told what is wrong', async t => {
  const server = await testGateway(t);
  const cases = [
    ['/v2/alice:1', {}, 404, 'not_found'],
    ['/v1/alice:1', { protocol: 'strowger.v9' }, 400, 'unsupported_version'],
    ['/v1/alice:1', { protocol: '' }, 400, 'unsupported_version'],
    ['/v1/Alice:1', {}, 400, 'bad_field'],
    ['/v1/alice', {}, 400, 'bad_field'],
    ['/v1/alice:0', {}, 400, 'bad_field'],
    ['/v1/%ff', {}, 400, 'bad_field'],
    ['/v1/alice:1/more', {}, 404, 'not_found'],
  ] as const;
  for (const [path, options, status, error] of cases) {
    const refusal = await server.connect(path, options).refused;
    t.match(refusal, { status, body: { error, message: /./ } }, path);
  }
  t.equal(server.sessions.length, 0);
  const escaped = server.connect('/v1/alice%3A7');
  await escaped.opened;
  t.equal(server.sessions[0]?.opening.device, 'alice:7');
});

void t.test('an address may have so many connections, and again when one is gone', async t => {
  const server = await testGateway(t, { limits: some, trustedProxies: ['127.0.0.0/8'] });
  const from = (address: string) =>
    server.connect('/v1/alice:1', { headers: { 'x-forwarded-for': address } });
  const [one, two] = [from('192.0.2.1'), from('192.0.2.1')];
  await Promise.all([one.opened, two.opened]);
  const refusal = await from('192.0.2.1').refused;
  t.match(refusal, { status: 429, body: { error: 'too_many_connections' } });
  t.match(refusal.headers['retry-after'], /^[0-9]+$/);
  // One /64 network counts as one address; others are not concerned.
  const [six, seven, other] = [from('2001:db8::1'), from('2001:db8::2'), from('192.0.2.9')];
  await Promise.all([six.opened, seven.opened, other.opened]);
  t.equal((await from('2001:db8:0:0:1::3').refused).status, 429);
  const elsewhere = from('2001:db8:0:1::1');
  await elsewhere.opened;
  t.same(server.sessions.map(session => session.opening.address).sort(), [
    '192.0.2.1',
    '192.0.2.1',
    '192.0.2.9',
    '2001:db8:0:1::1',
    '2001:db8::1',
    '2001:db8::2',
  ]);
  one.ws.close();
  await one.closed;
  await until(() => server.metrics.gateway.connections.value === 5, 'it is gone here too');
  await from('192.0.2.1').opened;
  t.match(
    (await server.metrics.print()).text,
    /strowger_refused_total\{error="too_many_connections"\} 2/,
  );
});

void t.test('an address that nobody vouches for is not believed', async t => {
  const server = await testGateway(t, { limits: some });
  const client = server.connect('/v1/alice:1', { headers: { 'x-forwarded-for': '192.0.2.1' } });
  await client.opened;
  t.equal(server.sessions[0]?.opening.address, '127.0.0.1');
});

void t.test('so many connections in all', async t => {
  const server = await testGateway(t, { limits: { ...some, connections: 1 } });
  await server.connect().opened;
  const refusal = await server.connect('/v1/bob:1').refused;
  t.match(refusal, { status: 503, body: { error: 'unavailable' } });
  t.match(refusal.headers['retry-after'], /^[0-9]+$/);
});

void t.test('sockets that are no WebSocket are bounded as well', async t => {
  const server = await testGateway(t, { limits: { ...some, connections: 3 } });
  const client = server.connect();
  await client.opened;
  const sockets: Socket[] = [];
  let cut = 0;
  const open = () => {
    const socket = connect(server.port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.on('close', () => (cut += 1));
    sockets.push(socket);
  };
  for (let i = 0; i < 67; i++) open();
  await Promise.all(sockets.map(socket => once(socket, 'connect')));
  open();
  await until(() => cut === 1, 'one too many');
  client.send('hello');
  t.equal(await client.nextText(), 'hello');
  for (const socket of sockets) socket.destroy();
  await until(() => cut === sockets.length, 'all closed');
  // Upgraded sockets do not count: there is room again, however many came and went.
  for (let i = 0; i < 100; i++) {
    const other = server.connect('/v1/bob:1');
    await other.opened;
    other.ws.close();
    await other.closed;
  }
});

void t.test('a socket that speaks no WebSocket is cut, its neighbours stay', async t => {
  const server = await testGateway(t);
  const neighbour = server.connect('/v1/bob:1');
  await neighbour.opened;
  const broken = [
    Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
    // A binary frame whose reserved bits are set.
    Buffer.from([0xf2, 0x81, 1, 2, 3, 4, 5]),
    // A length of 2^63.
    Buffer.from([0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4]),
    // A ping that is too long for a control frame.
    Buffer.from([0x89, 0xfe, 0x01, 0x00, 1, 2, 3, 4]),
  ];
  for (const bytes of broken) {
    const socket = await rawSocket(server.port);
    const closed = once(socket, 'close');
    socket.resume();
    socket.write(bytes);
    await closed;
  }
  await until(
    () => server.sessions.slice(1).every(({ messages }) => messages.at(-1)?.kind === 'closed'),
    'every session is told',
  );
  t.equal(server.sessions.length, broken.length + 1);
  neighbour.send('hello');
  t.equal(await neighbour.nextText(), 'hello');
});

void t.test('a request that is cut off in the middle harms nobody', async t => {
  const server = await testGateway(t);
  const socket = connect(server.port, '127.0.0.1');
  socket.write('POST /v1/register HTTP/1.1\r\nHost: test\r\nContent-Length: 100\r\n\r\n{"half');
  await once(socket, 'connect');
  socket.destroy();
  t.equal((await fetch(`${server.url}/nowhere`)).status, 404);
});
