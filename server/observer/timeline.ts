/** What went wrong and what was done about it, numbered: the main thread keeps the last of it, whoever dies meanwhile. */
import { EVENTS_KEPT, type EventsAnswer, type ObservedEvent } from '../../protocol/observer.ts';
import type { NewEvent } from './protocol.ts';

/** Events that tell why a process ended; `restarted` tells it of the one before. */
const ends: ReadonlySet<ObservedEvent['kind']> = new Set<ObservedEvent['kind']>([
  'crash',
  'child_terminated',
  'restarted',
]);

export class Timeline {
  /** Oldest first; the last ones are numbered without a gap. */
  #events: ObservedEvent[] = [];
  #last = 0;
  readonly #kept: number;

  constructor(kept = EVENTS_KEPT) {
    this.#kept = kept;
  }

  get last(): number {
    return this.#last;
  }

  add(event: NewEvent): void {
    this.#last += 1;
    this.#events.push({ n: this.#last, ...event });
    // Not one by one: moving the whole list for each event would be most of what one costs.
    if (this.#events.length >= 2 * this.#kept) this.#events = this.#events.slice(-this.#kept);
  }

  /** Newer than this one, oldest first; without it the newest ones. */
  read(after: number | undefined, limit: number): EventsAnswer {
    const oldest = Math.max(1, this.#last - this.#kept + 1);
    const from = after === undefined ? this.#last - limit + 1 : after + 1;
    const first = Math.max(oldest, from);
    const start = this.#events.length - (this.#last - first + 1);
    return { events: this.#events.slice(start, start + limit), last: this.#last };
  }

  /** The newest end of a process with this name, or of this very process. */
  lastCrash(pid: number, name: string | null): ObservedEvent | null {
    for (let i = this.#events.length - 1; i >= 0; i -= 1) {
      const event = this.#events[i] as ObservedEvent;
      if (!ends.has(event.kind)) continue;
      const { process } = event;
      if (process?.pid === pid || (name !== null && process?.name === name)) return event;
    }
    return null;
  }
}
