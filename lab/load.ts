/**
 * The load generator: many logged-in devices in one process that send to each other, in a closed loop (a message
 * leaves, the next one follows) or at a given rate. Latencies run from when a message was *intended* to leave to
 * when it has arrived: at a given rate a slow server cannot hide by slowing the generator ("coordinated omission").
 */
import { setMaxListeners } from 'node:events';
import type { Identity } from '../protocol/device/identity.ts';
import type { Transport } from '../client/transport.ts';
import { groupId, type DeviceId } from '../protocol/ids.ts';
import { limits } from '../protocol/limits.ts';
import type { Addressing } from '../protocol/packets.ts';
import { nodeCrypto } from '../protocol/crypto/node.ts';
import { Flight } from './flight.ts';
import { Latency, type LatencySummary } from './latency.ts';
import { LoadDevice } from './load-device.ts';
import { rawTransport } from './raw-transport.ts';

export interface LoadOptions {
  readonly server: string;
  /** One connection each; see lab/accounts.ts. An even number for pairs, a multiple of the size for groups. */
  readonly identities: readonly Identity[];
  readonly bodyBytes: number;
  /** Who sends to whom: neighbours to each other, or everybody (or so many of each group) into a group of so many members. */
  readonly shape:
    | { readonly kind: 'pairs' }
    | { readonly kind: 'groups'; readonly members: number; readonly speakers?: number };
  /** Messages under way per sender, up to `unacceptedSends` of protocol/limits.ts. */
  readonly window: number;
  readonly transport?: Transport;
}

export interface RunOptions {
  readonly seconds: number;
  /** Before anything is counted. */
  readonly warmUpSeconds?: number;
  /** Messages a second of all senders together; without it as many as the windows let through. */
  readonly ratePerSecond?: number;
  /** At a given rate: how many messages a sender puts in at once; 1 unless given. */
  readonly burst?: number;
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
  /** Processor time of the generator itself, in seconds. */
  readonly generatorCpuSeconds: number;
}

interface Sender {
  readonly device: LoadDevice;
  readonly flight: Flight;
  to: Addressing;
  receivers: number;
  /** Messages that wait for the window: when each was intended. Only at a given rate. */
  readonly late: number[];
}

/** Logins under way at once. */
const loginsAtOnce = 100;
/** How long everything under way may take to arrive after a run. */
const drainMs = 30_000;

export class Load {
  readonly #options: LoadOptions;
  /** All devices, and those of them that send. */
  readonly #senders: Sender[] = [];
  readonly #speakers: Sender[] = [];
  readonly #byDevice = new Map<DeviceId, Sender>();
  readonly #body: Uint8Array;
  readonly #stop = new AbortController();
  #loop: 'closed' | 'open' | 'draining' = 'draining';
  #latency: Latency | null = null;
  #delivered = 0;
  #nowMs = 0;
  #drained: () => void = () => undefined;

  /** Logs everybody in and makes the groups. */
  static async connect(options: LoadOptions): Promise<Load> {
    const load = new Load(options);
    await load.#logIn();
    await load.#address();
    return load;
  }

