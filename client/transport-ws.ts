import { WebSocket, type ClientOptions } from 'ws';
import { limits } from '../protocol/limits.ts';
import type { Transport, TransportEnd, TransportHandlers, TransportSocket } from './transport.ts';

export interface WsTransportOptions {
  /** Time for TCP, TLS and the upgrade together. */
  readonly handshakeTimeoutMs?: number;
  /** Time for the other side to answer a close before the socket is cut. */
  readonly closeTimeoutMs?: number;
  /** Further options of the `ws` package: a certificate authority, an agent … */
  readonly ws?: ClientOptions;
}

/** The transport for Node, on the `ws` package. Compression is off: bodies are ciphertext, or soon will be. */
export function wsTransport(options: WsTransportOptions = {}): Transport {
  return {
    connect: (url, subprotocol, handlers) => new WsSocket(url, subprotocol, handlers, options),
  };
}

class WsSocket implements TransportSocket {
  readonly #socket: WebSocket;
  readonly #closeTimeoutMs: number;
  #refusal: Pick<TransportEnd, 'status' | 'retryAfterMs' | 'reason'> | null = null;
  #failure = '';

  constructor(
    url: string,
    subprotocol: string,
    handlers: TransportHandlers,
    { handshakeTimeoutMs = 10_000, closeTimeoutMs = 2_000, ws = {} }: WsTransportOptions,
  ) {
    this.#closeTimeoutMs = closeTimeoutMs;
    this.#socket = new WebSocket(url, subprotocol, {
      perMessageDeflate: false,
      maxPayload: limits.frameBytes,
      handshakeTimeout: handshakeTimeoutMs,
      ...ws,
    });
    this.#socket.on('open', () => handlers.onOpen());
    this.#socket.on('message', (data, isBinary) => {
      if (isBinary) handlers.onMessage(data as Buffer);
      else this.#socket.close(1003, 'binary messages only');
    });
    this.#socket.on('unexpected-response', (request, response) => {
      const status = response.statusCode ?? 0;
      const seconds = Number(response.headers['retry-after']);
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (body = (body + chunk).slice(0, 1024)));
      response.on('close', () => {
        this.#refusal = {
          status,
          reason: body === '' ? `the server answered HTTP ${status}` : body,
          ...(Number.isFinite(seconds) ? { retryAfterMs: seconds * 1000 } : {}),
        };
        request.destroy();
        this.#socket.terminate();
      });
    });
    // `close` follows every error and is where the end is told.
    this.#socket.on(
      'error',
      error => (this.#failure = error.message || (error as { code?: string }).code || error.name),
    );
    this.#socket.on('close', (code, reason) =>
      handlers.onClose({ code, reason: reason.toString() || this.#failure, ...this.#refusal }),
    );
  }

  get bufferedBytes(): number {
    return this.#socket.bufferedAmount;
  }

  send(data: Uint8Array): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(data);
  }

  close(code = 1000): void {
    if (this.#socket.readyState >= WebSocket.CLOSING) return;
    this.#socket.close(code);
    const cut = setTimeout(() => this.#socket.terminate(), this.#closeTimeoutMs);
    this.#socket.once('close', () => clearTimeout(cut));
  }
}
