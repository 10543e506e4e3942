/** The one place that knows uWebSockets.js: an app with a WebSocket route, and everything else as HTTP. */
import { App, SSLApp, us_listen_socket_close } from 'uWebSockets.js';
import type {
  HttpRequest as UwsRequest,
  HttpResponse as UwsResponse,
  TemplatedApp,
  us_listen_socket,
  WebSocket,
} from 'uWebSockets.js';
import type { ClientAddress } from '../http/client-address.ts';
import type { HttpHandler } from '../http/http-request.ts';
import { keepFrame } from './frame-memory.ts';
import { answerHttp, headersOf, remoteAddress, writeAnswer } from './http-exchange.ts';
import { listenError } from './listen.ts';
import { httpSockets } from './options.ts';
import type { GatewayOptions } from './options.ts';
import type { Socket, SocketEvents } from './socket.ts';
import { SUBPROTOCOL } from './upgrade.ts';
import type { Peer, UpgradeDecision, UpgradeRequest } from './upgrade.ts';

export interface WebAppHandlers {
  readonly decide: (request: UpgradeRequest) => UpgradeDecision;
  readonly opened: (peer: Peer, socket: Socket) => SocketEvents;
  readonly http: HttpHandler;
  readonly clientAddress: ClientAddress;
}

interface UserData {
  readonly peer: Peer;
  /** Set as soon as the socket is open. */
  events: SocketEvents | undefined;
}

/**
 * Beyond its payload limit uWebSockets.js cuts a socket without a close frame. With some room above ours, who is
 * only somewhat over it is told why.
 */
const PAYLOAD_ROOM = 2;

export class WebApp {
  readonly #options: GatewayOptions;
  readonly #handlers: WebAppHandlers;
  #app: TemplatedApp;
  /** Those that opened connections still belong to, from before the certificate was renewed. */
  readonly #older: TemplatedApp[] = [];
  #listener: us_listen_socket | undefined;
  #abandoned = false;
  #httpSockets = 0;

  constructor(options: GatewayOptions, handlers: WebAppHandlers) {
    this.#options = options;
    this.#handlers = handlers;
    this.#app = this.#makeApp();
  }

  #makeApp(): TemplatedApp {
    const handlers = this.#handlers;
    const { tls, limits, metrics, trustedProxies } = this.#options;
    const app =
      tls === undefined
        ? App()
        : SSLApp({ key_file_name: tls.keyFile, cert_file_name: tls.certificateFile });
    app.ws<UserData>('/v1/:device', {
      maxPayloadLength: limits.frameBytes * PAYLOAD_ROOM,
      // Ours to bound: `Connection` closes a socket that holds too much.
      maxBackpressure: 0,
      idleTimeout: Math.round(limits.idleTimeoutMs / 1000),
      sendPingsAutomatically: true,
      upgrade: (response, request, context) => {
        const decision = handlers.decide({
          device: request.getParameter(0) ?? '',
          subprotocols: request.getHeader('sec-websocket-protocol'),
          address: handlers.clientAddress(
            remoteAddress(response),
            // All its headers are only gone through for what a proxy says: there may be several of the name.
            trustedProxies.length === 0 ? undefined : headersOf(request)['x-forwarded-for'],
          ),
        });
        if (decision.kind === 'refuse') {
          writeAnswer(response, decision.answer);
          return;
        }
        // The filter below does not hear of its end any more.
        this.#httpSockets -= 1;
        response.upgrade<UserData>(
          { peer: decision.peer, events: undefined },
          request.getHeader('sec-websocket-key'),
          SUBPROTOCOL,
          request.getHeader('sec-websocket-extensions'),
          context,
        );
      },
      open: ws => {
        const data = ws.getUserData();
        data.events = handlers.opened(data.peer, new UwsSocket(ws));
      },
      message: (ws, message, isBinary) => {
        const { events } = ws.getUserData();
        if (!isBinary) events?.refused('bad_frame');
        else if (message.byteLength > limits.frameBytes) events?.refused('frame_too_large');
        // The memory is uWebSockets.js' own and gone after this call.
        else events?.received(keepFrame(message));
      },
      drain: ws => ws.getUserData().events?.drained(),
      close: (ws, code) => {
        if (!this.#abandoned) ws.getUserData().events?.gone(code);
      },
    });
    const most = httpSockets(limits);
    app.filter((response, change) => {
      this.#httpSockets += change;
      if (change > 0 && this.#httpSockets > most) {
        metrics.refused.inc({ error: 'unavailable' });
        response.close();
      }
    });
    app.any('/*', (response: UwsResponse, request: UwsRequest) =>
      answerHttp(response, request, handlers),
    );
    return app;
  }

  /** False when the port cannot be opened; see `probePort` for why. */
  listen(host: string, port: number): boolean {
    this.#listener = listenerOf(this.#app, host, port);
    return this.#listener !== undefined;
  }

  /**
   * New connections get what is in the TLS files now; the open ones stay as they are. uWebSockets.js cannot replace the
   * certificate that it gives to who names no server, so another app takes the port, side by side with the old one for
   * a moment (SO_REUSEPORT). The old one keeps its connections and stays until the end; it is small.
   * @returns why not, as a sentence, when everything stays as it was; undefined when it is done
   */
  renewTls(host: string, port: number): string | undefined {
    let renewed: TemplatedApp;
    try {
      renewed = this.#makeApp();
    } catch (error) {
      return `uWebSockets.js does not take the certificate: ${(error as Error).message}.`;
    }
    const listener = listenerOf(renewed, host, port);
    if (listener === undefined) return listenError(host, port, 'EADDRINUSE').message;
    this.stopListening();
    this.#older.push(this.#app);
    this.#app = renewed;
    this.#listener = listener;
    return undefined;
  }

  /** New connections are refused from here on; the open ones stay. */
  stopListening(): void {
    if (this.#listener === undefined) return;
    us_listen_socket_close(this.#listener);
    this.#listener = undefined;
  }

  get listens(): boolean {
    return this.#listener !== undefined;
  }

  /** Closes the port and cuts everything that is open; nobody is told of it. For an app whose owner is dead. */
  abandon(): void {
    if (this.#abandoned) return;
    this.#abandoned = true;
    this.stopListening();
    for (const app of [...this.#older, this.#app]) app.close();
  }
}

function listenerOf(app: TemplatedApp, host: string, port: number): us_listen_socket | undefined {
  let opened: us_listen_socket | undefined;
  app.listen(host, port, listener => {
    if (listener !== false) opened = listener;
  });
  return opened;
}

class UwsSocket implements Socket {
  readonly #ws: WebSocket<UserData>;

  constructor(ws: WebSocket<UserData>) {
    this.#ws = ws;
  }

  send(frames: readonly Uint8Array[]): void {
    const ws = this.#ws;
    const [only] = frames;
    if (frames.length === 1 && only !== undefined) {
      ws.send(only, true);
      return;
    }
    ws.cork(() => {
      for (const frame of frames) ws.send(frame, true);
    });
  }

  bufferedBytes(): number {
    return this.#ws.getBufferedAmount();
  }

  end(code: number, reason: string): void {
    this.#ws.end(code, reason);
  }

  cut(): void {
    this.#ws.close();
  }
}
