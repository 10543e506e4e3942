import type { Test } from 'tap';
import type { PeerState } from '../../protocol/delivery/inbox.ts';
import type { OutboxEntry } from '../../protocol/delivery/outbox.ts';
import type { Identity } from '../../protocol/device/identity.ts';
import type { DeviceStore, InboxStore, OutboxStore } from '../../protocol/device/store.ts';
import { deviceId, groupId, type DeviceId, type UserId } from '../../protocol/ids.ts';
import type { Row } from '../../protocol/rows.ts';

export const someIdentity: Identity = {
  server: 'http://127.0.0.1:8080',
  user: 'alice' as UserId,
  device: null,
  publicKey: new Uint8Array(32).fill(1),
  privateKey: new Uint8Array(32).fill(2),
  retired: false,
};

const bob = 'bob' as UserId;
const bobsDevice: DeviceId = deviceId(bob, 1);
const group = groupId(new Uint8Array(16));

export const someEntry = (
  seq: number,
  more: Partial<OutboxEntry> = {},
  bytes = 3,
): OutboxEntry => ({
  seq,
  rev: 0,
  again: false,
  item: {
    kind: 'send',
    id: `id-${seq}`,
    to: { kind: 'direct', users: [[bob, 3]], own: 1 },
    body: new Uint8Array(bytes).fill(seq),
  },
  ...more,
});

const readMark = (seq: number, upTo: number): OutboxEntry => ({
  seq,
  rev: 0,
  again: false,
  item: { kind: 'read', sender: bobsDevice, conversation: null, upTo },
});

export const someMessage = (n: number, seq = n): Row => ({
  kind: 'message',
  n,
  from: bobsDevice,
  seq,
  conversation: group,
  acceptedAt: 5,
  body: new Uint8Array([n]),
});

export interface StoreUnderTest {
  /** A new device's store with `someIdentity`, keeping three accepted messages and 100 bytes of them. */
  readonly fresh: () => DeviceStore | Promise<DeviceStore>;
  /** The store as a program finds it that is started after the one that had `store`. */
  readonly again: (store: DeviceStore) => DeviceStore | Promise<DeviceStore>;
}

