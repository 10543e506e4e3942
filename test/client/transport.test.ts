import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import t from 'tap';
import { WebSocket, WebSocketServer } from 'ws';
import { browserTransport } from '../../client/transport-browser.ts';
import type { Transport, TransportEnd } from '../../client/transport.ts';
import { wsTransport } from '../../client/transport-ws.ts';

/** Echoes what it gets; closes with 4012 when told `bye`; paths under /no are turned away. */
async function echoServer(): Promise<{ url: string; http: Server }> {
  const http = createServer();
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: true });
  http.on('upgrade', (request, socket, head) => {
    if (request.url === '/no') {
      socket.end(
        'HTTP/1.1 429 Too Many Requests\r\nRetry-After: 7\r\nConnection: close\r\n\r\n{"error":"too_many_connections"}',
      );
      return;
    }
    sockets.handleUpgrade(request, socket, head, client => {
      client.on('message', (data: Buffer, isBinary) => {
        if (data.toString() === 'bye') client.close(4012, 'going_away');
        else client.send(data, { binary: isBinary });
      });
    });
  });
  await new Promise<void>(resolve => http.listen(0, '127.0.0.1', resolve));
  return { url: `ws://127.0.0.1:${(http.address() as AddressInfo).port}`, http };
}

/** One suite for every transport. */
function suite(name: string, transport: Transport, told: { refusal: Partial<TransportEnd> }): void {
  void t.test(name, async t => {
    const { url, http } = await echoServer();
    t.teardown(() => http.close());
    const connect = (path: string, onMessage: (data: Uint8Array) => void = () => undefined) => {
      let opened: () => void = () => undefined;
      let closed: (end: TransportEnd) => void = () => undefined;
      const open = new Promise<void>(resolve => (opened = resolve));
      const end = new Promise<TransportEnd>(resolve => (closed = resolve));
      const socket = transport.connect(url + path, 'strowger.v1', {
        onOpen: opened,
        onMessage,
        onClose: closed,
      });
      return { socket, open, end };
    };

    await t.test('bytes go both ways, a closing code arrives', async t => {
      const got: Uint8Array[] = [];
      let arrived: () => void = () => undefined;
      const arrival = new Promise<void>(resolve => (arrived = resolve));
      const { socket, open, end } = connect('/yes', data => (got.push(data), arrived()));
      await open;
      socket.send(new Uint8Array([1, 2, 3]));
      await arrival;
      t.same([...got[0]!], [1, 2, 3]);
      t.type(socket.bufferedBytes, 'number');
      socket.send(new TextEncoder().encode('bye'));
      t.match(await end, { code: 4012, reason: 'going_away' });
      socket.send(new Uint8Array([1]));
      socket.close();
    });

    await t.test('closing from here ends it', async t => {
      const { socket, open, end } = connect('/yes');
      await open;
      socket.close();
      t.match(await end, { code: /^100[05]$/ });
    });

    await t.test('a refused upgrade is told', async t => {
      t.match(await connect('/no').end, { code: 1006, ...told.refusal });
    });

    await t.test('nobody there', async t => {
      const end = await new Promise<TransportEnd>(resolve => {
        const socket = transport.connect('ws://127.0.0.1:1/x', 'strowger.v1', {
          onOpen: () => t.fail('opened'),
          onMessage: () => t.fail('a message'),
          onClose: resolve,
        });
        socket.send(new Uint8Array([1]));
      });
      t.equal(end.code, 1006);
    });
  });
}

/** As a browser’s: an error is an event, not a throw. */
class QuietWebSocket extends WebSocket {
  constructor(url: string, subprotocol: string) {
    super(url, subprotocol);
    this.on('error', () => undefined);
  }
}

suite('transport-ws', wsTransport(), {
  refusal: { status: 429, retryAfterMs: 7_000, reason: '{"error":"too_many_connections"}' },
});
suite('transport-browser', browserTransport(QuietWebSocket as never), { refusal: {} });

void t.test('no global WebSocket', async t => {
  t.throws(() => browserTransport(undefined), TypeError);
});
