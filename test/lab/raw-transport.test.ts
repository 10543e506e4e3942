import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import { WebSocketServer } from 'ws';
import type { TransportEnd } from '../../client/transport.ts';
import { rawTransport } from '../../lab/raw-transport.ts';

/** A connected socket, what it received, and its end. */
function open(url: string) {
  const received: Buffer[] = [];
  let onMessage = (): void => undefined;
  let onOpen = (): void => undefined;
  const opened = new Promise<void>(resolve => (onOpen = resolve));
  let onEnd: (end: TransportEnd) => void = () => undefined;
  const ended = new Promise<TransportEnd>(resolve => (onEnd = resolve));
  const socket = rawTransport().connect(url, 'strowger.v1', {
    onOpen,
    onMessage: data => {
      received.push(Buffer.from(data));
      onMessage();
    },
    onClose: onEnd,
  });
  const count = (wanted: number): Promise<void> =>
    new Promise(resolve => {
      onMessage = () => {
        if (received.length >= wanted) resolve();
      };
      onMessage();
    });
  return { socket, received, opened, ended, count };
}

async function echoServer(t: Test): Promise<{ url: string; server: WebSocketServer }> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  t.teardown(() => server.close());
  server.on('connection', peer => {
    peer.on('message', data => peer.send(data as Buffer));
  });
  await once(server, 'listening');
  return { url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/v1/a:1`, server };
}

void t.test('messages of all sizes to another implementation and back', async t => {
  const { url } = await echoServer(t);
  const { socket, received, opened, ended, count } = open(url);
  await opened;
  const sizes = [0, 1, 125, 126, 65_535, 65_536, 1_000_000];
  for (const size of sizes) socket.send(Buffer.alloc(size, size));
  await count(sizes.length);
  t.same(
    received.map(data => data.length),
    sizes,
  );
  t.ok(received.every((data, i) => data.equals(Buffer.alloc(sizes[i]!, sizes[i]))));
  socket.close();
  t.match(await ended, { code: 1000 });
});

void t.test('a server’s close and its ping', async t => {
  const { url, server } = await echoServer(t);
  const pong = new Promise(resolve =>
    server.once('connection', peer => {
      peer.once('pong', data => {
        resolve(data.toString());
        peer.close(4006, 'replaced');
      });
      peer.ping('are you there');
    }),
  );
  const { ended } = open(url);
  t.equal(await pong, 'are you there');
  t.match(await ended, { code: 4006, reason: 'replaced' });
});

async function tcpServer(t: Test, onSocket: (socket: Socket) => void): Promise<string> {
  const server = createServer(socket => {
    socket.on('error', () => undefined);
    socket.once('data', () => onSocket(socket));
  });
  t.teardown(() => server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}/v1/a:1`;
}

void t.test('a refused upgrade', async t => {
  const url = await tcpServer(t, socket =>
    socket.end('HTTP/1.1 429 Too Many Requests\r\nRetry-After: 3\r\n\r\n{"error":"x"}'),
  );
  t.match(await open(url).ended, {
    code: 1006,
    status: 429,
    retryAfterMs: 3000,
    reason: '{"error":"x"}',
  });
});

void t.test('what is no WebSocket server, and nobody at all', async t => {
  const wrongKey = await tcpServer(t, socket =>
    socket.write('HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: no\r\n\r\n'),
  );
  t.match(await open(wrongKey).ended, { code: 1002, reason: /did not accept/ });
  const cut = await tcpServer(t, socket => socket.destroy());
  t.match(await open(cut).ended, { code: 1006 });
  t.match(await open('ws://127.0.0.1:1/v1/a:1').ended, { code: 1006, reason: /ECONNREFUSED/ });
  t.throws(() => rawTransport().connect('wss://127.0.0.1/', '', {} as never), TypeError);
});
