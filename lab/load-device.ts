/**
 * A device as lean as one can be: one connection, nothing stored. It stands on the client's connection; of the
 * delivery rules it needs those of a run in which nothing fails, and what fails ends the run. With `throughFaults` it
 * keeps the client's rules in memory and goes on.
 */
import { Connection, type ConnectionEnd, type SessionPacket } from '../client/connection.ts';
import type { Identity } from '../protocol/device/identity.ts';
import type { Transport } from '../client/transport.ts';
import { nodeCrypto } from '../protocol/crypto/node.ts';
import { missesRows, newInbox, takeRow } from '../protocol/delivery/inbox.ts';
import {
  append,
  isNewEra,
  newOutbox,
  offers,
  prepareOffers,
  sentIsRolledBack,
  settle,
  type OutboxState,
} from '../protocol/delivery/outbox.ts';
import type { DeviceId, UserId } from '../protocol/ids.ts';
import { limits } from '../protocol/limits.ts';
import {
  roles,
  type Addressing,
  type Deliver,
  type RequestPacket,
  type State,
} from '../protocol/packets.ts';
import type { Argument, Method, Reply } from '../protocol/requests.ts';
import type { MessageRow } from '../protocol/rows.ts';

export interface LoadDeviceHandlers {
  /** Everything up to this number is accepted. */
  onAccepted(device: LoadDevice, upTo: number): void;
  onMessage(device: LoadDevice, row: MessageRow): void;
  /** All packets of a frame have been told. */
  onFrameEnd(device: LoadDevice): void;
  /** Something that a run without faults does not bring: the run is over. */
  onFailure(error: Error): void;
  /**
   * Given, it goes on through faults as every client does: told `state` it offers again what is not decided, it asks
   * again for rows that it misses, and it comes back when its connection ends.
   */
  readonly throughFaults?: {
    /** It was told `state` again. @param undecided how many messages it offers again */
    onState(device: LoadDevice, undecided: number): void;
    onDisconnected(device: LoadDevice): void;
  };
}

/** From the end of a connection until the next attempt. */
const comeBackAfterMs = 100;

export class LoadDevice {
  readonly id: DeviceId;
  readonly user: UserId;
  readonly #handlers: LoadDeviceHandlers;
  readonly #connect: () => Connection;
  #connection: Connection;
  readonly #inbox = newInbox();
  #acknowledged = 0;
  readonly #requests = new Map<number, (reply: Reply<Method>) => void>();
  #nextRequest = 1;
  #nextSeq = 1;
  #prev = 0;
  /** What is not decided, and how much of it this session was offered; null when faults end the run. */
  readonly #outbox: OutboxState | null;
  #offered = 0;
  /** Rows were missing and have been asked for. */
  #askedAgain = false;
  /** `state` has come on this connection. */
  #met = false;
  #began = false;
  #begin: () => void = () => undefined;
  #fail: (error: Error) => void;
  #closed = false;

