/**
 * A device as lean as one can be: one connection, nothing stored, never reconnecting. It stands on the client's
 * connection; of the delivery rules it needs those of a run in which nothing fails, and what fails ends the run.
 */
import { Connection, type ConnectionEnd, type SessionPacket } from '../client/connection.ts';
import type { Identity } from '../protocol/device/identity.ts';
import type { Transport } from '../client/transport.ts';
import { nodeCrypto } from '../protocol/crypto/node.ts';
import { missesRows, newInbox, takeRow } from '../protocol/delivery/inbox.ts';
import type { DeviceId, UserId } from '../protocol/ids.ts';
import { roles, type Addressing, type Deliver, type RequestPacket } from '../protocol/packets.ts';
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
}

export class LoadDevice {
  readonly id: DeviceId;
  readonly user: UserId;
  readonly #connection: Connection;
  readonly #handlers: LoadDeviceHandlers;
  readonly #inbox = newInbox();
  #acknowledged = 0;
  readonly #requests = new Map<number, (reply: Reply<Method>) => void>();
  #nextRequest = 1;
  #nextSeq = 1;
  #prev = 0;
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
    this.#fail = error => handlers.onFailure(error);
    this.#connection = new Connection({
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
  }

  /** @returns the message's number */
  send(to: Addressing, body: Uint8Array): number {
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
          this.#handlers.onAccepted(this, packet.upTo);
          break;
        case 'deliver':
          this.#deliver(packet);
          break;
        case 'reply':
          this.#requests.get(packet.id)?.(packet.value);
          this.#requests.delete(packet.id);
          break;
        case 'state':
          // It keeps nothing, so what the server knows is what it knows.
          if (this.#began) {
            this.#fail(new Error(`${this.id} was asked to offer its messages again`));
            return;
          }
          this.#began = true;
          this.#nextSeq = packet.seen + 1;
          this.#prev = packet.upTo;
          this.#inbox.have = packet.acked;
          this.#acknowledge();
          this.#begin();
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

  #deliver(packet: Deliver): void {
    if (missesRows(this.#inbox, packet)) {
      this.#fail(new Error(`${this.id} misses rows before ${packet.after}`));
      return;
    }
    for (const row of packet.rows) {
      const shown = takeRow(this.#inbox, row);
      if (shown?.kind === 'message') this.#handlers.onMessage(this, shown);
    }
  }

  #acknowledge(): void {
    this.#acknowledged = this.#inbox.have;
    this.#connection.send({ kind: 'ack', upTo: this.#acknowledged, again: false });
  }

  #ended({ code, message }: ConnectionEnd): void {
    if (!this.#closed) this.#fail(new Error(`${this.id} lost its connection: ${code}: ${message}`));
  }
}
