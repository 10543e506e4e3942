/**
 * The timeouts of one machine: the event timeout, the state timeout, and those with a name. Of each
 * one at most one runs. See `gen_statem.erl`, `loop_timeouts` and the field `timers`.
 *
 * One that elapses is a message in the mailbox, in order with the others. One of 0 ms takes no timer:
 * it waits in a queue that is looked at when no other event is left, before the mailbox is.
 */
import { isDeepStrictEqual } from 'node:util';
import { after, now } from '../clock.ts';
import type { TimerHandle } from '../clock.ts';
import type { Process } from '../process.ts';
import { deliverNotice } from '../signals.ts';
import type { TimeoutType } from './types.ts';

/** A timeout that runs; the message that it sends when it elapses is itself. */
export class Timeout {
  readonly type: TimeoutType;
  content: unknown;
  /** Undefined for one of 0 ms, and once it has elapsed. */
  handle: TimerHandle | undefined = undefined;

  constructor(type: TimeoutType, content: unknown) {
    this.type = type;
    this.content = content;
  }
}

/** What an action asks for, checked. */
export interface TimeoutRequest {
  readonly type: TimeoutType;
  /** Milliseconds; `Infinity` cancels. */
  readonly time: number | 'update';
  readonly content: unknown;
  readonly absolute: boolean;
}

export class Timeouts {
  readonly #process: Process;
  /** By key; made for the first one. */
  #running: Map<unknown, Timeout> | undefined = undefined;
  #zeros: Timeout[] = [];

  constructor(process: Process) {
    this.#process = process;
  }

  /** How many run. */
  get size(): number {
    return this.#running?.size ?? 0;
  }

  /** Those that run, as events. */
  list(): (readonly [TimeoutType, unknown])[] {
    return [...(this.#running?.values() ?? [])].map(({ type, content }) => [type, content]);
  }

  get hasZero(): boolean {
    return this.#zeros.length > 0;
  }

  /** The oldest one of 0 ms, which has elapsed now. */
  takeZero(): Timeout | undefined {
    const timeout = this.#zeros.shift();
    if (timeout !== undefined) this.#running?.delete(this.#keyOf(timeout.type));
    return timeout;
  }

  /** Whether the message of a timeout counts: not when it was cancelled or begun anew meanwhile. */
  takeElapsed(timeout: Timeout): boolean {
    const key = this.#keyOf(timeout.type);
    if (this.#running?.get(key) !== timeout) return false;
    this.#running.delete(key);
    return true;
  }

  cancel(type: TimeoutType): void {
    if (this.size === 0) return;
    const key = this.#keyOf(type);
    const timeout = this.#running?.get(key);
    if (timeout === undefined) return;
    this.#running?.delete(key);
    this.#halt(timeout);
  }

  /**
   * Obeys a list of requests, the last of each type. They are started from the last to the first,
   * as OTP does: those that elapse in one moment do so in that order; those of 0 ms in list order.
   * @param started told of each one that begins
   */
  obey(requests: readonly TimeoutRequest[], started?: (request: TimeoutRequest) => void): void {
    const seen = requests.length > 1 ? new Set<unknown>() : undefined;
    const zeros: Timeout[] = [];
    for (let index = requests.length - 1; index >= 0; index -= 1) {
      const request = requests[index] as TimeoutRequest;
      const key = this.#keyOf(request.type, seen);
      if (seen?.has(key) === true) continue;
      seen?.add(key);
      const zero = this.#begin(key, request, started);
      if (zero !== undefined) zeros.push(zero);
    }
    while (zeros.length > 0) this.#zeros.push(zeros.pop() as Timeout);
  }

  /** The process is dead: nothing elapses any more. */
  release(): void {
    for (const timeout of this.#running?.values() ?? []) timeout.handle?.cancel();
    this.#running = undefined;
    this.#zeros = [];
  }

  /** @returns the timeout when it is one of 0 ms, which has to be put into its queue */
  #begin(
    key: unknown,
    request: TimeoutRequest,
    started: ((request: TimeoutRequest) => void) | undefined,
  ): Timeout | undefined {
    const { type, time, content, absolute } = request;
    const old = this.#running?.get(key);
    if (time === 'update' && old !== undefined) {
      old.content = content;
      return undefined;
    }
    if (old !== undefined) {
      this.#running?.delete(key);
      this.#halt(old);
    }
    if (time === Infinity) return undefined;
    const timeout = new Timeout(type, content);
    (this.#running ??= new Map()).set(key, timeout);
    if (time === 'update') return timeout;
    started?.(request);
    if (time === 0) return timeout;
    timeout.handle = after(absolute ? Math.max(0, time - now()) : time, () => {
      timeout.handle = undefined;
      // There are as many as the machine asked for: they do not count against its mailbox's limit.
      if (this.#process.alive) deliverNotice(this.#process, timeout);
    });
    return undefined;
  }

  #halt(timeout: Timeout): void {
    if (timeout.handle !== undefined) timeout.handle.cancel();
    else this.#zeros = this.#zeros.filter(zero => zero !== timeout);
  }

  /** What stands for the type in maps: names are compared deeply, as Erlang compares terms. */
  #keyOf(type: TimeoutType, seen?: ReadonlySet<unknown>): unknown {
    if (typeof type === 'string') return type;
    const name = type[1];
    if (typeof name === 'string') return `=${name}`;
    if (typeof name !== 'object' || name === null) return name;
    for (const key of [...(this.#running?.keys() ?? []), ...(seen ?? [])]) {
      if (isDeepStrictEqual(key, name)) return key;
    }
    return name;
  }
}
