import type { ClientEvent } from './events.ts';

/** Status events that wait for the application; older ones are forgotten. Stored ones are bounded by the inbox. */
const statusEvents = 256;

/** What waits for the application, as one async iterable. */
export class EventQueue implements AsyncIterable<ClientEvent> {
  #events: { event: ClientEvent; stored: boolean }[] = [];
  #head = 0;
  #status = 0;
  #wake: (() => void) | null = null;
  #ended = false;
  #iterated = false;

  push(event: ClientEvent, stored: boolean): void {
    if (this.#ended) return;
    if (!stored && ++this.#status > statusEvents) this.#forgetOldestStatus();
    this.#events.push({ event, stored });
    this.#wake?.();
  }

  /** The status events queued still come, then the iteration ends. Stored events wait in the store for the next client. */
  end(): void {
    this.#ended = true;
    this.#events = this.#events.slice(this.#head).filter(({ stored }) => !stored);
    this.#head = 0;
    this.#wake?.();
  }

  #forgetOldestStatus(): void {
    const index = this.#events.findIndex(({ stored }, at) => !stored && at >= this.#head);
    if (index < 0) return;
    this.#events.splice(index, 1);
    this.#status -= 1;
  }

  #take(): ClientEvent | undefined {
    const next = this.#events[this.#head];
    if (next === undefined) return undefined;
    this.#head += 1;
    if (!next.stored) this.#status -= 1;
    if (this.#head === this.#events.length || this.#head >= 1024) {
      this.#events.splice(0, this.#head);
      this.#head = 0;
    }
    return next.event;
  }

  /** @throws TypeError when the events are being read already: each is for one reader */
  async *[Symbol.asyncIterator](): AsyncGenerator<ClientEvent, void, undefined> {
    if (this.#iterated)
      throw new TypeError('expected one reader of events(), got a second one: share the first');
    this.#iterated = true;
    try {
      for (;;) {
        const event = this.#take();
        if (event !== undefined) {
          yield event;
          event.done();
        } else if (this.#ended) return;
        else await new Promise<void>(resolve => (this.#wake = resolve));
        this.#wake = null;
      }
    } finally {
      this.#iterated = false;
    }
  }
}
