/** Deciding sends: the rules of protocol/delivery/sender.ts as a store keeps them. */
import t from 'tap';
import type { Refusal } from '../../../protocol/refusal.ts';
import { begin, bodyOf, dev, refuse, send, type ShardContract } from './fixture.ts';

const ann = dev('ann');
const bob = dev('bob');
const unknown = { code: 'unknown_user', user: 'nobody' } as Refusal;
const blocked = { code: 'blocked', user: 'bob' } as Refusal;

export function decidingContract(contract: ShardContract): void {
  const name = (text: string) => `${contract.name}: ${text}`;

  void t.test(name('a new device has nothing'), async t => {
    const shard = begin(t, contract);
    const { era } = shard.store;
    t.same(await shard.state(ann), { upTo: 0, seen: 0, rev: 0, why: null, acked: 0, era });
    t.same(await shard.rows(ann), []);
  });

  void t.test(name('a send is accepted once and answered as often as it is offered'), async t => {
    const shard = begin(t, contract);
    t.same(await shard.one(send(ann, 1, [bob])), { kind: 'accepted', upTo: 1 });
    t.same(await shard.one(send(ann, 1, [bob])), { kind: 'accepted', upTo: 1 });
    t.same(await shard.one(send(ann, 2, [bob])), { kind: 'accepted', upTo: 2 });
    t.same(await shard.one(send(ann, 1, [bob])), { kind: 'accepted', upTo: 2 });
    shard.reopen();
    t.same(await shard.one(send(ann, 2, [bob])), { kind: 'accepted', upTo: 2 });
    const message = { kind: 'message', from: ann, conversation: null, acceptedAt: 1_000 };
    t.same(await shard.rows(bob), [
      { ...message, n: 1, seq: 1, body: bodyOf(1) },
      { ...message, n: 2, seq: 2, body: bodyOf(2) },
    ]);
  });

  void t.test(name('a refusal is durable, with its reason'), async t => {
    const shard = begin(t, contract);
    await shard.one(send(ann, 1, [bob]));
    const answer = { kind: 'rejected', seq: 2, rev: 0, why: unknown, upTo: 1 };
    t.same(await shard.one(refuse(ann, 2, unknown)), answer);
    shard.reopen();
    // Offered again when it would be taken now: the device was told, and may have dropped it.
    t.same(await shard.one(send(ann, 2, [bob])), answer);
    const { upTo, seen, rev, why } = await shard.state(ann);
    t.same({ upTo, seen, rev, why }, { upTo: 1, seen: 2, rev: 0, why: unknown });
    t.equal((await shard.rows(bob)).length, 1);
  });

  void t.test(name('what was pipelined behind a refusal is a gap'), async t => {
    const shard = begin(t, contract);
    const { outcomes } = await shard.commit(
      refuse(ann, 1, unknown),
      send(ann, 2, [bob]),
      send(ann, 3, [bob]),
    );
    const state = { upTo: 0, seen: 1, rev: 0, why: unknown, acked: 0, era: shard.store.era };
    t.same(outcomes.slice(1), [
      { kind: 'gap', seq: 2, state },
      { kind: 'gap', seq: 3, state },
    ]);
    t.same(await shard.rows(bob), []);
    // Dropped: the next one names what came before it.
    t.same(await shard.one(send(ann, 2, [bob], { prev: 0 })), { kind: 'accepted', upTo: 2 });
    t.same(await shard.one(send(ann, 3, [bob])), { kind: 'accepted', upTo: 3 });
    // What was refused long ago stays decided.
    t.same(await shard.one(send(ann, 1, [bob], { rev: 5 })), { kind: 'accepted', upTo: 3 });
    t.equal((await shard.rows(bob)).length, 2);
  });

  void t.test(name('a repaired send keeps its number and its place'), async t => {
    const shard = begin(t, contract);
    await shard.one(refuse(ann, 1, unknown));
    const again = refuse(ann, 1, blocked, { rev: 1 });
    t.same(await shard.one(again), { kind: 'rejected', seq: 1, rev: 1, why: blocked, upTo: 0 });
    // An older repair that comes late is refused with what is known now.
    t.same(await shard.one(send(ann, 1, [bob])), {
      kind: 'rejected',
      seq: 1,
      rev: 0,
      why: blocked,
      upTo: 0,
    });
    t.same(await shard.one(send(ann, 1, [bob], { rev: 2 })), { kind: 'accepted', upTo: 1 });
    const { upTo, seen, rev, why } = await shard.state(ann);
    t.same({ upTo, seen, rev, why }, { upTo: 1, seen: 1, rev: 2, why: null });
  });

  void t.test(name('a number below a refused one is decided too'), async t => {
    const shard = begin(t, contract);
    await shard.one(refuse(ann, 3, unknown, { prev: 0 }));
    const outcome = await shard.one(send(ann, 2, [bob], { prev: 0, rev: 9 }));
    t.equal(outcome.kind, 'rejected');
    t.same(await shard.rows(bob), []);
  });

  void t.test(name('a send that misses the one before it is a gap'), async t => {
    const shard = begin(t, contract);
    const { era } = shard.store;
    const state = { upTo: 0, seen: 0, rev: 0, why: null, acked: 0, era };
    t.same(await shard.one(send(ann, 2, [bob])), { kind: 'gap', seq: 2, state });
    t.same(await shard.rows(bob), []);
    t.same(await shard.state(ann), state);
  });

  void t.test(name('a refusal behind a gap decides nothing'), async t => {
    const shard = begin(t, contract);
    t.equal((await shard.one(refuse(ann, 2, unknown))).kind, 'gap');
    t.equal((await shard.state(ann)).seen, 0);
  });

  void t.test(name('devices number their sends by themselves'), async t => {
    const shard = begin(t, contract);
    const second = dev('ann', 2);
    await shard.commit(send(ann, 1, [bob]), send(second, 1, [bob]));
    t.equal((await shard.state(second)).upTo, 1);
    t.match(await shard.rows(bob), [
      { n: 1, from: ann, seq: 1 },
      { n: 2, from: second, seq: 1 },
    ]);
  });
}
