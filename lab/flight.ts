/**
 * The messages of one sender that are under way: each is over when it is accepted and has reached every receiver.
 * A ring of plain numbers, so that a message costs no memory.
 */
export class Flight {
  readonly #mask: number;
  readonly #missing: Int32Array;
  readonly #intendedAt: Float64Array;
  /** The first number that is not over, and the first not sent. */
  #front = 0;
  #next = 0;
  #acceptedUpTo = 0;
  /** What the number 1 of a run is to the server. */
  #offset = -1;

  /** @param window messages under way at most */
  constructor(window: number) {
    const size = 2 ** Math.ceil(Math.log2(window));
    this.#mask = size - 1;
    this.#missing = new Int32Array(size);
    this.#intendedAt = new Float64Array(size);
  }

  get underWay(): number {
    return this.#next - this.#front;
  }

  /** @param seq numbers follow each other @param receivers how many are to get it @param intendedAt when it should have been sent: milliseconds */
  sent(seq: number, receivers: number, intendedAt: number): void {
    if (this.#offset < 0) {
      this.#offset = seq;
      this.#acceptedUpTo = seq - 1;
    }
    const place = this.#next & this.#mask;
    this.#missing[place] = receivers + 1;
    this.#intendedAt[place] = intendedAt;
    this.#next++;
  }

  accepted(upTo: number): void {
    for (let seq = this.#acceptedUpTo + 1; seq <= upTo; seq++) this.#one(seq);
    if (upTo > this.#acceptedUpTo) this.#acceptedUpTo = upTo;
  }

  /** Whether the number is of a time before this flight: of an earlier run of the same sender. */
  isEarlier(seq: number): boolean {
    return this.#offset < 0 || seq < this.#offset;
  }

  /** @returns when the message was intended to be sent @throws RangeError when it is not under way */
  delivered(seq: number): number {
    this.#one(seq);
    return this.#intendedAt[(seq - this.#offset) & this.#mask] ?? NaN;
  }

  /** What is under way will not come any more. */
  giveUp(): void {
    this.#front = this.#next;
    this.#acceptedUpTo = this.#offset + this.#next - 1;
  }

  #one(seq: number): void {
    const index = seq - this.#offset;
    if (index < this.#front || index >= this.#next)
      throw new RangeError(`expected a message under way, got number ${seq}`);
    const place = index & this.#mask;
    this.#missing[place] = (this.#missing[place] ?? 0) - 1;
    while (this.#front < this.#next && this.#missing[this.#front & this.#mask] === 0) this.#front++;
  }
}
