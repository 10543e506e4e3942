/**
 * Signals on their way out: all that leave for one isolate in one turn of the loop cross in one
 * buffer, in the order in which they were sent.
 */
import { describeReason, reasonOf } from '../exit.ts';
import type { Process } from '../process.ts';
import { encodeBatch } from './codec.ts';
import { ESCAPED, ops } from './signal.ts';
import type { Signal } from './signal.ts';
import { awaited } from './waiting.ts';

/**
 * One end of the channel between two isolates: a MessagePort of node:worker_threads, or what
 * behaves like one.
 */
export interface IsolatePort {
  postMessage(value: unknown, transfer?: readonly ArrayBuffer[]): void;
  on(event: 'message', listener: (value: unknown) => void): unknown;
  close(): void;
  ref?(): void;
  unref?(): void;
}

/** Told of a message that the codec refused, and of who sent it. */
export type RefusedHandler = (sender: Process | undefined, error: TypeError) => void;

export class Outbox {
  readonly isolate: number;
  readonly #port: IsolatePort;
  readonly #refused: RefusedHandler;
  #signals: Signal[] = [];
  #senders: (Process | undefined)[] = [];

  constructor(isolate: number, port: IsolatePort, refused: RefusedHandler) {
    this.isolate = isolate;
    this.#port = port;
    this.#refused = refused;
  }

  /** Adds a signal to the batch that leaves at the end of this turn of the loop. */
  push(signal: Signal, sender: Process | undefined): void {
    if (this.#signals.length > 0) {
      this.#signals.push(signal);
      this.#senders.push(sender);
      return;
    }
    // Made anew with their first element: an empty list that has waited long is an old object, and,
    // handed on, would keep what is in it until the old generation is collected.
    this.#signals = [signal];
    this.#senders = [sender];
    dirty.push(this);
    scheduleFlush();
  }

  /** What was pushed and has not left is lost. */
  close(): void {
    this.#signals = [];
    this.#senders = [];
    this.#port.close();
  }

  flush(): void {
    const signals = this.#signals;
    if (signals.length === 0) return;
    const senders = this.#senders;
    this.#signals = [];
    this.#senders = [];
    const bytes = this.#encode(signals, senders);
    const whole = bytes.byteLength === bytes.buffer.byteLength ? bytes : bytes.slice();
    this.#port.postMessage(whole, [whole.buffer as ArrayBuffer]);
  }

  #encode(signals: readonly Signal[], senders: readonly (Process | undefined)[]): Uint8Array {
    try {
      return encodeBatch(signals);
    } catch {
      // One of them is to blame: alone it throws again, and the others go all the same.
      return encodeBatch(signals.flatMap((signal, index) => this.#sound(signal, senders[index])));
    }
  }

  #sound(signal: Signal, sender: Process | undefined): Signal[] {
    try {
      encodeBatch([signal]);
      return [signal];
    } catch (cause) {
      const text = `a message to isolate ${this.isolate} cannot be encoded: ${describeReason(cause)}`;
      return this.#instead(signal, sender, new TypeError(text, { cause }));
    }
  }

  /** What goes in place of a signal that cannot be encoded. An exit must never be lost. */
  #instead(signal: Signal, sender: Process | undefined, error: TypeError): Signal[] {
    switch (signal[0] & (ESCAPED - 1)) {
      case ops.call:
      case ops.system:
        awaited(signal[3] as number)?.down(undefined, reasonOf(error));
        return [];
      case ops.reply: {
        const [, ref] = signal as Extract<Signal, readonly [typeof ops.reply, ...unknown[]]>;
        this.#refused(sender, error);
        return [[ops.down, ref, undefined, describeReason(error)]];
      }
      case ops.down:
      case ops.linkExit:
      case ops.exit:
        return [described(signal)];
      default:
        this.#refused(sender, error);
        return [];
    }
  }
}

/** The signal with its last element, a reason, in text. */
function described(signal: Signal): Signal {
  const text = describeReason(signal.at(-1));
  const op = signal[0] & (ESCAPED - 1);
  return [op, ...signal.slice(1, -1), text] as unknown as Signal;
}

let dirty: Outbox[] = [];
let scheduled = false;

/**
 * What is sent until the end of this turn of the loop leaves then. Called too when signals came in:
 * the turns that they caused are queued before, so their answers leave in the same turn of the loop.
 */
export function scheduleFlush(): void {
  if (scheduled) return;
  scheduled = true;
  setImmediate(flushAll);
}

function flushAll(): void {
  scheduled = false;
  const batch = dirty;
  dirty = [];
  for (const outbox of batch) outbox.flush();
}

const outboxes = new Map<number, Outbox>();

/** The way to an isolate, or undefined while it is not connected. */
export function outboxTo(isolate: number): Outbox | undefined {
  return outboxes.get(isolate);
}

export function openOutbox(outbox: Outbox): void {
  outboxes.set(outbox.isolate, outbox);
}

export function closeOutbox(isolate: number): void {
  outboxes.delete(isolate);
}

/** The isolates that are connected, in the order in which they came. */
export function connectedIsolates(): number[] {
  return [...outboxes.keys()];
}
