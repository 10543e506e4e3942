/** Timers that send a message later. They belong to the receiver: they die with it. */
import { badArgument, shown } from './bad-argument.ts';
import { callingProcess } from './context.ts';
import { after, now } from './clock.ts';
import type { TimerHandle } from './clock.ts';
import { isolateOf, requirePid, thisIsolate } from './pid.ts';
import type { Name, Pid } from './pid.ts';
import { processAt, processNamed } from './process-table.ts';
import type { Holding, Process } from './process.ts';
import { deliver } from './signals.ts';
import { smallAdd, smallDelete } from './small-set.ts';

declare const timerBrand: unique symbol;

/** Names one timer, for `cancelTimer` and `readTimer`. */
export interface TimerRef {
  readonly [timerBrand]: 'timer';
}

class Timer implements Holding {
  readonly dest: Pid | Name;
  readonly message: unknown;
  readonly due: number;
  #handle: TimerHandle | undefined;
  #holder: Process | undefined;

  constructor(delayMs: number, dest: Pid | Name, message: unknown, holder: Process | undefined) {
    this.dest = dest;
    this.message = message;
    this.due = now() + delayMs;
    this.#holder = holder;
    if (holder !== undefined) holder.holdings = smallAdd<Holding>(holder.holdings, this);
    this.#handle = after(delayMs, () => this.#fire());
  }

  /** Milliseconds left, or false when it has fired or was cancelled. */
  left(): number | false {
    return this.#handle === undefined ? false : Math.max(0, Math.ceil(this.due - now()));
  }

  release(): void {
    this.#handle?.cancel();
    this.#forget();
  }

  #fire(): void {
    this.#forget();
    // A name is looked up when the timer fires, as in Erlang.
    const target = typeof this.dest === 'string' ? processNamed(this.dest) : processAt(this.dest);
    if (target !== undefined) deliver(target, this.message);
  }

  #forget(): void {
    this.#handle = undefined;
    const holder = this.#holder;
    this.#holder = undefined;
    if (holder !== undefined) holder.holdings = smallDelete<Holding>(holder.holdings, this);
  }
}

/**
 * Sends the message after the delay in milliseconds, of any size (0 included). Not tied to the
 * caller; a timer to a pid ends silently with that process.
 * @throws TypeError for what is neither pid nor name, and for a process of another isolate (set the
 *   timer there), as Erlang's badarg
 */
export function sendAfter(delayMs: number, dest: Pid | Name, message: unknown): TimerRef {
  callingProcess();
  if (!Number.isFinite(delayMs) || delayMs < 0) {
    throw new RangeError(`sendAfter() expects milliseconds of 0 or more, got ${shown(delayMs)}`);
  }
  if (typeof dest !== 'number' && typeof dest !== 'string') {
    throw new TypeError(
      `sendAfter() expects a pid or a registered name after the milliseconds, got ${typeof dest}`,
    );
  }
  if (typeof dest === 'number') requirePid('sendAfter()', dest);
  if (typeof dest === 'number' && isolateOf(dest) !== thisIsolate()) {
    throw new TypeError(
      `sendAfter() expects a process of its own isolate, and ${dest} lives in isolate ` +
        `${isolateOf(dest)}: set the timer there`,
    );
  }
  const holder = typeof dest === 'number' ? processAt(dest) : undefined;
  if (typeof dest === 'number' && holder === undefined) return deadTimer;
  return new Timer(delayMs, dest, message, holder) as unknown as TimerRef;
}

/** A timer to a process that was dead already: it never fires. */
const deadTimer = { left: () => false, release: () => undefined } as unknown as TimerRef;

/**
 * Stops a timer: the milliseconds that were left, or false when it had fired or was cancelled.
 * @throws TypeError for what `sendAfter` did not return, as Erlang's badarg
 */
export function cancelTimer(ref: TimerRef): number | false {
  const timer = timerOf('cancelTimer()', ref);
  const left = timer.left();
  timer.release();
  return left;
}

/**
 * The milliseconds left, or false when it has fired or was cancelled.
 * @throws TypeError as {@link cancelTimer}
 */
export function readTimer(ref: TimerRef): number | false {
  return timerOf('readTimer()', ref).left();
}

function timerOf(what: string, ref: unknown): Pick<Timer, 'left' | 'release'> {
  if (ref instanceof Timer || ref === deadTimer) return ref as Timer;
  throw badArgument(what, 'what sendAfter() returned', ref);
}

export interface PendingTimer {
  readonly leftMs: number;
  readonly message: unknown;
}

/** What a timer among a process's holdings will send it, and when; undefined for another holding. */
export function pendingTimer(holding: Holding): PendingTimer | undefined {
  if (!(holding instanceof Timer)) return undefined;
  return { leftMs: holding.left() || 0, message: holding.message };
}
