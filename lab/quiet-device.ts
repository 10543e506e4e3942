/**
 * A device that logs in and stays, saying nothing: what most connections do most of the time. It stores nothing and
 * says nothing of what arrives; it remembers its ticket, so that it can come back without a signature.
 */
import { Connection, type ConnectionEnd, type Ticket } from '../client/connection.ts';
import type { Transport } from '../client/transport.ts';
import { nodeCrypto } from '../protocol/crypto/node.ts';
import type { Identity } from '../protocol/device/identity.ts';
import type { DeviceId } from '../protocol/ids.ts';
import { roles } from '../protocol/packets.ts';

export interface QuietDeviceHandlers {
  /** Logged in, and the server has told its `state`: it is served. */
  onServed(device: QuietDevice): void;
  /** Exactly once for each connection. */
  onEnd(device: QuietDevice, end: ConnectionEnd): void;
}

export class QuietDevice {
  readonly id: DeviceId;
  readonly #identity: Identity;
  readonly #transport: Transport;
  readonly #handlers: QuietDeviceHandlers;
  #connection: Connection | null = null;
  #ticket: Ticket | null = null;

  constructor(identity: Identity, transport: Transport, handlers: QuietDeviceHandlers) {
    if (identity.device === null)
      throw new TypeError(`expected a registered device, ${identity.user} has none`);
    this.id = identity.device;
    this.#identity = identity;
    this.#transport = transport;
    this.#handlers = handlers;
  }

  /** Connects and logs in, with the ticket if it has one and may use it. */
  connect({ withTicket = true } = {}): void {
    const { server, privateKey } = this.#identity;
    this.#connection = new Connection({
      server,
      device: this.id,
      roles: roles.send | roles.receive,
      transport: this.#transport,
      sign: bytes => nodeCrypto.sign(privateKey, bytes),
      ticket: withTicket ? this.#ticket : null,
      agent: 'strowger-quiet',
      handlers: {
        onWelcome: ({ ticket, ticketExpiresAt }) =>
          (this.#ticket = { ticket, expiresAt: ticketExpiresAt }),
        onPackets: packets => {
          if (packets.some(({ kind }) => kind === 'state')) this.#handlers.onServed(this);
        },
        onEnd: end => {
          this.#connection = null;
          this.#handlers.onEnd(this, end);
        },
      },
    });
  }

  /** Without effect when it is not connected. */
  close(): void {
    this.#connection?.close();
  }
}
