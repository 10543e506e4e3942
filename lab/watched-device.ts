/**
 * A real client (client/client.ts) whose every move the oracle hears of, and which can die at any moment and live
 * again on what it had stored. What its application saw is kept outside of it, as a person keeps it.
 */
import { openClient, type Client } from '../client/client.ts';
import { ClientError, RefusedError } from '../client/errors.ts';
import type { ClientEvent, StatusEvent } from '../client/events.ts';
import { memoryStore } from '../client/memory-store.ts';
import type { ClientOptions } from '../client/options.ts';
import type { PendingSend } from '../client/pending-send.ts';
import type { Recipients } from '../client/recipients.ts';
import { nodeCrypto } from '../protocol/crypto/node.ts';
import type { Identity } from '../protocol/device/identity.ts';
import type { DeviceStore } from '../protocol/device/store.ts';
import type { DeviceId, UserId } from '../protocol/ids.ts';
import { FaultyTransport } from './faulty-transport.ts';
import { mortalStore, type MortalStore } from './mortal-store.ts';
import type { Submission } from './oracle-message.ts';
import type { Oracle } from './oracle.ts';

export interface WatchedDeviceOptions {
  readonly identity: Identity;
  readonly oracle: Oracle;
  /** What it keeps; memory unless given. */
  readonly store?: DeviceStore;
  readonly client?: Partial<Pick<ClientOptions, 'backoff' | 'limits' | 'roles'>>;
}

/** What the oracle is to know of a message besides its sender and number. */
export type Expectation = Pick<Submission, 'targets' | 'optional' | 'mayRefuse'>;

/** One run of the client program. */
interface Life {
  readonly client: Client;
  readonly store: MortalStore;
  alive: boolean;
  /** Resolves when nothing more is told by it. */
  readonly over: Promise<void>;
}

export class WatchedDevice {
  readonly id: DeviceId;
  readonly user: UserId;
  readonly transport = new FaultyTransport();
  /** What the client told about itself, in order. */
  readonly statuses: StatusEvent[] = [];
  readonly #options: WatchedDeviceOptions;
  readonly #store: DeviceStore;
  readonly #seen = new Set<string>();
  #life: Life | null = null;
  #onStatus = new Set<() => void>();

  /** Opens and connects it; it keeps trying until it is let in. */
  static async start(options: WatchedDeviceOptions): Promise<WatchedDevice> {
    const device = new WatchedDevice(options);
    await device.open();
    return device;
  }

  constructor(options: WatchedDeviceOptions) {
    const { identity } = options;
    if (identity.device === null)
      throw new TypeError(`expected a registered device, ${identity.user} has none`);
    this.id = identity.device;
    this.user = identity.user;
    this.#options = options;
    this.#store = options.store ?? memoryStore(identity);
  }

  /** @throws when it is dead or was never opened */
  get client(): Client {
    if (this.#life === null) throw new Error(`expected ${this.id} to be open`);
    return this.#life.client;
  }

  /** How often the client lost its connection. */
  get disconnections(): number {
    return this.statuses.filter(({ kind }) => kind === 'disconnected').length;
  }

  /** Starts the program and connects, which may take until a server is there. */
  async open(): Promise<void> {
    if (this.#life !== null) throw new Error(`${this.id} is open already`);
    const store = mortalStore(this.#store);
    const client = await openClient({
      store: store.store,
      transport: this.transport,
      crypto: nodeCrypto,
      agent: 'strowger-lab',
      backoff: { firstMs: 20, longestMs: 200 },
      ...this.#options.client,
    });
    let onOver: () => void = () => undefined;
    const over = new Promise<void>(resolve => (onOver = resolve));
    const life: Life = { client, store, alive: true, over };
    this.#life = life;
    for (const pending of client.pending()) this.#await(life, pending);
    void this.#listen(life).then(onOver);
    await client.connect({ keepTrying: true });
  }

  /**
   * Puts a message into the outbox.
   * @returns its number; resolves when it is stored, so that it is sure to go out
   */
  async send(to: Recipients, expectation: Expectation, text = ''): Promise<PendingSend> {
    const life = this.#living();
    const pending = life.client.send({ ...to, text });
    // Before it is stored nobody has heard of it: if the program dies first, it never was.
    await pending.stored;
    if (life.alive)
      this.#options.oracle.submitted({
        device: this.id,
        seq: pending.seq,
        id: pending.id,
        ...expectation,
      });
    this.#await(life, pending);
    return pending;
  }

  /** The program is killed: nothing more is stored or sent, the socket is gone, what it stored stays. */
  async die(): Promise<void> {
    const life = this.#living();
    life.alive = false;
    life.store.die();
    this.transport.muted = true;
    this.transport.cut();
    await this.#bury(life);
    this.transport.muted = false;
  }

  /** Ends it in good order. */
  async close(): Promise<void> {
    if (this.#life !== null) await this.#bury(this.#life);
  }

  /** Resolves when the client has told something of this kind, now or before. */
  async told(kind: StatusEvent['kind'], count = 1): Promise<void> {
    const enough = (): boolean =>
      this.statuses.filter(status => status.kind === kind).length >= count;
    if (enough()) return;
    await new Promise<void>(resolve => {
      const look = (): void => {
        if (!enough()) return;
        this.#onStatus.delete(look);
        resolve();
      };
      this.#onStatus.add(look);
    });
  }

  async #bury(life: Life): Promise<void> {
    this.#life = null;
    await life.client.close();
    await life.over;
  }

  #living(): Life {
    if (this.#life === null) throw new Error(`expected ${this.id} to be open`);
    return this.#life;
  }

  #await(life: Life, { seq, accepted }: PendingSend): void {
    const { oracle } = this.#options;
    accepted.then(
      () => {
        if (life.alive) oracle.accepted(this.id, seq);
      },
      (error: unknown) => {
        if (!life.alive || !(error instanceof ClientError)) return;
        if (error.code === 'unresolved') oracle.unresolved(this.id, seq);
        else if (error instanceof RefusedError)
          oracle.refused(this.id, seq, error.refusal?.code ?? 'unknown');
      },
    );
  }

  async #listen(life: Life): Promise<void> {
    let shown = 0;
    for await (const event of life.client.events()) {
      if (!life.alive) continue;
      if (isStatus(event)) {
        this.#note(event);
        continue;
      }
      // A program that died before it confirmed what it saw is offered it again: that is not the server's doing.
      const offeredAgain = shown < life.store.waiting;
      shown++;
      this.#take(event, offeredAgain);
    }
  }

  #take(event: Exclude<ClientEvent, StatusEvent>, offeredAgain: boolean): void {
    const { oracle } = this.#options;
    if (event.kind === 'undelivered') oracle.undelivered({ ...event, device: this.id });
    if (event.kind !== 'message' || (offeredAgain && this.#seen.has(event.id))) return;
    this.#seen.add(event.id);
    const { id, device: from, seq } = event;
    oracle.delivery({ device: this.id, from, seq, id });
  }

  #note(event: StatusEvent): void {
    const { oracle } = this.#options;
    this.statuses.push(event);
    if (event.kind === 'retired') oracle.removed(this.id);
    if (event.kind === 'unresolved') oracle.unresolved(this.id, event.seq);
    for (const look of [...this.#onStatus]) look();
  }
}

const statusKinds: ReadonlySet<string> = new Set<StatusEvent['kind']>([
  'connected',
  'disconnected',
  'retired',
  'unresolved',
  'complaint',
]);

const isStatus = (event: ClientEvent): event is StatusEvent & { done(): void } =>
  statusKinds.has(event.kind);
