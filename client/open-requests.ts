/**
 * Requests that have no answer yet. They are kept over reconnects and asked again, as every request may be repeated
 * with the same effect (protocol/requests.ts). They go out with each `state`, as sends do: it is what a session says
 * first, also one that takes over the socket of a session that died and took the requests with it.
 */
import type { ErrorPacket, ReplyPacket, RequestPacket } from '../protocol/packets.ts';
import type { Argument, Method, Reply } from '../protocol/requests.ts';
import type { Clock } from './clock.ts';
import { ClientError } from './errors.ts';

interface Open {
  readonly packet: RequestPacket;
  readonly resolve: (reply: Reply<Method>) => void;
  readonly reject: (error: Error) => void;
  readonly timer: unknown;
  asked: boolean;
}

/** How long a request waits that the server could not answer just now, unless it says so itself. */
const againMs = 500;

export class OpenRequests {
  readonly #clock: Clock;
  /** In the order of asking. */
  readonly #open = new Map<number, Open>();
  #line: { send(packet: RequestPacket): void } | null = null;
  /** The server has told its `state` on this connection. */
  #begun = false;
  #limit = 0;
  #underWay = 0;
  #nextId: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    // Rising per device, over restarts too.
    this.#nextId = clock.now();
  }

  /** @throws (rejects) ClientError with the server's code, `request_timeout`, or `closed` */
  ask<M extends Method>(method: M, argument: Argument<M>, timeoutMs: number): Promise<Reply<M>> {
    const id = this.#nextId++;
    const packet = { kind: 'request', id, method, argument } as RequestPacket;
    return new Promise<Reply<M>>((resolve, reject) => {
      const timer = this.#clock.setTimer(
        () => this.#close(id)?.reject(new ClientError('request_timeout')),
        timeoutMs,
      );
      // The reply to this id is one to this method.
      const answered = resolve as (reply: Reply<Method>) => void;
      this.#open.set(id, { packet, resolve: answered, reject, timer, asked: false });
      this.#pump();
    });
  }

  /** @param limit how many may be under way on this connection */
  attach(line: { send(packet: RequestPacket): void }, limit: number): void {
    this.#line = line;
    this.#limit = limit;
  }

  /** A session has begun, or begins anew. */
  onState(): void {
    this.#forgetAsked();
    this.#begun = true;
    this.#pump();
  }

  detach(): void {
    this.#line = null;
    this.#begun = false;
    this.#forgetAsked();
  }

  onReply({ id, value }: ReplyPacket): void {
    this.#close(id)?.resolve(value);
  }

  /** @returns whether the error was about a request of this client */
  onError({ about, code, message, field, limit, retryAfterMs }: ErrorPacket): boolean {
    const open = about === undefined ? undefined : this.#open.get(about);
    if (about === undefined || open === undefined) return false;
    if (code === 'unavailable' || code === 'too_many_requests') {
      this.#clock.setTimer(() => this.#askAgain(open), retryAfterMs ?? againMs);
      return true;
    }
    const more = {
      ...(field === undefined ? {} : { field }),
      ...(limit === undefined ? {} : { limit }),
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    };
    this.#close(about)?.reject(new ClientError(code, message, more));
    return true;
  }

  end(error: Error): void {
    for (const id of [...this.#open.keys()]) this.#close(id)?.reject(error);
  }

  #forgetAsked(): void {
    this.#underWay = 0;
    for (const open of this.#open.values()) open.asked = false;
  }

  #askAgain(open: Open): void {
    if (!open.asked || !this.#open.has(open.packet.id)) return;
    open.asked = false;
    this.#underWay -= 1;
    this.#pump();
  }

  #close(id: number): Open | undefined {
    const open = this.#open.get(id);
    if (open === undefined) return undefined;
    this.#open.delete(id);
    this.#clock.clearTimer(open.timer);
    if (open.asked) this.#underWay -= 1;
    this.#pump();
    return open;
  }

  #pump(): void {
    if (this.#line === null || !this.#begun || this.#underWay >= this.#limit) return;
    for (const open of this.#open.values()) {
      if (open.asked) continue;
      if (this.#underWay >= this.#limit) return;
      open.asked = true;
      this.#underWay += 1;
      this.#line.send(open.packet);
    }
  }
}
