/** A full disk is no decision: nothing of the batch is done, what gives space back goes on. */
import t from 'tap';
import type { Command } from '../../../storage/shard/contract.ts';
import { ack, begin, bulk, dev, send, type ShardContract, type Subject } from './fixture.ts';

const ann = dev('ann');
const bob = dev('bob');
const cid = dev('cid');

/** Sends until there is no room for even the smallest message, and says how many were taken. */
async function fill(shard: Subject): Promise<number> {
  let taken = 0;
  for (const bytes of [20_000, 2_000, 200, 1]) {
    while (await fits(shard, send(ann, taken + 1, [bob], { body: bulk(bytes) }))) taken++;
  }
  return taken;
}

async function fits(shard: Subject, command: Command<'decide'>): Promise<boolean> {
  try {
    await shard.one(command);
    return true;
  } catch (error) {
    if ((error as { code?: unknown }).code === 'disk_full') return false;
    throw error;
  }
}

export function fullDiskContract(contract: ShardContract): void {
  const name = (text: string) => `${contract.name}: ${text}`;
  const small = { maxPages: 200 };
  const full = { code: 'disk_full' };

  void t.test(name('on a full disk nothing of a batch is taken'), async t => {
    const shard = begin(t, contract, small);
    const taken = await fill(shard);
    t.ok(taken > 5, `${taken} messages fit`);
    t.equal(shard.store.full, true);
    const next = send(ann, taken + 1, [bob, cid], { body: bulk(20_000) });
    await t.rejects(shard.commit(send(cid, 1, [bob]), next, ack(bob, 1)), full);
    t.equal((await shard.state(ann)).upTo, taken, 'reading goes on');
    t.equal((await shard.state(cid)).upTo, 0);
    t.equal((await shard.state(bob)).acked, 0);
    t.equal((await shard.rows(bob)).length, taken);
    shard.reopen();
    t.equal((await shard.state(ann)).upTo, taken);
  });

  if (!contract.durable) return;

  void t.test(name('what gives space back goes through, and then there is room'), async t => {
    const shard = begin(t, contract, small);
    const taken = await fill(shard);
    t.same(await shard.one(ack(bob, 2)), { acked: 2 });
    t.match(await shard.rows(ann), [{ kind: 'receipt', peer: bob, delivered: 2 }]);
    const expire: Command = { kind: 'expire', after: '', before: 1e9, devices: 10 };
    t.match((await shard.commit(ack(bob, 3), expire)).outcomes, [
      { acked: 3 },
      { expired: taken - 3 },
    ]);
    t.match((await shard.rows(ann)).at(-1), { kind: 'undelivered', after: 3, upTo: taken });
    t.same(await shard.one(send(ann, taken + 1, [bob])), { kind: 'accepted', upTo: taken + 1 });
    t.equal(shard.store.full, false);
    shard.reopen();
    t.match(await shard.rows(bob), [{ n: taken + 1, seq: taken + 1 }]);
  });

  void t.test(name('acknowledging a little at a time brings the room back'), async t => {
    const shard = begin(t, contract, small);
    const taken = await fill(shard);
    for (let n = 1; n <= taken; n++) await shard.one(ack(bob, n));
    t.equal((await shard.one(send(ann, taken + 1, [bob, cid]))).kind, 'accepted');
    t.equal(shard.store.full, false);
  });
}
