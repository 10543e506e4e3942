/** How many children supervisors saw end abnormally, counted from the observer's events. */
import type { EventsAnswer } from '../../protocol/observer.ts';

export class Restarts {
  readonly #events: (after: number) => Promise<EventsAnswer>;
  #count = 0;
  #last = 0;
  /** One reading at a time: two would count the same events. */
  #reading: Promise<void> = Promise.resolve();

  /** @param events those after a number; the server numbers them from 1 */
  constructor(events: (after: number) => Promise<EventsAnswer>) {
    this.#events = events;
  }

  get count(): number {
    return this.#count;
  }

  /**
   * Counts what has happened by now.
   * @throws (rejects) ClientError when the server does not answer; the next reading counts it
   */
  read(): Promise<void> {
    const reading = this.#reading.then(() => this.#read());
    this.#reading = reading.catch(() => undefined);
    return reading;
  }

  /** The server is a new one, which has told nothing yet. */
  startOver(): void {
    this.#reading = this.#reading.then(() => {
      this.#last = 0;
    });
  }

  async #read(): Promise<void> {
    for (;;) {
      const { events, last } = await this.#events(this.#last);
      this.#count += events.filter(({ kind }) => kind === 'child_terminated').length;
      this.#last = events.at(-1)?.n ?? last;
      if (this.#last >= last) return;
    }
  }
}