  private constructor(options: LoadOptions) {
    if (options.window > limits.unacceptedSends)
      throw new RangeError(
        `a window holds at most ${limits.unacceptedSends} sends, got ${options.window}`,
      );
    this.#options = options;
    this.#body = nodeCrypto.randomBytes(options.bodyBytes);
    setMaxListeners(0, this.#stop.signal);
  }

  /** @throws (rejects) Error when a connection ends, a message is refused, or one does not arrive */
  async run({
    seconds,
    warmUpSeconds = 0,
    ratePerSecond,
    burst = 1,
  }: RunOptions): Promise<LoadResult> {
    const deliveredAtFirst = this.#delivered;
    const ticking =
      ratePerSecond === undefined ? this.#startClosed() : this.#startOpen(ratePerSecond, burst);
    await this.#sleep(warmUpSeconds * 1000);
    this.#latency = new Latency();
    const deliveredBefore = this.#delivered;
    const cpu = process.cpuUsage();
    const begun = performance.now();
    await this.#sleep(seconds * 1000);
    const elapsed = (performance.now() - begun) / 1000;
    const { user, system } = process.cpuUsage(cpu);
    const delivered = this.#delivered - deliveredBefore;
    const latencyMs = this.#latency.summary();
    this.#latency = null;
    clearTimeout(ticking());
    await this.#drain();
    return {
      delivered,
      seconds: elapsed,
      deliveredPerSecond: delivered / elapsed,
      deliveredInAll: this.#delivered - deliveredAtFirst,
      latencyMs,
      generatorCpuSeconds: (user + system) / 1e6,
    };
  }

  close(): void {
    for (const { device } of this.#senders) device.close();
  }

  async #logIn(): Promise<void> {
    const { server, identities, window, transport = rawTransport() } = this.#options;
    const handlers = {
      onAccepted: (device: LoadDevice, upTo: number) => {
        const sender = this.#senderOf(device.id);
        sender.flight.accepted(upTo);
        this.#refill(sender);
      },
      onMessage: (_: LoadDevice, { from, seq }: { from: DeviceId; seq: number }) =>
        this.#arrived(from, seq),
      onFrameEnd: () => (this.#nowMs = 0),
      onFailure: (error: Error) => this.#stop.abort(error),
    };
    let next = 0;
    const work = async (): Promise<void> => {
      for (let index = next++; index < identities.length; index = next++) {
        const identity = identities[index];
        if (identity === undefined) return;
        const device = await LoadDevice.connect(server, identity, transport, handlers);
        const sender: Sender = {
          device,
          flight: new Flight(window),
          to: { kind: 'direct', users: [], own: 0 },
          receivers: 0,
          late: [],
        };
        this.#senders[index] = sender;
        this.#byDevice.set(device.id, sender);
      }
    };
    await Promise.all(Array.from({ length: loginsAtOnce }, work));
  }

  async #address(): Promise<void> {
    const { shape } = this.#options;
    const size = shape.kind === 'pairs' ? 2 : shape.members;
    if (this.#senders.length % size !== 0)
      throw new RangeError(
        `expected a multiple of ${size} connections, got ${this.#senders.length}`,
      );
    const parties: Sender[][] = [];
    for (let at = 0; at < this.#senders.length; at += size)
      parties.push(this.#senders.slice(at, at + size));
    await Promise.all(
      parties.map(party =>
        shape.kind === 'pairs'
          ? this.#addressPair(party)
          : this.#addressGroup(party, shape.speakers ?? shape.members),
      ),
    );
  }

  async #addressPair(pair: readonly Sender[]): Promise<void> {
    const [one, other] = pair;
    if (one === undefined || other === undefined) return;
    const users = [one.device.user, other.device.user];
    const reply = await one.device.request('devices', { users });
    const version = new Map(reply.users.map(list => [list.user, list.version]));
    const [first = 0, second = 0] = users.map(user => version.get(user) ?? 0);
    one.to = { kind: 'direct', users: [[other.device.user, second]], own: first };
    other.to = { kind: 'direct', users: [[one.device.user, first]], own: second };
    one.receivers = other.receivers = 1;
    this.#speakers.push(one, other);
  }

  async #addressGroup(members: readonly Sender[], speakers: number): Promise<void> {
    const info = await members[0]?.device.request('group_create', {
      group: groupId(nodeCrypto.randomBytes(16)),
      name: 'load',
      members: members.map(({ device }) => device.user),
    });
    if (info === undefined) return;
    for (const member of members.slice(0, speakers)) {
      member.to = { kind: 'group', group: info.group, version: info.version };
      member.receivers = members.length - 1;
      this.#speakers.push(member);
    }
  }

  /** @returns what gives the timer to be stopped */
  #startClosed(): () => undefined {
    this.#loop = 'closed';
    for (const sender of this.#speakers) this.#refill(sender);
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
        const sender = this.#speakers[count % this.#speakers.length];
        if (sender === undefined) return;
        for (let i = 0; i < burst; i++) sender.late.push(begun + count / perMs);
        this.#refill(sender);
      }
    };
    tick();
    return () => timer;
  }

  #refill(sender: Sender): void {
    const { window } = this.#options;
    if (this.#loop === 'closed')
      while (sender.flight.underWay < window) this.#send(sender, this.#now());
    else if (this.#loop === 'open')
      while (sender.late.length > 0 && sender.flight.underWay < window)
        this.#send(sender, sender.late.shift() ?? 0);
    else if (sender.flight.underWay === 0 && this.#isDrained()) this.#drained();
  }

  #send({ device, flight, to, receivers }: Sender, intendedAt: number): void {
    flight.sent(device.send(to, this.#body), receivers, intendedAt);
  }

  #arrived(from: DeviceId, seq: number): void {
    const sender = this.#senderOf(from);
    const intendedAt = sender.flight.delivered(seq);
    this.#delivered++;
    this.#latency?.record(this.#now() - intendedAt);
    this.#refill(sender);
  }

  /** One reading of the clock serves all that a frame brought. */
  #now(): number {
    if (this.#nowMs === 0) this.#nowMs = performance.now();
    return this.#nowMs;
  }

  #senderOf(device: DeviceId): Sender {
    const sender = this.#byDevice.get(device);
    if (sender === undefined) throw new RangeError(`expected a device of this load, got ${device}`);
    return sender;
  }

  #isDrained(): boolean {
    return this.#speakers.every(({ flight }) => flight.underWay === 0);
  }

  async #drain(): Promise<void> {
    this.#loop = 'draining';
    for (const { late } of this.#speakers) late.length = 0;
    if (this.#isDrained()) return;
    await this.#orFailure(
      new Promise<void>((resolve, reject) => {
        const late = setTimeout(() => {
          const missing = this.#speakers.reduce((sum, { flight }) => sum + flight.underWay, 0);
          reject(new Error(`${missing} messages have not arrived within ${drainMs} ms`));
        }, drainMs);
        this.#drained = () => {
          clearTimeout(late);
          resolve();
        };
      }),
    );
  }

  #sleep(ms: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const slept = new Promise<void>(resolve => (timer = setTimeout(resolve, ms)));
    return this.#orFailure(slept).finally(() => clearTimeout(timer));
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
