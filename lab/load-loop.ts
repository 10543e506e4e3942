/**
 * The loop of every load generator: senders that keep a window of messages under way, in a closed loop (a message
 * leaves, the next one follows) or at a given rate. Latencies run from when a message was *intended* to leave to
 * when it has arrived: at a given rate a slow server cannot hide by slowing the generator ("coordinated omission").
 * It knows nothing of the protocol that the messages travel by.
 */
import { setMaxListeners } from 'node:events';
import { Flight } from './flight.ts';
import { Latency, type LatencySummary } from './latency.ts';

export interface RunOptions {
  readonly seconds: number;
  /** Before anything is counted. */
  readonly warmUpSeconds?: number;
  /** Messages a second of all senders together; without it as many as the windows let through. */
  readonly ratePerSecond?: number;
  /** At a given rate: how many messages a sender puts in at once; 1 unless given. */
  readonly burst?: number;
  /** What has not arrived so long after the run is counted as missing; without it that fails the run. */
  readonly giveUpAfterMs?: number;
  /** When it is aborted the run ends there and drains, as if its time were over. */
  readonly until?: AbortSignal;
  /** With `giveUpAfterMs`: when it is aborted, what has not arrived by then is missing. */
  readonly giveUpAt?: AbortSignal;
}

export interface LoadResult {
  /** Messages that have arrived at all their receivers' devices: deliveries. */
  readonly delivered: number;
  readonly seconds: number;
  readonly deliveredPerSecond: number;
  /** The deliveries before and after that time too: warming up and draining. */
  readonly deliveredInAll: number;
  /** End to end: from the intended send to the receiving device. */
  readonly latencyMs: LatencySummary;
  /** Messages that were given up. */
  readonly missing: number;
  /** Processor time of the generator itself, in seconds. */
  readonly generatorCpuSeconds: number;
}

export interface SenderOptions {
  /** Sends one message. @returns its number: 1 more than the last one's */
  readonly send: () => number;
  readonly receivers: number;
  /** Whether the server tells what it has accepted; a message is then not over before. */
  readonly accepted: boolean;
}

interface Sender extends SenderOptions {
  readonly flight: Flight;
  /** Messages that wait for the window: when each was intended. Only at a given rate. */
  readonly late: number[];
}

/** How long everything under way may take to arrive after a run. */
const drainMs = 30_000;

/** @typeParam Id what the protocol calls a sender */
export class LoadLoop<Id extends string> {
  readonly #window: number;
  readonly #senders: Sender[] = [];
  readonly #byId = new Map<Id, Sender>();
  readonly #stop = new AbortController();
  #loop: 'closed' | 'open' | 'draining' = 'draining';
  #latency: Latency | null = null;
  #delivered = 0;
  #nowMs = 0;
  #drained: () => void = () => undefined;

