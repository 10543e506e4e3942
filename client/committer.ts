import { atTurnEnd } from './turn.ts';

/**
 * Group commit on the device: the changes of one loop turn are one transaction of the store, and what must not be
 * seen before they are durable (packets, events, answers) runs after it, in order. While a commit runs, the next
 * batch gathers.
 */
export class Committer<Change> {
  readonly #commit: (changes: readonly Change[]) => void | Promise<void>;
  readonly #onFailure: (error: unknown) => void;
  readonly #run = (): void => this.#start();
  #changes: Change[] = [];
  #effects: (() => void)[] = [];
  #waiters: (() => void)[] = [];
  #scheduled = false;
  #running = false;
  #failed = false;

  /**
   * @param commit may get no changes: then something else is due (an effect, or what its owner adds itself)
   * @param onFailure the store cannot commit: nothing after this is committed or runs
   */
  constructor(
    commit: (changes: readonly Change[]) => void | Promise<void>,
    onFailure: (error: unknown) => void,
  ) {
    this.#commit = commit;
    this.#onFailure = onFailure;
  }

  /** Adds a change to the batch of this turn. */
  add(change: Change): void {
    this.#changes.push(change);
    this.#schedule();
  }

  /** Runs `effect` when everything added so far is durable. */
  after(effect: () => void): void {
    this.#effects.push(effect);
    this.#schedule();
  }

  /** Resolves when everything added so far is durable and its effects have run, or the store has failed. */
  settled(): Promise<void> {
    return new Promise(resolve => {
      if (this.#failed) {
        resolve();
        return;
      }
      this.#waiters.push(resolve);
      this.after(() => {
        this.#waiters = this.#waiters.filter(waiter => waiter !== resolve);
        resolve();
      });
    });
  }

  #schedule(): void {
    if (this.#scheduled || this.#running || this.#failed) return;
    this.#scheduled = true;
    atTurnEnd(this.#run);
  }

  #start(): void {
    this.#scheduled = false;
    const changes = this.#changes;
    const effects = this.#effects;
    this.#changes = [];
    this.#effects = [];
    this.#running = true;
    let committing;
    try {
      committing = this.#commit(changes);
    } catch (error) {
      this.#fail(error);
      return;
    }
    if (committing === undefined) this.#finish(effects);
    else
      committing.then(
        () => this.#finish(effects),
        (error: unknown) => this.#fail(error),
      );
  }

  #finish(effects: readonly (() => void)[]): void {
    this.#running = false;
    for (const effect of effects) effect();
    if (this.#changes.length > 0 || this.#effects.length > 0) this.#schedule();
  }

  #fail(error: unknown): void {
    this.#failed = true;
    this.#running = false;
    this.#changes = [];
    this.#effects = [];
    for (const waiter of this.#waiters) waiter();
    this.#waiters = [];
    this.#onFailure(error);
  }
}
