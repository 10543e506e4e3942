/** A session that does what a test tells it, and the server around it: a gateway with a fake tree of sessions. */
import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import type { Socket as TcpSocket } from 'node:net';
import type { Test } from 'tap';
import WebSocket from 'ws';
import type { ClientOptions } from 'ws';
import {
  call,
  exit,
  isAlive,
  send,
  setLogger,
  spawn,
  stop,
  whereis,
} from '../../../actors/index.ts';
import type { Pid, StartResult } from '../../../actors/index.ts';
import { limits } from '../../../protocol/limits.ts';
import { startGateway } from '../../../server/gateway/gateway.ts';
import { gatewayName } from '../../../server/gateway/protocol.ts';
import type { GatewayOptions } from '../../../server/gateway/options.ts';
import type { Attached, Opening, ToSession } from '../../../server/gateway/port.ts';
import { createMetrics } from '../../../server/metrics/metrics.ts';
import { httpError } from '../../../server/http/http-error.ts';
import type { Metrics } from '../../../server/metrics/metrics.ts';

// These tests kill; the reports of it would bury what fails.
setLogger(() => undefined);

export type SessionMessage = ToSession | Attached;

/** What a fake session does with a message; `say` and `close` go to the gateway in the session's name. */
export type Behaviour = (message: SessionMessage, session: FakeSession) => void | Promise<void>;

export interface FakeSession {
  readonly pid: Pid;
  readonly opening: Opening;
  say(frame: Uint8Array): void;
  close(code: 'replaced' | 'going_away'): void;
  remember(state: unknown): void;
}

/** Sends back what it gets, ends when its socket is closed. */
export const echo: Behaviour = (message, session) => {
  if (message.kind === 'frame') session.say(message.data);
  else if (message.kind === 'closed') exit('normal');
  else if (message.kind === 'drain') session.close('going_away');
};

export interface SpawnedSession {
  readonly opening: Opening;
  readonly pid: Pid;
  readonly messages: SessionMessage[];
}

/** Starts a fake session that attaches at once, as the real one does. */
export function startSession(
  opening: Opening,
  behaviour: Behaviour,
  sessions: SpawnedSession[],
  mailboxLimit = 10_000,
): StartResult {
  const { gateway, connection } = opening;
  const messages: SessionMessage[] = [];
  const pid: Pid = spawn(
    message => {
      messages.push(message as SessionMessage);
      return behaviour(message as SessionMessage, {
        pid,
        opening,
        say: frame => send(gateway, { kind: 'send', connection, session: pid, frame }),
        close: code =>
          send(gateway, { kind: 'close', connection, session: pid, code, message: code }),
        remember: state => send(gateway, { kind: 'remember', connection, session: pid, state }),
      });
    },
    { mailboxLimit },
  );
  sessions.push({ opening, pid, messages });
  send(gateway, { kind: 'attach', connection, session: pid });
  return ['ok', pid];
}

export interface TestGateway {
  readonly options: GatewayOptions;
  readonly metrics: Metrics;
  readonly port: number;
  readonly url: string;
  /** Every session that was started, oldest first. */
  readonly sessions: SpawnedSession[];
  readonly errors: unknown[];
  readonly notices: string[];
  connect(path?: string, options?: ClientOptions & { protocol?: string }): Client;
  pid(): Pid;
}

const defaults = (): Omit<GatewayOptions, 'openSession' | 'metrics' | 'onError' | 'onNotice'> => ({
  host: '127.0.0.1',
  port: 0,
  tls: undefined,
  trustedProxies: [],
  limits: {
    frameBytes: limits.frameBytes,
    socketBackpressureBytes: limits.socketBackpressureBytes,
    idleTimeoutMs: limits.idleTimeoutMs,
    connections: 1000,
    connectionsPerAddress: 100,
  },
  sessionRestarts: { intensity: 5, periodMs: 10_000 },
  retry: { afterMs: 1000, jitterMs: 1000 },
  mayLogIn: () => true,
  http: async request => httpError(404, 'not_found', { message: request.path }),
});

