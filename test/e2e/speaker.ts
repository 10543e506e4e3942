/** One connection that says exactly what a test tells it to, right or wrong, and keeps what it hears. */
import type { TransportEnd, TransportSocket } from '../../client/transport.ts';
import { rawTransport } from '../../lab/raw-transport.ts';
import { decodeServerFrame, encodeFrame } from '../../protocol/codec/frame.ts';
import { nodeCrypto } from '../../protocol/crypto/node.ts';
import type { Identity } from '../../protocol/device/identity.ts';
import {
  devicePath,
  subprotocol,
  type ClientPacket,
  type Login,
  type ServerPacket,
} from '../../protocol/packets.ts';
import { loginBytes } from '../../protocol/signing.ts';

type Kind = ServerPacket['kind'];
type PacketOf<K extends Kind> = Extract<ServerPacket, { kind: K }>;

export class Speaker {
  readonly heard: ServerPacket[] = [];
  /** How the socket ended. */
  readonly ended: Promise<TransportEnd>;
  readonly #identity: Identity;
  readonly #socket: TransportSocket;
  readonly #lookers = new Set<() => void>();

  constructor(identity: Identity) {
    this.#identity = identity;
    let onEnd: (end: TransportEnd) => void = () => undefined;
    this.ended = new Promise(resolve => (onEnd = resolve));
    this.#socket = rawTransport().connect(
      `${identity.server.replace('http', 'ws')}${devicePath(identity.device!)}`,
      subprotocol,
      {
        onOpen: () => undefined,
        onMessage: data => {
          for (const packet of decodeServerFrame(data))
            if (packet.kind !== 'bad') this.heard.push(packet);
          for (const look of [...this.#lookers]) look();
        },
        onClose: onEnd,
      },
    );
  }

  /** Logs in with both roles and waits for `state`. @param change what is wrong with the login */
  async logIn(change: Partial<Login> = {}): Promise<this> {
    await this.offerLogin(change);
    await this.hear('state');
    return this;
  }

  async offerLogin(change: Partial<Login> = {}): Promise<void> {
    const { nonce } = await this.hear('challenge');
    const { device, privateKey } = this.#identity;
    const signature = nodeCrypto.sign(privateKey, loginBytes(device!, 3, nonce));
    const proof = { kind: 'signature', signature } as const;
    this.say({ kind: 'login', version: 1, roles: 3, proof, agent: 'test/1', ...change });
  }

  /** All in one frame. */
  say(...packets: readonly ClientPacket[]): void {
    this.bytes(encodeFrame(packets));
  }

  bytes(frame: Uint8Array): void {
    this.#socket.send(frame);
  }

  /** The first packet of a kind that was heard, or will be. */
  hear<K extends Kind>(
    kind: K,
    which: (packet: PacketOf<K>) => boolean = () => true,
  ): Promise<PacketOf<K>> {
    const find = (): PacketOf<K> | undefined =>
      this.heard.find(
        (packet): packet is PacketOf<K> => packet.kind === kind && which(packet as PacketOf<K>),
      );
    return new Promise(resolve => {
      const look = (): void => {
        const found = find();
        if (found === undefined) return;
        this.#lookers.delete(look);
        resolve(found);
      };
      this.#lookers.add(look);
      look();
    });
  }

  /** Resolves when the server has dealt with everything said before. */
  async dealtWith(token = Math.floor(Math.random() * 2 ** 31)): Promise<void> {
    this.say({ kind: 'ping', token });
    await this.hear('pong', packet => packet.token === token);
  }

  close(): void {
    this.#socket.close();
  }
}
