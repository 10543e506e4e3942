/**
 * A transport whose sockets can be cut, muted or made to repeat themselves: what a bad network and a bad client do
 * to a server, decided by the test.
 */
import type { Socket } from 'node:net';
import type { Transport, TransportHandlers, TransportSocket } from '../client/transport.ts';
import { rawTransport } from './raw-transport.ts';

export class FaultyTransport implements Transport {
  readonly #sockets = new Set<Socket>();
  readonly #inner: Transport;
  /** Nothing goes out any more, though everything comes in. */
  muted = false;
  /** Everything after the login goes out so many times. */
  copies = 1;
  /** Before each message that goes out, one of the last so many goes out again. */
  echoes = 0;
  /** Whether a new connection may be made. */
  refusing = false;

  constructor() {
    this.#inner = rawTransport({
      onSocket: socket => {
        this.#sockets.add(socket);
        socket.once('close', () => this.#sockets.delete(socket));
      },
    });
  }

  /** Breaks all connections at once, without a word on either side. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  connect(url: string, subprotocol: string, handlers: TransportHandlers): TransportSocket {
    const target = this.refusing ? 'ws://127.0.0.1:1/' : url;
    const socket = this.#inner.connect(target, subprotocol, handlers);
    const history: Uint8Array[] = [];
    let isLogin = true;
    let turn = 0;
    return {
      get bufferedBytes() {
        return socket.bufferedBytes;
      },
      close: code => socket.close(code),
      send: data => {
        if (this.muted) return;
        if (isLogin) {
          isLogin = false;
          socket.send(data);
          return;
        }
        if (this.echoes > 0) {
          const old = history[turn++ % Math.max(1, history.length)];
          if (old !== undefined) socket.send(old);
          history.push(data.slice());
          if (history.length > this.echoes) history.shift();
        }
        for (let copy = 0; copy < this.copies; copy++) socket.send(data);
      },
    };
  }
}
