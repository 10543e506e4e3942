/** A batch is one transaction: all of it or nothing, caches included. */
import t from 'tap';
import type { DeviceId } from '../../../protocol/ids.ts';
import type { Refusal } from '../../../protocol/refusal.ts';
import {
  ack,
  begin,
  bodyOf,
  decoded,
  dev,
  failure,
  read,
  refuse,
  send,
  userIn,
  type ShardContract,
} from './fixture.ts';

const ann = dev('ann');
const bob = dev('bob');
const cid = dev('cid');

export function atomicityContract(contract: ShardContract): void {
  const name = (text: string) => `${contract.name}: ${text}`;

  void t.test(name('a batch that throws leaves nothing'), async t => {
    const shard = begin(t, contract, { shards: 2, shard: 0 });
    const [ann, bob, cid] = [0, 1, 2].map(n => dev(userIn(0, 2, n))) as [
      DeviceId,
      DeviceId,
      DeviceId,
    ];
    const far = dev(userIn(1, 2));
    const user = userIn(0, 2, 3);
    await shard.commit(send(ann, 1, [bob, cid]), send(bob, 1, [ann]));
    const seen = async () => [
      await Promise.all([ann, bob, cid].map(device => shard.state(device))),
      await Promise.all([ann, bob, cid].map(device => shard.rows(device))),
      await shard.one({ kind: 'read_link', target: 1, after: null, bytes: 1e6 }),
      await shard.one({ kind: 'account', user }),
      await shard.one({ kind: 'use_invite', code: 'gone', user, at: 1 }),
    ];
    const before = await seen();
    await t.rejects(
      shard.commit(
        send(ann, 2, [bob, cid, far]),
        refuse(bob, 2, { code: 'unknown_user', user } satisfies Refusal),
        ack(bob, 1),
        ack(cid, 2),
        read(cid, 1, { sender: ann, upTo: 1 }),
        { kind: 'register', user, key: new Uint8Array(32), at: 1 },
        { kind: 'make_invite', code: 'gone', uses: 1, expiresAt: 1e9 },
        failure,
      ),
      RangeError,
    );
    t.same(await seen(), before);
    shard.reopen();
    t.same(await seen(), before);
    // And what comes next is decided as if it had never been.
    const { outcomes, appended } = await shard.commit(
      send(ann, 2, [bob, cid, far]),
      read(cid, 1, { sender: ann, upTo: 9 }),
      ack(bob, 1),
    );
    t.match(outcomes, [{ kind: 'accepted', upTo: 2 }, { kind: 'accepted' }, { acked: 1 }]);
    t.match(decoded(appended.get(bob)), [{ n: 2, seq: 2 }]);
    t.match(decoded(appended.get(ann)), [
      { n: 2, peer: cid, delivered: 0, read: [[null, 2]] },
      { n: 3, peer: bob, delivered: 1 },
    ]);
  });

  void t.test(name('a shared body is there after a batch that threw'), async t => {
    const shard = begin(t, contract);
    await shard.one(send(ann, 1, [bob, cid]));
    await t.rejects(shard.commit(ack(bob, 1), ack(cid, 1), failure), RangeError);
    await t.rejects(shard.commit(send(ann, 2, [bob, cid]), failure), RangeError);
    await shard.one(send(ann, 2, [bob, cid]));
    await shard.one(ack(bob, 1));
    t.match(await shard.rows(bob), [{ body: bodyOf(2) }]);
    t.match(await shard.rows(cid), [{ body: bodyOf(1) }, { body: bodyOf(2) }]);
  });

  void t.test(name('batches are carried out in the order in which they are given'), async t => {
    const shard = begin(t, contract);
    const batches = Array.from({ length: 20 }, (_, i) =>
      shard.commit(send(ann, i + 1, [bob]), ack(bob, i)),
    );
    const committed = await Promise.all(batches);
    t.same(
      committed.map(({ outcomes }) => outcomes),
      committed.map((_, i) => [{ kind: 'accepted', upTo: i + 1 }, { acked: i }]),
    );
    t.match(await shard.rows(bob), [{ n: 20, seq: 20 }]);
  });

  void t.test(name('an empty batch is a batch'), async t => {
    const shard = begin(t, contract);
    const { outcomes, appended, links } = await shard.commit();
    t.same([outcomes, appended.size, links.size], [[], 0, 0]);
  });

  void t.test(name('the era stays while the store is the same'), async t => {
    const shard = begin(t, contract);
    const { era } = shard.store;
    t.ok(Number.isSafeInteger(era) && era > 0);
    shard.reopen();
    t.equal(shard.store.era, era);
    t.equal((await shard.state(ann)).era, era);
    t.same([shard.store.shard, shard.store.shards], [0, 1]);
  });
}
