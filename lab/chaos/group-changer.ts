/**
 * Somebody who keeps changing groups, because a group has a process only while it is changed. It is a whole client: a
 * request that a kill leaves without an answer is asked again.
 */
import { openClient, type Client } from '../../client/client.ts';
import { memoryStore } from '../../client/memory-store.ts';
import { wsTransport } from '../../client/transport-ws.ts';
import { nodeCrypto } from '../../protocol/crypto/node.ts';
import type { Identity } from '../../protocol/device/identity.ts';
import { groupId, type GroupId, type UserId } from '../../protocol/ids.ts';

const GROUPS = 4;

export class GroupChanger {
  readonly #client: Client;
  readonly #member: UserId;
  readonly #groups: GroupId[] = [];

  /** @param until when it is aborted before this resolves, nothing comes of it */
  static async start(own: Identity, member: UserId, until?: AbortSignal): Promise<GroupChanger> {
    const client = await openClient({
      store: memoryStore(own),
      transport: wsTransport(),
      crypto: nodeCrypto,
      agent: 'strowger-chaos',
      backoff: { firstMs: 20, longestMs: 200 },
    });
    const leave = (): void => void client.close();
    until?.addEventListener('abort', leave, { once: true });
    await client.connect({ keepTrying: true });
    const changer = new GroupChanger(client, member);
    for (let made = 0; made < GROUPS; made++) await changer.#make();
    until?.removeEventListener('abort', leave);
    return changer;
  }

  private constructor(client: Client, member: UserId) {
    this.#client = client;
    this.#member = member;
  }

  /** Changes one of the groups to what it is; resolves when that is done. */
  async change(pick: number): Promise<void> {
    const group = this.#groups[Math.floor(pick * this.#groups.length)];
    if (group === undefined) return;
    await this.#client.request('group_add', { group, users: [this.#member] });
  }

  async close(): Promise<void> {
    await this.#client.close();
  }

  async #make(): Promise<void> {
    const group = groupId(nodeCrypto.randomBytes(16));
    await this.#client.request('group_create', {
      group,
      name: 'chaos',
      members: [this.#member],
    });
    this.#groups.push(group);
  }
}