/** What protocol/device/store.ts promises, for every implementation. */
export async function clientStoreContract(
  t: Test,
  { fresh, again }: StoreUnderTest,
): Promise<void> {
  const reopenOutbox = async (store: DeviceStore, outbox: OutboxStore): Promise<OutboxStore> => {
    await outbox.close();
    return (await again(store)).openOutbox();
  };
  const reopenInbox = async (store: DeviceStore, inbox: InboxStore): Promise<InboxStore> => {
    await inbox.close();
    return (await again(store)).openInbox();
  };

  await t.test('the identity is kept and replaced as a whole', async t => {
    const store = await fresh();
    t.same(await store.identity(), someIdentity);
    const changed = { ...someIdentity, device: deviceId(someIdentity.user, 2), retired: true };
    await store.saveIdentity(changed);
    t.same(await (await again(store)).identity(), changed);
  });

  await t.test('a new outbox is empty', async t => {
    const outbox = await (await fresh()).openOutbox();
    const { state, versions } = await outbox.load();
    t.same(state, { nextSeq: 1, upTo: 0, era: null, tried: 0, entries: [] });
    t.equal(versions.size, 0);
    await outbox.close();
  });

  await t.test('outbox entries, watermarks and versions come back as they were', async t => {
    const store = await fresh();
    const first = await store.openOutbox();
    const groupEntry = someEntry(2, {
      item: {
        kind: 'send',
        id: 'g',
        to: { kind: 'group', group, version: 4 },
        body: new Uint8Array(),
      },
    });
    await first.commit([
      { kind: 'put', entry: someEntry(1) },
      { kind: 'put', entry: groupEntry },
      { kind: 'put', entry: readMark(3, 7) },
      { kind: 'watermarks', nextSeq: 4, upTo: 0, era: 12, tried: 2 },
      { kind: 'version', id: bob, version: 3 },
      { kind: 'version', id: group, version: 4 },
    ]);
    await first.commit([
      { kind: 'put', entry: someEntry(1, { rev: 1 }) },
      { kind: 'version', id: bob, version: 5 },
    ]);
    const second = await reopenOutbox(store, first);
    const { state, versions } = await second.load();
    t.same(state, {
      nextSeq: 4,
      upTo: 0,
      era: 12,
      tried: 2,
      entries: [someEntry(1, { rev: 1 }), groupEntry, readMark(3, 7)],
    });
    t.same([...versions].sort(), [
      [bob, 5],
      [group, 4],
    ]);
    await second.close();
  });

  await t.test('accepted messages are remembered, read marks and dropped ones are not', async t => {
    const store = await fresh();
    const first = await store.openOutbox();
    const entries = [someEntry(1), readMark(2, 7), someEntry(3), someEntry(4)];
    await first.commit(entries.map(entry => ({ kind: 'put', entry })));
    await first.commit([
      { kind: 'accepted', entry: entries[0]! },
      { kind: 'accepted', entry: entries[1]! },
      { kind: 'dropped', seq: 3 },
      { kind: 'accepted', entry: entries[3]! },
      { kind: 'watermarks', nextSeq: 5, upTo: 4, era: 1, tried: 4 },
    ]);
    const second = await reopenOutbox(store, first);
    t.same((await second.load()).state.entries, []);
    t.same(await second.sentAfter(0), [entries[0], entries[3]]);
    t.same(await second.sentAfter(1), [entries[3]]);
    await second.close();
  });

  await t.test(
    'what is offered again is in the outbox, and no longer among the accepted',
    async t => {
      const store = await fresh();
      const outbox = await store.openOutbox();
      await outbox.commit([1, 2].map(seq => ({ kind: 'put', entry: someEntry(seq) })));
      await outbox.commit([1, 2].map(seq => ({ kind: 'accepted', entry: someEntry(seq) })));
      await outbox.commit([{ kind: 'put', entry: someEntry(2, { again: true }) }]);
      t.same(await outbox.sentAfter(0), [someEntry(1)]);
      t.same((await outbox.load()).state.entries, [someEntry(2, { again: true })]);
      await outbox.close();
    },
  );

  await t.test(
    'accepted messages are forgotten by number and by bytes, the oldest first',
    async t => {
      const outbox = await (await fresh()).openOutbox();
      const accept = (seq: number, bytes: number): Promise<void> | void =>
        outbox.commit([{ kind: 'accepted', entry: someEntry(seq, {}, bytes) }]);
      const kept = async (): Promise<number[]> => (await outbox.sentAfter(0)).map(({ seq }) => seq);
      for (const seq of [1, 2, 3, 4]) await accept(seq, 3);
      t.same(await kept(), [2, 3, 4]);
      await accept(5, 95);
      t.same(await kept(), [4, 5]);
      await accept(6, 101);
      t.same(await kept(), []);
      await accept(7, 3);
      t.same(await kept(), [7], 'what was forgotten no longer counts');
      await outbox.close();
    },
  );

  await t.test('a new inbox is empty', async t => {
    const inbox = await (await fresh()).openInbox();
    const { state, waiting } = await inbox.load();
    t.match(state, { have: 0, era: null });
    t.equal(state.from.size + state.peers.size + waiting.length, 0);
    await inbox.close();
  });

  await t.test(
    'rows wait in order until they are confirmed, with all that is known of senders',
    async t => {
      const store = await fresh();
      const first = await store.openInbox();
      const rows: Row[] = [
        someMessage(1),
        {
          kind: 'receipt',
          n: 2,
          peer: bobsDevice,
          delivered: 4,
          read: [
            [null, 2],
            [group, 3],
          ],
        },
        { kind: 'undelivered', n: 3, peer: bobsDevice, after: 4, upTo: 6 },
        { kind: 'group', n: 4, group, version: 2, event: 'added', by: bob, users: [bob], at: 9 },
      ];
      const peer: PeerState = {
        delivered: 4,
        read: new Map([
          [null, 2],
          [group, 3],
        ]),
      };
      await first.commit([
        ...rows.map((row, i) => ({ kind: 'add', waiting: { place: i + 1, row } }) as const),
        { kind: 'from', device: bobsDevice, seq: 1 },
        { kind: 'peer', device: bobsDevice, peer },
        { kind: 'watermarks', have: 4, era: 8 },
      ]);
      await first.commit([
        { kind: 'done', place: 2 },
        { kind: 'from', device: bobsDevice, seq: 9 },
      ]);
      const second = await reopenInbox(store, first);
      const { state, waiting } = await second.load();
      t.match(state, { have: 4, era: 8 });
      t.same([...state.from], [[bobsDevice, 9]]);
      t.same([...state.peers], [[bobsDevice, peer]]);
      t.same(
        waiting,
        [1, 3, 4].map(place => ({ place, row: rows[place - 1] })),
      );
      await second.close();
    },
  );

  await t.test(
    'what is loaded is the loader’s: changing it changes nothing that is stored',
    async t => {
      const store = await fresh();
      const [outbox, inbox] = [await store.openOutbox(), await store.openInbox()];
      await outbox.commit([{ kind: 'put', entry: someEntry(1) }]);
      const { state, versions } = await outbox.load();
      state.entries.length = 0;
      versions.set(bob, 9);
      (await inbox.load()).state.from.set(bobsDevice, 9);
      t.equal((await outbox.load()).state.entries.length, 1);
      t.equal((await outbox.load()).versions.size, 0);
      t.equal((await inbox.load()).state.from.size, 0);
      await Promise.all([outbox.close(), inbox.close()]);
    },
  );

  await t.test('each role has one holder, and the roles do not meet', async t => {
    const store = await fresh();
    const outbox = await store.openOutbox();
    const other = await again(store);
    await t.rejects(async () => other.openOutbox(), { code: 'role_taken' });
    const inbox = await other.openInbox();
    await t.rejects(async () => store.openInbox(), { code: 'role_taken' });
    await outbox.close();
    const next = await other.openOutbox();
    await Promise.all([next.close(), inbox.close()]);
  });
}
