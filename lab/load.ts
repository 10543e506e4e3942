/** The load generator: many logged-in devices in one process that send to each other; see load-loop.ts. */
import type { Identity } from '../protocol/device/identity.ts';
import type { Transport } from '../client/transport.ts';
import { groupId, type DeviceId } from '../protocol/ids.ts';
import { limits } from '../protocol/limits.ts';
import type { Addressing } from '../protocol/packets.ts';
import type { MessageRow } from '../protocol/rows.ts';
import { nodeCrypto } from '../protocol/crypto/node.ts';
import { LoadDevice } from './load-device.ts';
import { LoadLoop, type LoadResult, type RunOptions } from './load-loop.ts';
import { rawTransport } from './raw-transport.ts';
import type { Witness } from './witness.ts';

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
  /** Hears of everything; devices then go on through faults. */
  readonly witness?: Witness;
  /** When it is aborted before everybody is there, those who are leave; the rest fails with its server. */
  readonly until?: AbortSignal;
}

/** Logins under way at once. */
const loginsAtOnce = 100;

export class Load {
  readonly #options: LoadOptions;
  readonly #devices: LoadDevice[] = [];
  readonly #loop: LoadLoop<DeviceId>;
  readonly #body: Uint8Array;

  /** Logs everybody in and makes the groups. */
  static async connect(options: LoadOptions): Promise<Load> {
    const load = new Load(options);
    const leave = (): void => load.close();
    options.until?.addEventListener('abort', leave, { once: true });
    await load.#logIn();
    await load.#address();
    options.until?.removeEventListener('abort', leave);
    return load;
  }

  private constructor(options: LoadOptions) {
    if (options.window > limits.unacceptedSends)
      throw new RangeError(
        `a window holds at most ${limits.unacceptedSends} sends, got ${options.window}`,
      );
    this.#options = options;
    this.#body = nodeCrypto.randomBytes(options.bodyBytes);
    this.#loop = new LoadLoop(options.window);
  }

  /** How many there are. */
  get devices(): number {
    return this.#devices.length;
  }

  /** @throws (rejects) Error when a connection ends, a message is refused, or one does not arrive */
  run(options: RunOptions): Promise<LoadResult> {
    return this.#loop.run(options);
  }

  close(): void {
    for (const device of this.#devices) device.close();
  }

  async #logIn(): Promise<void> {
    const { server, identities, transport = rawTransport(), witness } = this.#options;
    const loop = this.#loop;
    const handlers = {
      onAccepted: ({ id }: LoadDevice, upTo: number) => {
        witness?.accepted(id, upTo);
        loop.accepted(id, upTo);
      },
      onMessage: ({ id }: LoadDevice, row: MessageRow) => {
        if (witness?.arrived(id, row) !== false) loop.arrived(row.from, row.seq);
      },
      onFrameEnd: () => loop.turnEnd(),
      onFailure: (error: Error) => loop.fail(error),
      ...(witness === undefined
        ? {}
        : {
            throughFaults: {
              onState: ({ id }: LoadDevice, undecided: number) => witness.toldState(id, undecided),
              onDisconnected: ({ id }: LoadDevice) => witness.disconnected(id),
            },
          }),
    };
    let next = 0;
    const work = async (): Promise<void> => {
      for (let index = next++; index < identities.length; index = next++) {
        const identity = identities[index];
        if (identity === undefined) return;
        this.#devices[index] = await LoadDevice.connect(server, identity, transport, handlers);
      }
    };
    await Promise.all(Array.from({ length: loginsAtOnce }, work));
  }

  async #address(): Promise<void> {
    const { shape } = this.#options;
    const size = shape.kind === 'pairs' ? 2 : shape.members;
    if (this.#devices.length % size !== 0)
      throw new RangeError(
        `expected a multiple of ${size} connections, got ${this.#devices.length}`,
      );
    const parties: LoadDevice[][] = [];
    for (let at = 0; at < this.#devices.length; at += size)
      parties.push(this.#devices.slice(at, at + size));
    await Promise.all(
      parties.map(party =>
        shape.kind === 'pairs'
          ? this.#addressPair(party)
          : this.#addressGroup(party, shape.speakers ?? shape.members),
      ),
    );
  }

  async #addressPair(pair: readonly LoadDevice[]): Promise<void> {
    const [one, other] = pair;
    if (one === undefined || other === undefined) return;
    const users = [one.user, other.user];
    const reply = await one.request('devices', { users });
    const version = new Map(reply.users.map(list => [list.user, list.version]));
    const [first = 0, second = 0] = users.map(user => version.get(user) ?? 0);
    this.#addSender(one, { kind: 'direct', users: [[other.user, second]], own: first }, [other.id]);
    this.#addSender(other, { kind: 'direct', users: [[one.user, first]], own: second }, [one.id]);
  }

  async #addressGroup(members: readonly LoadDevice[], speakers: number): Promise<void> {
    const info = await members[0]?.request('group_create', {
      group: groupId(nodeCrypto.randomBytes(16)),
      name: 'load',
      members: members.map(({ user }) => user),
    });
    if (info === undefined) return;
    for (const member of members.slice(0, speakers))
      this.#addSender(
        member,
        { kind: 'group', group: info.group, version: info.version },
        members.map(({ id }) => id).filter(id => id !== member.id),
      );
  }

  #addSender(device: LoadDevice, to: Addressing, receivers: readonly DeviceId[]): void {
    const { witness, bodyBytes } = this.#options;
    const send =
      witness === undefined
        ? () => device.send(to, this.#body)
        : () =>
            witness.sends(device.id, receivers, bodyBytes, (body: Uint8Array) =>
              device.send(to, body),
            );
    this.#loop.addSender(device.id, { send, receivers: receivers.length, accepted: true });
  }
}