  /** @param window messages under way per sender */
  constructor(window: number) {
    this.#window = window;
    setMaxListeners(0, this.#stop.signal);
  }

  addSender(id: Id, options: SenderOptions): void {
    const sender: Sender = { ...options, flight: new Flight(this.#window), late: [] };
    this.#senders.push(sender);
    this.#byId.set(id, sender);
  }

  /** The server has accepted this sender's messages up to this number. */
  accepted(id: Id, upTo: number): void {
    const sender = this.#senderOf(id);
    sender.flight.accepted(upTo);
    this.#refill(sender);
  }

  /** A message of this sender has arrived at one receiver. */
  arrived(from: Id, seq: number): void {
    const sender = this.#byId.get(from);
    // What an earlier load of these users had received, and whose acknowledgement was cut off with its connection.
    if (sender === undefined || sender.flight.isEarlier(seq)) return;
    const intendedAt = sender.flight.delivered(seq);
    this.#delivered++;
    this.#latency?.record(this.#now() - intendedAt);
    this.#refill(sender);
  }

  /** What came at one time has been told: the clock is read again. */
  turnEnd(): void {
    this.#nowMs = 0;
  }

  /** The run is over, and every further one. */
  fail(error: Error): void {
    this.#stop.abort(error);
  }

  /** @throws (rejects) Error when a connection ends, a message is refused, or one does not arrive */
  async run({
    seconds,
    warmUpSeconds = 0,
    ratePerSecond,
    burst = 1,
    giveUpAfterMs,
    until,
    giveUpAt,
  }: RunOptions): Promise<LoadResult> {
    const deliveredAtFirst = this.#delivered;
    const ticking =
      ratePerSecond === undefined ? this.#startClosed() : this.#startOpen(ratePerSecond, burst);
    await this.#sleep(warmUpSeconds * 1000);
    this.#latency = new Latency();
    const deliveredBefore = this.#delivered;
    const cpu = process.cpuUsage();
    const begun = performance.now();
    await this.#sleep(seconds * 1000, until);
    const elapsed = (performance.now() - begun) / 1000;
    const { user, system } = process.cpuUsage(cpu);
    const delivered = this.#delivered - deliveredBefore;
    const latencyMs = this.#latency.summary();
    this.#latency = null;
    clearTimeout(ticking());
    const missing = await this.#drain(giveUpAfterMs, giveUpAt);
    return {
      delivered,
      seconds: elapsed,
      deliveredPerSecond: delivered / elapsed,
      deliveredInAll: this.#delivered - deliveredAtFirst,
      latencyMs,
      missing,
      generatorCpuSeconds: (user + system) / 1e6,
    };
  }

  /** @returns what gives the timer to be stopped */
  #startClosed(): () => undefined {
    this.#loop = 'closed';
    for (const sender of this.#senders) this.#refill(sender);
    this.turnEnd();
    return () => undefined;
  }

  /** Burst k is due at k * burst / rate, from one sender after the other. */
  #startOpen(ratePerSecond: number, burst: number): () => NodeJS.Timeout {
    this.#loop = 'open';
    const begun = performance.now();
    const perMs = ratePerSecond / 1000 / burst;
    let count = 0;
    let timer: NodeJS.Timeout;
    const tick = (): void => {
      timer = setTimeout(tick, 1);
      const due = (performance.now() - begun) * perMs;
      for (; count < due; count++) {
        const sender = this.#senders[count % this.#senders.length];
        if (sender === undefined) return;
        for (let i = 0; i < burst; i++) sender.late.push(begun + count / perMs);
        this.#refill(sender);
      }
    };
    tick();
    return () => timer;
  }

  #refill(sender: Sender): void {
    const window = this.#window;
    if (this.#loop === 'closed')
      while (sender.flight.underWay < window) this.#send(sender, this.#now());
    else if (this.#loop === 'open')
      while (sender.late.length > 0 && sender.flight.underWay < window)
        this.#send(sender, sender.late.shift() ?? 0);
    else if (sender.flight.underWay === 0 && this.#isDrained()) this.#drained();
  }

  #send({ flight, send, receivers, accepted }: Sender, intendedAt: number): void {
    flight.sent(send(), accepted ? receivers : receivers - 1, intendedAt);
  }

  /** One reading of the clock serves all that a frame brought. */
  #now(): number {
    if (this.#nowMs === 0) this.#nowMs = performance.now();
    return this.#nowMs;
  }

  #senderOf(id: Id): Sender {
    const sender = this.#byId.get(id);
    if (sender === undefined) throw new RangeError(`expected a sender of this load, got ${id}`);
    return sender;
  }

  #isDrained(): boolean {
    return this.#senders.every(({ flight }) => flight.underWay === 0);
  }

  /** @returns how many messages have not arrived in time */
  async #drain(giveUpAfterMs: number | undefined, giveUpAt?: AbortSignal): Promise<number> {
    this.#loop = 'draining';
    for (const { late } of this.#senders) late.length = 0;
    if (this.#isDrained()) return 0;
    let missing = 0;
    let late: NodeJS.Timeout | undefined;
    let giveUp: () => void = () => undefined;
    const drained = new Promise<void>((resolve, reject) => {
      giveUp = () => {
        missing = this.#senders.reduce((sum, { flight }) => sum + flight.underWay, 0);
        if (giveUpAfterMs === undefined)
          reject(new Error(`${missing} messages have not arrived within ${drainMs} ms`));
        for (const { flight } of this.#senders) flight.giveUp();
        resolve();
      };
      late = setTimeout(giveUp, giveUpAfterMs ?? drainMs);
      this.#drained = resolve;
    });
    giveUpAt?.addEventListener('abort', giveUp, { once: true });
    if (giveUpAt?.aborted === true) giveUp();
    await this.#orFailure(drained).finally(() => {
      clearTimeout(late);
      giveUpAt?.removeEventListener('abort', giveUp);
    });
    return missing;
  }

  #sleep(ms: number, until?: AbortSignal): Promise<void> {
    if (until?.aborted === true) return Promise.resolve();
    let timer: NodeJS.Timeout | undefined;
    let wake: () => void = () => undefined;
    const slept = new Promise<void>(resolve => {
      wake = resolve;
      timer = setTimeout(resolve, ms);
    });
    until?.addEventListener('abort', wake, { once: true });
    return this.#orFailure(slept).finally(() => {
      clearTimeout(timer);
      until?.removeEventListener('abort', wake);
    });
  }

  async #orFailure(work: Promise<void>): Promise<void> {
    const { signal } = this.#stop;
    signal.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      const fail = (): void => reject(signal.reason as Error);
      signal.addEventListener('abort', fail, { once: true });
      work.then(resolve, reject).finally(() => signal.removeEventListener('abort', fail));
    });
  }
}
