/**
 * One socket and the session that serves it now. Sessions come and go; the connection keeps the socket, what the
 * session remembered, and the frames that came in between.
 *
 * Its methods run in two places: those for the socket's events in uWebSockets.js' callbacks, outside of any process;
 * those for the session's messages in the gateway's process. Both are in one thread.
 */
import { send } from '../../actors/index.ts';
import type { Pid, TimerRef } from '../../actors/index.ts';
import { errors } from '../../protocol/errors.ts';
import type { CloseCode } from '../../protocol/errors.ts';
import type { DeviceId } from '../../protocol/ids.ts';
import { closeReason } from './close-reason.ts';
import { ISOLATE_DEATHS, socketBytes } from './options.ts';
import type { GatewayOptions } from './options.ts';
import { creditOf, GIVEN_AT_MOST } from './port.ts';
import type { Attached, ConnectionId, ToSession } from './port.ts';
import { RestartBudget } from './restart-budget.ts';
import type { Socket, SocketEvents } from './socket.ts';
import { withItem } from '../young-list.ts';
import { WaitingFrames } from './waiting-frames.ts';

/** A socket that holds more is cut without a close frame: the peer does not read, and the bytes would linger. */
const LINGER_BYTES = 64 * 1024;

export class Connection implements SocketEvents {
  readonly id: ConnectionId;
  readonly device: DeviceId;
  readonly address: string;
  /** Whether its address may try a login. */
  readonly mayLogIn: boolean;
  session: Pid | undefined = undefined;
  remembered: unknown = undefined;
  /** Runs while no session is attached. */
  attachTimer: TimerRef | undefined = undefined;
  /** Its session's death is counted already: the next one may be opened at no further cost. */
  mayOpen = false;
  #open = true;
  /** Credit given to the session that is attached, and what of it that has taken. */
  #given = 0;
  #taken = 0;
  readonly #socket: Socket;
  readonly #options: GatewayOptions;
  // Nearly no connection ever needs these: made when they are asked for.
  #budget: RestartBudget | undefined = undefined;
  #isolateBudget: RestartBudget | undefined = undefined;
  #waiting: WaitingFrames | undefined = undefined;
  readonly #onGone: (connection: Connection) => void;
  /** In whole seconds of the process's time: a number of milliseconds would be an object of its own. */
  readonly #openedSecond = Math.floor(performance.now() / 1_000);
  #outgoing: Uint8Array[] = [];
  #outgoingBytes = 0;
  #congested = false;

  constructor(
    id: ConnectionId,
    peer: { readonly device: DeviceId; readonly address: string },
    socket: Socket,
    options: GatewayOptions,
    onGone: (connection: Connection) => void,
  ) {
    this.id = id;
    this.device = peer.device;
    this.address = peer.address;
    this.mayLogIn = options.mayLogIn(peer.address);
    this.#socket = socket;
    this.#options = options;
    this.#onGone = onGone;
  }