  /** Resolves when it is logged in and the server has told its `state`. */
  static connect(
    server: string,
    identity: Identity,
    transport: Transport,
    handlers: LoadDeviceHandlers,
  ): Promise<LoadDevice> {
    return new Promise((resolve, reject) => {
      const device = new LoadDevice(server, identity, transport, handlers);
      device.#fail = reject;
      device.#begin = () => {
        device.#fail = error => handlers.onFailure(error);
        resolve(device);
      };
    });
  }

  private constructor(
    server: string,
    { user, device, privateKey }: Identity,
    transport: Transport,
    handlers: LoadDeviceHandlers,
  ) {
    if (device === null) throw new TypeError(`expected a registered device, ${user} has none`);
    this.id = device;
    this.user = user;
    this.#handlers = handlers;
    this.#outbox = handlers.throughFaults === undefined ? null : newOutbox();
    this.#fail = error => handlers.onFailure(error);
    this.#connect = () =>
      new Connection({
        server,
        device,
        roles: roles.send | roles.receive,
        transport,
        sign: bytes => nodeCrypto.sign(privateKey, bytes),
        agent: 'strowger-load',
        handlers: {
          onWelcome: () => undefined,
          onPackets: packets => this.#take(packets),
          onEnd: end => this.#ended(end),
        },
      });
    this.#connection = this.#connect();
  }

  /** @returns the message's number */
  send(to: Addressing, body: Uint8Array): number {
    if (this.#outbox !== null) {
      const { seq } = append(this.#outbox, { kind: 'send', id: '', to, body });
      prepareOffers(this.#outbox);
      this.#offer(this.#outbox);
      return seq;
    }
    const seq = this.#nextSeq++;
    this.#connection.send({ kind: 'send', seq, prev: this.#prev, rev: 0, to, body });
    this.#prev = seq;
    return seq;
  }

  request<M extends Method>(method: M, argument: Argument<M>): Promise<Reply<M>> {
    const id = this.#nextRequest++;
    return new Promise(resolve => {
      this.#requests.set(id, reply => resolve(reply));
      // The compiler does not see that the method and its argument belong together.
      this.#connection.send({ kind: 'request', id, method, argument } as RequestPacket);
    });
  }

  /** Closes once the server has answered whatever was said before: an acknowledgement is then with it. */
  async leave(): Promise<void> {
    await this.request('devices', { users: [this.user] });
    this.close();
  }

  close(): void {
    this.#closed = true;
    this.#connection.close();
  }

  #take(packets: readonly SessionPacket[]): void {
    for (const packet of packets) {
      switch (packet.kind) {
        case 'accepted':
          this.#accepted(packet.upTo);
          break;
        case 'deliver':
          this.#deliver(packet);
          break;
        case 'reply':
          this.#requests.get(packet.id)?.(packet.value);
          this.#requests.delete(packet.id);
          break;
        case 'state':
          if (this.#began) this.#goOn(packet);
          else this.#start(packet);
          break;
        default:
          this.#fail(new Error(`${this.id} was told: ${JSON.stringify(packet)}`));
          return;
      }
    }
    // One for all that the frame brought.
    if (this.#inbox.have > this.#acknowledged) this.#acknowledge();
    this.#handlers.onFrameEnd(this);
  }

  /** The first `state`: it has kept nothing, so what the server knows is what it knows. */
  #start({ seen, upTo, acked, era }: State): void {
    this.#began = this.#met = true;
    this.#nextSeq = seen + 1;
    this.#prev = upTo;
    if (this.#outbox !== null)
      Object.assign(this.#outbox, { nextSeq: seen + 1, upTo, tried: seen, era });
    this.#inbox.have = acked;
    this.#acknowledge();
    this.#begin();
  }

  #goOn(told: State): void {
    const outbox = this.#outbox;
    if (outbox === null) {
      this.#fail(new Error(`${this.id} was asked to offer its messages again`));
      return;
    }
    if (sentIsRolledBack(outbox, told) || isNewEra(outbox, told)) {
      this.#fail(new Error(`${this.id} was told by the server of another past: restored?`));
      return;
    }
    const { accepted, refused } = settle(outbox, told);
    if (refused !== null) {
      this.#fail(new Error(`${this.id}: message ${refused.seq} was refused`));
      return;
    }
    this.#met = true;
    this.#askedAgain = false;
    this.#offered = 0;
    if (accepted.length > 0) this.#handlers.onAccepted(this, told.upTo);
    this.#handlers.throughFaults?.onState(this, outbox.entries.length);
    this.#offer(outbox);
    this.#acknowledge();
  }

  #accepted(upTo: number): void {
    const outbox = this.#outbox;
    if (outbox !== null) {
      const { accepted } = settle(outbox, { upTo, seen: upTo, rev: 0, why: null });
      this.#offered = Math.max(0, this.#offered - accepted.length);
    }
    this.#handlers.onAccepted(this, upTo);
    if (outbox !== null) this.#offer(outbox);
  }

  #offer(outbox: OutboxState): void {
    if (!this.#met) return;
    const packets = offers(outbox, this.#offered, limits.unacceptedSends);
    this.#offered += packets.length;
    for (const packet of packets) this.#connection.send(packet);
  }

  #deliver(packet: Deliver): void {
    if (missesRows(this.#inbox, packet)) {
      this.#missRows(packet);
      return;
    }
    this.#askedAgain = false;
    for (const row of packet.rows) {
      const shown = takeRow(this.#inbox, row);
      if (shown?.kind === 'message') this.#handlers.onMessage(this, shown);
    }
  }

  #missRows({ after }: Deliver): void {
    if (this.#outbox === null) this.#fail(new Error(`${this.id} misses rows before ${after}`));
    else if (!this.#askedAgain) {
      this.#askedAgain = true;
      this.#connection.send({ kind: 'ack', upTo: this.#inbox.have, again: true });
    }
  }

  #acknowledge(): void {
    this.#acknowledged = this.#inbox.have;
    this.#connection.send({ kind: 'ack', upTo: this.#acknowledged, again: false });
  }

  #ended({ code, message }: ConnectionEnd): void {
    if (this.#closed) return;
    if (this.#outbox === null || !this.#began) {
      this.#fail(new Error(`${this.id} lost its connection: ${code}: ${message}`));
      return;
    }
    if (this.#met) this.#handlers.throughFaults?.onDisconnected(this);
    this.#met = false;
    setTimeout(() => {
      if (!this.#closed) this.#connection = this.#connect();
    }, comeBackAfterMs);
  }
}