/** A listening gateway whose sessions behave as told; it ends with the test. */
export async function testGateway(
  t: Test,
  setup: Partial<GatewayOptions> & { readonly behaviour?: Behaviour } = {},
): Promise<TestGateway> {
  const { behaviour = echo, ...given } = setup;
  const metrics = createMetrics();
  const sessions: SpawnedSession[] = [];
  const errors: unknown[] = [];
  const notices: string[] = [];
  const options: GatewayOptions = {
    ...defaults(),
    openSession: opening => startSession(opening, behaviour, sessions),
    onError: error => errors.push(error),
    onNotice: text => notices.push(text),
    metrics: metrics.gateway,
    ...given,
  };
  const started = await startGateway(options);
  if (started[0] !== 'ok') throw new Error(`the gateway did not start: ${JSON.stringify(started)}`);
  t.teardown(async () => {
    const pid = whereis(gatewayName);
    if (pid !== undefined && isAlive(pid)) await stop(pid);
  });
  const listening = await call(gatewayName, { kind: 'listen' });
  if (listening[0] !== 'ok') throw new Error(listening[1].message);
  const { port, url } = listening[1];
  const ws = url.replace(/^http/, 'ws');
  return {
    options,
    metrics,
    port,
    url,
    sessions,
    errors,
    notices,
    connect: (path = '/v1/alice:1', { protocol = 'strowger.v1', ...clientOptions } = {}) =>
      new Client(ws + path, protocol === '' ? [] : [protocol], clientOptions),
    pid: () => whereis(gatewayName) ?? (0 as Pid),
  };
}

/** A WebSocket client that keeps what came until somebody asks for it. */
export class Client {
  readonly ws: WebSocket;
  readonly #frames: Uint8Array[] = [];
  #arrived: (() => void) | undefined;
  readonly opened: Promise<void>;
  /** The close code and reason. */
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  /** The HTTP answer of a refused upgrade. */
  readonly refused: Promise<Refusal>;

  constructor(url: string, protocols: string[], options: ClientOptions) {
    this.ws = new WebSocket(url, protocols, { perMessageDeflate: false, ...options });
    this.ws.on('message', (data: Buffer) => {
      this.#frames.push(new Uint8Array(data));
      this.#arrived?.();
    });
    this.opened = new Promise(resolve => this.ws.once('open', resolve));
    this.closed = new Promise(resolve =>
      this.ws.once('close', (code, reason) => resolve({ code, reason: reason.toString() })),
    );
    this.refused = new Promise(resolve =>
      this.ws.once('unexpected-response', (_request, response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: JSON.parse(Buffer.concat(chunks).toString()) as unknown,
          }),
        );
      }),
    );
    // Cut sockets are what these tests are about; `closed` tells of them.
    this.ws.on('error', () => undefined);
  }

  /** The next frame. */
  async next(): Promise<Uint8Array> {
    for (;;) {
      const frame = this.#frames.shift();
      if (frame !== undefined) return frame;
      await new Promise<void>(resolve => {
        this.#arrived = resolve;
      });
    }
  }

  async nextText(): Promise<string> {
    return new TextDecoder().decode(await this.next());
  }

  send(text: string): void {
    this.ws.send(Buffer.from(text));
  }
}

export interface Refusal {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: unknown;
}

/** Waits for a state, looking once a turn of the loop. */
export async function until(condition: () => boolean, what: string, withinMs = 10_000) {
  const deadline = performance.now() + withinMs;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`never came: ${what}`);
    await new Promise(resolve => setImmediate(resolve));
  }
}

/** A TCP connection that has shaken hands for a WebSocket, for breaking it by hand. */
export async function rawSocket(port: number, device = 'alice:1'): Promise<TcpSocket> {
  const socket = connectTcp(port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write(
    `GET /v1/${device} HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n' +
      'Sec-WebSocket-Protocol: strowger.v1\r\n\r\n',
  );
  await once(socket, 'data');
  return socket;
}