  /** For deaths of its sessions. */
  get budget(): RestartBudget {
    return (this.#budget ??= new RestartBudget(this.#options.sessionRestarts));
  }

  /** For deaths of whole isolates that its session caused. */
  get isolateBudget(): RestartBudget {
    return (this.#isolateBudget ??= new RestartBudget(ISOLATE_DEATHS));
  }

  isOpen(): boolean {
    return this.#open;
  }

  // What an observer sees.

  /** Milliseconds since 1970, to the second. */
  openedAt(): number {
    return Math.round(performance.timeOrigin / 1_000 + this.#openedSecond) * 1_000;
  }

  /** What the socket holds; nothing once it is closed. */
  bufferedBytes(): number {
    return this.#open ? this.#socket.bufferedBytes() : 0;
  }

  /** Whether its session was told to pause. */
  isCongested(): boolean {
    return this.#congested;
  }

  // What the socket says.

  /** @param frame memory of its own, which the session may keep */
  received(frame: Uint8Array): void {
    const { metrics } = this.#options;
    metrics.framesIn.inc();
    metrics.bytesIn.inc(frame.length);
    const { session } = this;
    if (session === undefined) {
      this.#waiting ??= new WaitingFrames();
      if (!this.#waiting.push(frame)) this.close('internal', errors.internal.text);
      return;
    }
    this.#given += creditOf(frame);
    if (this.#given - this.#taken > GIVEN_AT_MOST) {
      this.close('window_exceeded', errors.window_exceeded.text);
      return;
    }
    // When it is dead already the frame is lost with it: its successor says `state`, and the client offers again.
    send(session, { kind: 'frame', data: frame } satisfies ToSession);
  }

  /** A frame that cannot be taken. */
  refused(code: 'bad_frame' | 'frame_too_large'): void {
    this.close(code, errors[code].text);
  }

  /** The socket took some of what it held. */
  drained(): void {
    const { socketBackpressureBytes } = this.#options.limits;
    if (!this.#congested || this.#socket.bufferedBytes() > socketBackpressureBytes / 2) return;
    this.#congested = false;
    this.#tell({ kind: 'drained' });
  }

  /** The socket is closed, by whomever. */
  gone(code: number): void {
    this.#open = false;
    const { session } = this;
    if (session !== undefined) send(session, { kind: 'closed', code } satisfies ToSession);
    this.#onGone(this);
  }

  // What the session says.

  /**
   * The session serves the socket from here on.
   * @param begun what a session that did not wait for this wants to be remembered; undefined: it waits
   */
  attach(session: Pid, begun?: unknown): void {
    this.session = session;
    this.#given = this.#taken = 0;
    if (begun !== undefined) this.remembered = begun;
    else send(session, { kind: 'attached', remembered: this.remembered } satisfies Attached);
    if (this.#congested) this.#tell({ kind: 'congested' });
    const waiting = this.#waiting?.take() ?? [];
    this.#waiting = undefined;
    for (const frame of waiting) {
      if (!this.isOpen()) return;
      this.received(frame);
    }
  }

  /** The session has taken so much since it was attached. */
  took(credit: number): void {
    this.#taken = credit;
  }

  /** Keeps a frame for {@link flush}. True when it is the first one since then. */
  queue(frame: Uint8Array): boolean {
    this.#outgoingBytes += frame.length;
    this.#outgoing = withItem(this.#outgoing, frame);
    return this.#outgoing.length === 1;
  }

  /** Hands the kept frames to the socket, together. */
  flush(): void {
    if (!this.isOpen() || this.#outgoing.length === 0) return;
    const frames = this.#outgoing;
    const bytes = this.#outgoingBytes;
    this.#outgoing = [];
    this.#outgoingBytes = 0;
    const { metrics, limits } = this.#options;
    if (bytes + this.#socket.bufferedBytes() > socketBytes(limits)) {
      this.close('slow_consumer', errors.slow_consumer.text);
      return;
    }
    metrics.framesOut.inc(frames.length);
    metrics.bytesOut.inc(bytes);
    this.#socket.send(frames);
    if (!this.isOpen() || this.#congested) return;
    if (this.#socket.bufferedBytes() <= limits.socketBackpressureBytes) return;
    this.#congested = true;
    metrics.congested.inc();
    this.#tell({ kind: 'congested' });
  }

  /** Sends what is kept, then closes. The socket's `close` event comes before this returns. */
  close(code: CloseCode, message: string): void {
    if (code !== 'slow_consumer') this.flush();
    if (!this.isOpen()) return;
    this.#options.metrics.closed.inc({ code });
    if (this.#socket.bufferedBytes() > LINGER_BYTES) this.#socket.cut();
    else this.#socket.end(errors[code].closes, closeReason(code, message));
  }

  /** The session ended as it should: nothing is wrong, and nobody is there any more. */
  end(): void {
    this.flush();
    if (this.isOpen()) this.#socket.end(1000, '');
  }

  /** Asks the session to come to an end; without one the socket closes at once. */
  drain(retryAfterMs: number): void {
    if (this.session === undefined) this.close('going_away', errors.going_away.text);
    else this.#tell({ kind: 'drain', retryAfterMs });
  }

  #tell(message: ToSession): void {
    if (this.session !== undefined) send(this.session, message);
  }
}
