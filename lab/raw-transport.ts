/**
 * A transport on plain TCP sockets: the load generator shares the machine with what it loads, so a message must
 * cost it as little as can be. No TLS, no compression; for everything else there is client/transport-ws.ts.
 */
import { hash, randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import type {
  Transport,
  TransportEnd,
  TransportHandlers,
  TransportSocket,
} from '../client/transport.ts';
import { limits } from '../protocol/limits.ts';
import {
  encodeWebSocketFrame,
  opcodes,
  WebSocketFrameError,
  WebSocketReader,
} from './websocket-frames.ts';

export interface RawTransportOptions {
  /** Each TCP socket as it is made: fault injection cuts it. */
  readonly onSocket?: (socket: Socket) => void;
}

/** Takes `ws://` addresses only. */
export const rawTransport = (options: RawTransportOptions = {}): Transport => ({
  connect: (url, subprotocol, handlers) =>
    new RawSocket(new URL(url), subprotocol, handlers, options),
});

const nothing = Buffer.alloc(0);
/** The longest answer to the upgrade that is read. */
const headBytes = 16 * 1024;
/** Time for the other side to answer a close before the socket is cut. */
const closeTimeoutMs = 2_000;

class RawSocket implements TransportSocket {
  readonly #socket: Socket;
  readonly #handlers: TransportHandlers;
  readonly #reader: WebSocketReader;
  readonly #key = randomBytes(16).toString('base64');
  #head: Buffer | null = nothing;
  #closing = false;
  #end: TransportEnd = { code: 1006, reason: '' };

  constructor(
    url: URL,
    subprotocol: string,
    handlers: TransportHandlers,
    { onSocket }: RawTransportOptions,
  ) {
    if (url.protocol !== 'ws:') throw new TypeError(`expected a ws:// address, got ${url.href}`);
    this.#handlers = handlers;
    this.#reader = new WebSocketReader(limits.frameBytes, (opcode, payload) =>
      this.#frame(opcode, payload),
    );
    const host = url.hostname.replace(/^\[|\]$/g, '');
    this.#socket = connect({ host, port: Number(url.port || 80), noDelay: true });
    this.#socket.write(
      `GET ${url.pathname} HTTP/1.1\r\nHost: ${url.host}\r\nUpgrade: websocket\r\n` +
        `Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${this.#key}\r\n` +
        `Sec-WebSocket-Protocol: ${subprotocol}\r\n\r\n`,
    );
    this.#socket.on('data', chunk => this.#data(chunk));
    // `close` follows and tells the end.
    this.#socket.on('error', error => (this.#end = { ...this.#end, reason: error.message }));
    this.#socket.on('close', () => handlers.onClose(this.#end));
    onSocket?.(this.#socket);
  }

  get bufferedBytes(): number {
    return this.#socket.writableLength;
  }

  send(data: Uint8Array): void {
    if (!this.#closing && this.#head === null)
      this.#socket.write(encodeWebSocketFrame(opcodes.binary, data));
  }

  close(code = 1000): void {
    if (this.#closing) return;
    this.#closing = true;
    if (this.#head !== null) {
      this.#socket.destroy();
      return;
    }
    this.#socket.end(encodeWebSocketFrame(opcodes.close, closePayload(code)));
    const cut = setTimeout(() => this.#socket.destroy(), closeTimeoutMs);
    this.#socket.once('close', () => clearTimeout(cut));
  }

  #data(chunk: Buffer): void {
    try {
      if (this.#head === null) this.#reader.push(chunk);
      else this.#upgrade(this.#head.length === 0 ? chunk : Buffer.concat([this.#head, chunk]));
    } catch (error) {
      if (!(error instanceof WebSocketFrameError)) throw error;
      this.#break(error.message);
    }
  }

  /** Reads the server's half of the opening handshake (RFC 6455 section 4.1). */
  #upgrade(head: Buffer): void {
    const end = head.indexOf('\r\n\r\n');
    if (end < 0 && head.length <= headBytes) {
      this.#head = head;
      return;
    }
    const text = head.toString('latin1', 0, Math.max(end, 0));
    const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0);
    if (status !== 101) {
      this.#refused(status, text, head.toString('utf8', end + 4));
      return;
    }
    const accept = hash('sha1', `${this.#key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`, 'base64');
    if (acceptHeader.exec(text)?.[1] !== accept) {
      this.#break('the server did not accept the WebSocket key');
      return;
    }
    this.#head = null;
    this.#handlers.onOpen();
    if (head.length > end + 4) this.#reader.push(head.subarray(end + 4));
  }

  #refused(status: number, head: string, body: string): void {
    const seconds = Number(/^retry-after: *(\d+)/im.exec(head)?.[1] ?? NaN);
    this.#end = {
      code: 1006,
      reason: body || `the server answered HTTP ${status}`,
      status,
      ...(Number.isFinite(seconds) ? { retryAfterMs: seconds * 1000 } : {}),
    };
    this.#socket.destroy();
  }

  #break(reason: string): void {
    this.#end = { code: 1002, reason };
    this.#socket.destroy();
  }

  #frame(opcode: number, payload: Buffer): void {
    switch (opcode) {
      case opcodes.binary:
        if (!this.#closing) this.#handlers.onMessage(payload);
        return;
      case opcodes.ping:
        this.#socket.write(encodeWebSocketFrame(opcodes.pong, payload));
        return;
      case opcodes.pong:
        return;
      case opcodes.close:
        this.#end = {
          code: payload.length >= 2 ? payload.readUInt16BE(0) : 1005,
          reason: payload.toString('utf8', 2),
        };
        if (!this.#closing) this.#socket.end(encodeWebSocketFrame(opcodes.close, payload));
        this.#closing = true;
        return;
      default:
        throw new WebSocketFrameError(`a server sends no frame with opcode ${opcode}`);
    }
  }
}

/** One expression for all: one with the expected key in it would be compiled anew for each connection. */
const acceptHeader = /^sec-websocket-accept: *([^ \r]*) *$/im;

function closePayload(code: number): Buffer {
  const payload = Buffer.alloc(2);
  payload.writeUInt16BE(code);
  return payload;
}
