import { openClient, type Client } from '../../client/client.ts';
import type { ClientOptions } from '../../client/options.ts';
import type { ClientEvent, MessageEvent } from '../../client/events.ts';
import type { Identity } from '../../protocol/device/identity.ts';
import { memoryStore } from '../../client/memory-store.ts';
import type { DeviceStore } from '../../protocol/device/store.ts';
import { nodeCrypto } from '../../protocol/crypto/node.ts';
import { deviceId, type UserId } from '../../protocol/ids.ts';
import type { FakeServer } from './fake-server.ts';
import { ManualClock } from './manual-clock.ts';

/** A device known to the fake server, with its store. */
export interface Party {
  readonly identity: Identity;
  readonly store: DeviceStore;
  readonly clock: ManualClock;
  /** A client on the party's store. */
  open(options?: Partial<ClientOptions>): Promise<Client>;
}

export async function party(server: FakeServer, user: string, number = 1): Promise<Party> {
  const device = deviceId(user as UserId, number);
  const { publicKey, privateKey } = await nodeCrypto.generateKeyPair();
  server.add(device, publicKey);
  const identity: Identity = {
    server: 'http://fake',
    user: user as UserId,
    device,
    publicKey,
    privateKey,
    retired: false,
  };
  const store = memoryStore(identity);
  const clock = new ManualClock();
  const open = (options: Partial<ClientOptions> = {}): Promise<Client> =>
    openClient({
      store,
      transport: server.transport,
      crypto: nodeCrypto,
      clock,
      backoff: { random: () => 0.5 },
      ...options,
    });
  return { identity, store, clock, open };
}

/** Reads a client's events in the background. */
export class Reader {
  readonly events: ClientEvent[] = [];
  readonly ended: Promise<void>;

  constructor(client: Client) {
    this.ended = this.#read(client);
  }

  async #read(client: Client): Promise<void> {
    for await (const event of client.events()) this.events.push(event);
  }

  get texts(): (string | null)[] {
    return this.messages.map(({ text }) => text);
  }

  get messages(): MessageEvent[] {
    return this.events.filter(
      (event): event is MessageEvent & ClientEvent => event.kind === 'message',
    );
  }

  kinds<K extends ClientEvent['kind']>(kind: K): Extract<ClientEvent, { kind: K }>[] {
    return this.events.filter(
      (event): event is Extract<ClientEvent, { kind: K }> => event.kind === kind,
    );
  }
}
