import type { Transport } from './transport.ts';

/** What is used of the global `WebSocket`, by its standard (WHATWG WebSockets). */
interface StandardWebSocket {
  binaryType: string;
  readonly readyState: number;
  readonly bufferedAmount: number;
  onopen: (() => void) | null;
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  onclose: ((event: { readonly code: number; readonly reason: string }) => void) | null;
  send(data: Uint8Array): void;
  close(code?: number): void;
}
type WebSocketConstructor = new (url: string, subprotocol: string) => StandardWebSocket;

const open = 1;
const closing = 2;

/**
 * The transport for browsers and for Node 22 and later, on the global `WebSocket`.
 * @throws TypeError where there is none
 */
export function browserTransport(
  constructor = (globalThis as { WebSocket?: WebSocketConstructor }).WebSocket,
): Transport {
  if (constructor === undefined)
    throw new TypeError(
      'expected a global WebSocket, got none: use wsTransport() on this platform',
    );
  return {
    connect(url, subprotocol, handlers) {
      const socket = new constructor(url, subprotocol);
      socket.binaryType = 'arraybuffer';
      socket.onopen = () => handlers.onOpen();
      socket.onmessage = ({ data }) => {
        if (data instanceof ArrayBuffer) handlers.onMessage(new Uint8Array(data));
        else socket.close(4000);
      };
      socket.onclose = ({ code, reason }) => handlers.onClose({ code, reason });
      return {
        get bufferedBytes() {
          return socket.bufferedAmount;
        },
        send: data => {
          if (socket.readyState === open) socket.send(data);
        },
        close: (code = 1000) => {
          if (socket.readyState < closing) socket.close(code);
        },
      };
    },
  };
}
