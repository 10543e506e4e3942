/**
 * A process's queue of messages: a ring that takes no storage until its first message, and that is
 * told to give it back when the process comes to rest.
 */
const FIRST_CAPACITY = 8;

/** Storage that was given back, empty: the next process that has something to do takes it. */
const spare: unknown[][] = [];
const SPARE_AT_MOST = 1_024;

export class Mailbox {
  #slots: unknown[] | undefined = undefined;
  #head = 0;
  #count = 0;

  get length(): number {
    return this.#count;
  }

  push(message: unknown): void {
    const slots = this.#room();
    slots[(this.#head + this.#count) & (slots.length - 1)] = message;
    this.#count += 1;
  }

  /** The oldest message, or undefined when there is none: ask {@link length} first. */
  shift(): unknown {
    const slots = this.#slots;
    if (slots === undefined || this.#count === 0) return undefined;
    const head = this.#head;
    const message = slots[head];
    slots[head] = undefined;
    this.#head = (head + 1) & (slots.length - 1);
    this.#count -= 1;
    return message;
  }

  /** Takes out the messages that the predicate picks, in order; the others keep their order. */
  extract(picks: (message: unknown) => boolean): unknown[] {
    const picked: unknown[] = [];
    for (let left = this.#count; left > 0; left -= 1) {
      const message = this.shift();
      if (picks(message)) picked.push(message);
      else this.push(message);
    }
    return picked;
  }

  /** The waiting messages, oldest first; at most so many. */
  toArray(limit = Infinity): unknown[] {
    const slots = this.#slots;
    if (slots === undefined) return [];
    return Array.from(
      { length: Math.min(this.#count, limit) },
      (_, index) => slots[(this.#head + index) & (slots.length - 1)],
    );
  }

  /** Drops everything, storage included. */
  clear(): void {
    const slots = this.#slots;
    if (slots?.length === FIRST_CAPACITY && this.#count === 0 && spare.length < SPARE_AT_MOST)
      spare.push(slots);
    this.#slots = undefined;
    this.#head = 0;
    this.#count = 0;
  }

  #room(): unknown[] {
    const slots = this.#slots;
    if (slots === undefined)
      return (this.#slots = spare.pop() ?? new Array<unknown>(FIRST_CAPACITY));
    if (this.#count < slots.length) return slots;
    const larger = new Array<unknown>(slots.length * 2);
    for (let index = 0; index < this.#count; index += 1) {
      const from = (this.#head + index) & (slots.length - 1);
      larger[index] = slots[from];
      // An old array that is garbage would keep its messages until the old generation is collected.
      slots[from] = undefined;
    }
    this.#slots = larger;
    this.#head = 0;
    return larger;
  }
}
