/**
 * Asks for what is looked at, again and again, and for nothing else: an address is asked once a second however many parts
 * of the page show it, and no longer when none does or while the page is hidden. What was known stays while the server is away.
 */

export interface Polled<T> {
  /** The last answer, undefined before the first. */
  readonly data: T | undefined;
  /** Why the last question had no answer; undefined when it had one. */
  readonly error: Error | undefined;
}

export interface PollerOptions {
  /** Asks once, knowing the last answer, to which the new one may be an addition; rejects when there is no answer. */
  readonly load: (address: string, last: unknown, signal: AbortSignal) => Promise<unknown>;
  /** From an answer to the next question, in ms. */
  readonly everyMs: number;
  /** Calls back after so many ms; the result takes it back. The page's clock, or a test's. */
  readonly after: (ms: number, run: () => void) => () => void;
}

interface Watch {
  readonly listeners: Set<() => void>;
  state: Polled<unknown>;
  /** Ends the question under way or takes the next one back. */
  stop: () => void;
}

const NOTHING: Polled<never> = { data: undefined, error: undefined };

export class Poller {
  readonly #options: PollerOptions;
  readonly #watches = new Map<string, Watch>();
  #seen = true;

  constructor(options: PollerOptions) {
    this.#options = options;
  }

  /** What is known at the address. The same object until something else is known, as React's stores want it. */
  read(address: string): Polled<unknown> {
    return this.#watches.get(address)?.state ?? NOTHING;
  }

  /** Begins to ask; `listener` is told of each answer and each failure. The result ends it. */
  subscribe(address: string, listener: () => void): () => void {
    const watch = this.#watches.get(address) ?? this.#begin(address);
    watch.listeners.add(listener);
    return () => {
      watch.listeners.delete(listener);
      if (watch.listeners.size > 0) return;
      watch.stop();
      this.#watches.delete(address);
    };
  }

  /** Asks now, out of turn: after an action, whose effect nobody wants to wait a second for. */
  refresh(): void {
    if (this.#seen) for (const [address, watch] of this.#watches) this.#ask(address, watch);
  }

  /** Whether anybody can see the page. Nothing is asked while not; all of it at once afterwards. */
  setSeen(seen: boolean): void {
    if (seen === this.#seen) return;
    this.#seen = seen;
    if (seen) this.refresh();
    else for (const watch of this.#watches.values()) watch.stop();
  }

  #begin(address: string): Watch {
    const watch: Watch = { listeners: new Set(), state: NOTHING, stop: () => undefined };
    this.#watches.set(address, watch);
    if (this.#seen) this.#ask(address, watch);
    return watch;
  }

  #ask(address: string, watch: Watch): void {
    watch.stop();
    const question = new AbortController();
    watch.stop = () => question.abort();
    const answered = (state: Polled<unknown>): void => {
      // A newer question has been asked, or nobody wants the answer.
      if (question.signal.aborted) return;
      watch.state = state;
      watch.stop = this.#options.after(this.#options.everyMs, () => this.#ask(address, watch));
      for (const listener of watch.listeners) listener();
    };
    this.#options.load(address, watch.state.data, question.signal).then(
      data => answered({ data, error: undefined }),
      (error: unknown) =>
        answered({
          data: watch.state.data,
          error: error instanceof Error ? error : new Error(String(error)),
        }),
    );
  }
}
