/**
 * One logged-in connection: frames, login, heartbeat, and how it ended. It keeps no message and needs no store, so a
 * program that has its own (the load generator) stands on this and on protocol/delivery/outbox.ts alone; the whole
 * client is client.ts.
 */
import { decodeServerFrame, FrameError, splitFrames } from '../protocol/codec/frame.ts';
import { errors, isErrorCode, type ErrorCode } from '../protocol/errors.ts';
import type { DeviceId } from '../protocol/ids.ts';
import { limits } from '../protocol/limits.ts';
import {
  devicePath,
  subprotocol,
  type Challenge,
  type ClientPacket,
  type Close,
  type Login,
  type ServerPacket,
  type Welcome,
} from '../protocol/packets.ts';
import { loginBytes } from '../protocol/signing.ts';
import { systemClock, type Clock } from './clock.ts';
import { codeOfClose, type DeviceErrorCode } from './errors.ts';
import type { Transport, TransportEnd, TransportSocket } from './transport.ts';
import { atTurnEnd } from './turn.ts';

/** What a connection leaves to its owner: everything but login, heartbeat and close. */
export type SessionPacket = Exclude<
  ServerPacket,
  { kind: 'challenge' | 'welcome' | 'close' | 'pong' }
>;

/** From `welcome`: logs in without a signature. */
export interface Ticket {
  readonly ticket: Uint8Array;
  readonly expiresAt: number;
}

export interface ConnectionHandlers {
  /** Logged in. `state` follows from the server. */
  onWelcome(welcome: Welcome): void;
  /** What one frame brought, in order; never empty, and never before `onWelcome` but for errors. */
  onPackets(packets: readonly SessionPacket[]): void;
  /** Exactly once, at the end; nothing comes after it. */
  onEnd(end: ConnectionEnd): void;
}

export interface ConnectionEnd {
  readonly code: ErrorCode | DeviceErrorCode;
  readonly message: string;
  /** Whether coming back may help. */
  readonly again: boolean;
  /** When to come back, where the server said so. */
  readonly retryAfterMs?: number;
}

export interface ConnectionOptions {
  /** `http(s)://host[:port]` or `ws(s)://…`. */
  readonly server: string;
  readonly device: DeviceId;
  /** Bits of `roles` (protocol/packets.ts). */
  readonly roles: number;
  readonly transport: Transport;
  /** Signs with the device's Ed25519 key. */
  readonly sign: (bytes: Uint8Array) => Uint8Array | Promise<Uint8Array>;
  readonly ticket?: Ticket | null;
  /** Name and version of the program, at most 64 characters. */
  readonly agent: string;
  readonly handlers: ConnectionHandlers;
  readonly clock?: Clock;
}

/** How long a ping waits for any sign of life. */
const pongTimeoutMs = 10_000;

/** The WebSocket address of a device at a server. @throws TypeError for what is no address of a server */
export function deviceUrl(server: string, device: DeviceId): string {
  const url = URL.canParse(server) ? new URL(server) : null;
  if (url === null || !/^(https?|wss?):$/.test(url.protocol))
    throw new TypeError(
      `expected a server such as http://127.0.0.1:8080, got ${JSON.stringify(server)}`,
    );
  const scheme = url.protocol === 'https:' || url.protocol === 'wss:' ? 'wss' : 'ws';
  return `${scheme}://${url.host}${url.pathname.replace(/\/$/, '')}${devicePath(device)}`;
}

