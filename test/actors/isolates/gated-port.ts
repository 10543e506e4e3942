/** A port between two isolates on which a test can hold back what passes, and let it go one by one. */
import type { MessagePort } from 'node:worker_threads';
import type { IsolatePort } from '../../../actors/index.ts';

/** One direction. */
export class Gate {
  #held: (() => void)[] | undefined;
  /** Batches that passed or wait. */
  batches = 0;

  pass(deliver: () => void): void {
    this.batches += 1;
    if (this.#held === undefined) deliver();
    else this.#held.push(deliver);
  }

  hold(): void {
    this.#held ??= [];
  }

  /** How many wait. */
  get held(): number {
    return this.#held?.length ?? 0;
  }

  /** Lets the oldest batch through. */
  releaseOne(): void {
    this.#held?.shift()?.();
  }

  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const deliver of held) deliver();
  }
}

export class GatedPort implements IsolatePort {
  /** From the other isolate to this one. */
  readonly inward = new Gate();
  readonly outward = new Gate();
  readonly #port: MessagePort;

  constructor(port: MessagePort) {
    this.#port = port;
  }

  postMessage(value: unknown, transfer: readonly ArrayBuffer[] = []): void {
    this.outward.pass(() => this.#port.postMessage(value, transfer));
  }

  on(_event: 'message', listener: (value: unknown) => void): void {
    this.#port.on('message', value => this.inward.pass(() => listener(value)));
  }

  close(): void {
    this.#port.close();
  }

  unref(): void {
    this.#port.unref();
  }
}
