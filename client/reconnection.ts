/**
 * Staying connected: one connection after the other, with growing pauses between attempts, until somebody ends it or the
 * server says that coming back is of no use.
 */
import type { Welcome } from '../protocol/packets.ts';
import { backoffMs, type BackoffOptions } from './backoff.ts';
import type { Clock } from './clock.ts';
import type { Connection, ConnectionEnd, ConnectionHandlers, Ticket } from './connection.ts';
import { ClientError } from './errors.ts';

export interface ReconnectionOptions {
  readonly clock: Clock;
  readonly backoff: BackoffOptions;
  /** Begins a connection that logs in with the ticket where there is one. What it throws stands against any attempt. */
  readonly open: (ticket: Ticket | null, handlers: ConnectionHandlers) => Connection;
  readonly onConnected: (connection: Connection, welcome: Welcome) => void;
  readonly onPackets: ConnectionHandlers['onPackets'];
  /** A connection, or an attempt, is over, whatever comes next. */
  readonly onLost: () => void;
  /** … and the next attempt is `retryInMs` away. */
  readonly onWaiting: (end: ConnectionEnd, retryInMs: number) => void;
  /** … and there will be no other. */
  readonly onRefused: (end: ConnectionEnd, error: ClientError) => void;
}

/** `waiting` between two attempts, `ended` for good. */
type Phase = 'idle' | 'connecting' | 'connected' | 'waiting' | 'ended';

interface Starting {
  readonly keepTrying: boolean;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export class Reconnection {
  readonly #options: ReconnectionOptions;
  #phase: Phase = 'idle';
  #connection: Connection | null = null;
  /** Who waits for the first login. */
  #starting: Starting | null = null;
  /** Attempts and connections that ended since the last login. */
  #failures = 0;
  #timer: unknown;
  #ticket: Ticket | null = null;

  constructor(options: ReconnectionOptions) {
    this.#options = options;
  }

  get connected(): boolean {
    return this.#phase === 'connected';
  }

  get ended(): boolean {
    return this.#phase === 'ended';
  }

  /** The one that is there or being made. */
  get connection(): Connection | null {
    return this.#connection;
  }

  /**
   * Resolves with the first login.
   * @param keepTrying also until the first login succeeds; otherwise a failing first attempt rejects and may be repeated
   */
  start(keepTrying: boolean): Promise<void> {
    if (this.#phase !== 'idle')
      return Promise.reject(
        this.ended ? new ClientError('closed') : new TypeError('already connecting'),
      );
    return new Promise((resolve, reject) => {
      this.#starting = { keepTrying, resolve, reject };
      this.#attempt();
    });
  }

  /** For good; who waits for the first login gets `error`. */
  end(error: Error): void {
    this.#phase = 'ended';
    this.#options.clock.clearTimer(this.#timer);
    this.#connection?.close();
    this.#starting?.reject(error);
    this.#starting = null;
  }

  #attempt(): void {
    const ticket = this.#ticket;
    this.#connection = this.#options.open(ticket, {
      onWelcome: welcome => this.#enter(welcome),
      onPackets: this.#options.onPackets,
      onEnd: end => this.#leave(end, ticket !== null),
    });
    this.#phase = 'connecting';
  }

  #enter(welcome: Welcome): void {
    const connection = this.#connection;
    if (connection === null) return;
    this.#phase = 'connected';
    this.#failures = 0;
    this.#ticket = { ticket: welcome.ticket, expiresAt: welcome.ticketExpiresAt };
    this.#options.onConnected(connection, welcome);
    this.#starting?.resolve();
    this.#starting = null;
  }

  #leave(end: ConnectionEnd, byTicket: boolean): void {
    const { clock, backoff, onLost, onWaiting, onRefused } = this.#options;
    this.#connection = null;
    onLost();
    if (this.ended) return;
    this.#failures += 1;
    // A ticket may be refused where the key is not: the server was restored, or its ticket key is new.
    const isTicketRefused = byTicket && end.code === 'login_failed';
    if (isTicketRefused) this.#ticket = null;
    const error = new ClientError(end.code, end.message);
    if (!end.again && !isTicketRefused) {
      onRefused(end, error);
      return;
    }
    if (this.#starting !== null && !this.#starting.keepTrying && !byTicket) {
      this.#phase = 'idle';
      this.#starting.reject(error);
      this.#starting = null;
      return;
    }
    this.#phase = 'waiting';
    const retryInMs = backoffMs(backoff, this.#failures, end.retryAfterMs);
    onWaiting(end, retryInMs);
    this.#timer = clock.setTimer(() => this.#attempt(), retryInMs);
  }
}