export class Connection {
  readonly #options: ConnectionOptions;
  readonly #clock: Clock;
  readonly #socket: TransportSocket;
  readonly #flush = (): void => this.flush();
  #queue: ClientPacket[] = [];
  #opened = false;
  #welcomed = false;
  #ended = false;
  #timer: unknown;
  #heard = false;
  #spoken = false;
  #pinged = false;
  #beatMs = limits.idleTimeoutMs / 3;
  #token = 0;
  /** The last packet before the server closes. */
  #farewell: Close | null = null;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#timer = this.#clock.setTimer(
      () => this.#endWith('unreachable', 'The server did not let this device in in time.'),
      limits.loginTimeoutMs * 2,
    );
    this.#socket = options.transport.connect(
      deviceUrl(options.server, options.device),
      subprotocol,
      {
        onOpen: () => (this.#opened = true),
        onMessage: data => this.#receive(data),
        onClose: end => this.#closed(end),
      },
    );
  }

  /** Bytes not yet handed to the system: a fast sender waits while they are many. */
  get bufferedBytes(): number {
    return this.#socket.bufferedBytes;
  }

  /** Queues a packet; what one loop turn brings goes out as one frame. Without effect once the connection has ended. */
  send(packet: ClientPacket): void {
    if (this.#ended) return;
    if (this.#queue.push(packet) === 1) atTurnEnd(this.#flush);
  }

  /** Sends at once what is queued. */
  flush(): void {
    if (this.#queue.length === 0 || this.#ended) return;
    const packets = this.#queue;
    this.#queue = [];
    this.#spoken = true;
    for (const frame of splitFrames(packets)) this.#socket.send(frame);
  }

  /** Ends the connection from this side; what is queued goes out first. `onEnd` comes before this returns. */
  close(): void {
    this.flush();
    this.#finish({ code: 'closed', message: 'Closed by this client.', again: false });
  }

  /** Ends the connection as broken, so that its owner makes a new one. @param message why */
  abandon(message: string): void {
    this.#endWith('disconnected', message);
  }

  #receive(data: Uint8Array): void {
    if (this.#ended) return;
    this.#heard = true;
    this.#pinged = false;
    let packets;
    try {
      packets = decodeServerFrame(data);
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      this.#endWith('bad_answer', `The server sent what is no frame: ${error.message}`);
      return;
    }
    const session: SessionPacket[] = [];
    for (const packet of packets) {
      switch (packet.kind) {
        case 'bad':
          this.#endWith(
            'bad_answer',
            `The server sent a packet that does not fit: ${packet.message}`,
          );
          return;
        case 'challenge':
          this.#answer(packet);
          break;
        case 'welcome':
          this.#enter(packet);
          break;
        case 'close':
          this.#farewell = packet;
          break;
        case 'pong':
          break;
        default:
          session.push(packet);
      }
    }
    if (session.length > 0) this.#options.handlers.onPackets(session);
    if (this.#farewell !== null) this.#finish(endOfClose(this.#farewell));
  }

  /** Logs in: by the ticket while it is good, else by signing the challenge. */
  #answer({ nonce }: Challenge): void {
    const { ticket, device, roles, sign } = this.#options;
    if (ticket && ticket.expiresAt > this.#clock.now()) {
      this.#login({ kind: 'ticket', ticket: ticket.ticket });
      return;
    }
    Promise.resolve(sign(loginBytes(device, roles, nonce))).then(
      signature => this.#login({ kind: 'signature', signature }),
      (error: unknown) => this.#endWith('login_failed', `The key cannot sign: ${String(error)}`),
    );
  }

  #login(proof: Login['proof']): void {
    const { roles, agent } = this.#options;
    this.send({ kind: 'login', version: 1, roles, proof, agent });
    this.flush();
  }

  #enter(welcome: Welcome): void {
    this.#welcomed = true;
    this.#beatMs = welcome.limits.idleTimeoutMs / 3;
    this.#setTimer(this.#beatMs);
    this.#options.handlers.onWelcome(welcome);
  }

  #setTimer(delayMs: number): void {
    this.#clock.clearTimer(this.#timer);
    this.#timer = this.#clock.setTimer(() => this.#beat(), delayMs);
  }

  /** Pings when one of the two sides was silent; a ping without any answer ends the connection. */
  #beat(): void {
    if (this.#pinged) {
      this.#endWith('disconnected', 'The server has gone silent.');
      return;
    }
    const silent = !this.#heard;
    if (silent || !this.#spoken) {
      this.#token += 1;
      this.send({ kind: 'ping', token: this.#token });
      this.#pinged = true;
    }
    this.#heard = false;
    this.#spoken = false;
    this.#setTimer(this.#pinged ? pongTimeoutMs : this.#beatMs);
  }

  #endWith(
    code: 'unreachable' | 'bad_answer' | 'login_failed' | 'disconnected',
    message: string,
  ): void {
    this.#finish({ code, message, again: code !== 'login_failed' });
  }

  #closed(end: TransportEnd): void {
    if (this.#farewell !== null) this.#finish(endOfClose(this.#farewell));
    else this.#finish(endOfTransport(end, this.#opened));
  }

  #finish(end: ConnectionEnd): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#queue = [];
    this.#clock.clearTimer(this.#timer);
    this.#socket.close();
    this.#options.handlers.onEnd(end);
  }

  /** Whether the server has let the device in. */
  get welcomed(): boolean {
    return this.#welcomed && !this.#ended;
  }
}

/** What a `close` packet says: null in `retryAfterMs` is never. */
const endOfClose = ({ code, message, retryAfterMs }: Close): ConnectionEnd =>
  retryAfterMs === null
    ? { code, message, again: false }
    : { code, message, again: true, retryAfterMs };

function endOfTransport(end: TransportEnd, opened: boolean): ConnectionEnd {
  const { code, reason, status, retryAfterMs } = end;
  const known = codeOfClose(code);
  if (known !== null)
    return { code: known, message: reason || errors[known].text, again: errors[known].again };
  if (status !== undefined)
    return {
      ...refusedUpgrade(status, reason),
      again: status === 429 || status >= 500,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    };
  if (!opened)
    return {
      code: 'unreachable',
      message: `The server cannot be reached: ${reason || 'no connection'}.`,
      again: true,
    };
  return {
    code: 'disconnected',
    message: `The connection broke (${code}${reason && ` ${reason}`}).`,
    again: true,
  };
}

/** @param body the gateway answers JSON `{error, message}`; a proxy before it answers anything */
function refusedUpgrade(status: number, body: string): Pick<ConnectionEnd, 'code' | 'message'> {
  const code = /"error"\s*:\s*"(\w+)"/.exec(body)?.[1];
  if (isErrorCode(code)) return { code, message: errors[code].text };
  return {
    code: 'upgrade_refused',
    message: `The server refused the connection with HTTP ${status}.`,
  };
}
