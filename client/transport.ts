/**
 * What the client needs of a WebSocket: binary messages both ways and one end. Implementations: transport-ws.ts
 * for Node, transport-browser.ts for browsers.
 */
export interface TransportHandlers {
  onOpen(): void;
  /** One binary message. The bytes are the receiver's: the transport does not write to them again. */
  onMessage(data: Uint8Array): void;
  /** Comes exactly once, also when the connection was never opened; nothing comes after it. */
  onClose(end: TransportEnd): void;
}

export interface TransportEnd {
  /** The WebSocket close code (RFC 6455 section 7.4); 1006 when the connection broke or was never opened. */
  readonly code: number;
  /** What the other side or the system says about it. */
  readonly reason: string;
  /** When the server refused the upgrade: its HTTP status. Browsers cannot tell. */
  readonly status?: number;
  /** From a refused upgrade's `Retry-After`. */
  readonly retryAfterMs?: number;
}

export interface TransportSocket {
  /** Sends one binary message; without effect once the socket is closed. */
  send(data: Uint8Array): void;
  /** Closes, with the code 1000 unless another is given. `onClose` follows also when the other side is silent. */
  close(code?: number): void;
  /** Bytes given to `send` and not yet handed to the system. */
  readonly bufferedBytes: number;
}

export interface Transport {
  /** @param url `ws://…` or `wss://…` */
  connect(url: string, subprotocol: string, handlers: TransportHandlers): TransportSocket;
}
