/** Receipts and `undelivered` notes: watermarks in the sender's numbering. */
import t from 'tap';
import type { GroupId } from '../../../protocol/ids.ts';
import { limits } from '../../../protocol/limits.ts';
import { ack, begin, decoded, dev, read, send, type ShardContract } from './fixture.ts';

const ann = dev('ann');
const bob = dev('bob');
const bob2 = dev('bob', 2);
const group = 'g_AAAAAAAAAAAAAAAAAAAAAA' as GroupId;

export function receiptsContract(contract: ShardContract): void {
  const name = (text: string) => `${contract.name}: ${text}`;

  void t.test(name('an acknowledgement tells the sender, per device'), async t => {
    const shard = begin(t, contract);
    for (let seq = 1; seq <= 3; seq++) await shard.one(send(ann, seq, [bob, bob2]));
    const { appended } = await shard.commit(ack(bob, 2));
    const receipt = { kind: 'receipt', n: 1, peer: bob, delivered: 2, read: [] };
    t.same(decoded(appended.get(ann)), [receipt]);
    t.same(await shard.rows(ann), [receipt]);
    await shard.one(ack(bob2, 1));
    t.same(await shard.rows(ann), [receipt, { ...receipt, n: 2, peer: bob2, delivered: 1 }]);
  });

  void t.test(name('an acknowledgement that says nothing new tells nobody'), async t => {
    const shard = begin(t, contract);
    await shard.commit(send(ann, 1, [bob]), ack(bob, 1));
    t.equal((await shard.commit(ack(bob, 1), ack(bob, 9))).appended.size, 0);
    t.equal((await shard.rows(ann)).length, 1);
  });

  void t.test(name('a newer receipt replaces the older one of the same peer'), async t => {
    const shard = begin(t, contract);
    for (let seq = 1; seq <= 3; seq++) await shard.one(send(ann, seq, [bob, bob2]));
    await shard.one(ack(bob, 1));
    await shard.one(ack(bob2, 1));
    await shard.one(ack(bob, 2));
    shard.reopen();
    await shard.one(ack(bob, 3));
    t.same(await shard.rows(ann), [
      { kind: 'receipt', n: 2, peer: bob2, delivered: 1, read: [] },
      { kind: 'receipt', n: 4, peer: bob, delivered: 3, read: [] },
    ]);
    // One that has been taken is not there to be replaced.
    await shard.one(ack(ann, 4));
    await shard.one(send(ann, 4, [bob]));
    await shard.one(ack(bob, 4));
    t.match(await shard.rows(ann), [{ n: 5, peer: bob, delivered: 4 }]);
  });

  void t.test(name('a receipt within one batch is the last one'), async t => {
    const shard = begin(t, contract);
    await shard.commit(
      send(ann, 1, [bob]),
      ack(bob, 1),
      send(ann, 2, [bob]),
      ack(bob, 2),
      read(bob, 1, { sender: ann, upTo: 2 }),
    );
    t.match(await shard.rows(ann), [
      { kind: 'receipt', n: 3, peer: bob, delivered: 2, read: [[null, 2]] },
    ]);
  });

  void t.test(name('what is read is told per conversation'), async t => {
    const shard = begin(t, contract);
    await shard.one(send(ann, 1, [bob]));
    await shard.one(send(ann, 2, [bob], { conversation: group }));
    await shard.one(ack(bob, 2));
    await shard.one(read(bob, 1, { sender: ann, conversation: group, upTo: 2 }));
    t.match(await shard.rows(ann), [{ delivered: 2, read: [[group, 2]] }]);
    await shard.one(read(bob, 2, { sender: ann, upTo: 1 }));
    shard.reopen();
    const [row, ...others] = await shard.rows(ann);
    t.same(others, []);
    const marks = row?.kind === 'receipt' ? row.read : [];
    t.same(new Map(marks), new Map<GroupId | null, number>([[group, 2], [null, 1]])); // prettier-ignore
  });

  void t.test(name('what is read never passes what was stored, and only rises'), async t => {
    const shard = begin(t, contract);
    await shard.commit(send(ann, 1, [bob]), send(ann, 2, [bob]));
    await shard.one(read(bob, 1, { sender: ann, upTo: 500 }));
    t.match(await shard.rows(ann), [{ n: 1, delivered: 0, read: [[null, 2]] }]);
    await shard.one(send(ann, 3, [bob]));
    t.equal((await shard.commit(read(bob, 2, { sender: ann, upTo: 1 }))).appended.size, 0);
    t.equal((await shard.commit(read(bob, 3, { sender: ann, upTo: 2 }))).appended.size, 0);
    const stranger = read(bob, 4, { sender: dev('eve'), upTo: 9 });
    t.same((await shard.commit(stranger)).outcomes, [{ kind: 'accepted', upTo: 4 }]);
    t.same(await shard.rows(dev('eve')), []);
  });

  void t.test(name('a read mark is decided once, like a send'), async t => {
    const shard = begin(t, contract);
    await shard.one(send(ann, 1, [bob]));
    t.equal((await shard.one(read(bob, 2, { sender: ann, upTo: 1 }))).kind, 'gap');
    t.same(await shard.rows(ann), []);
    await shard.one(read(bob, 1, { sender: ann, upTo: 1 }));
    t.same(await shard.one(read(bob, 1, { sender: ann, upTo: 1 })), { kind: 'accepted', upTo: 1 });
    t.equal((await shard.rows(ann)).length, 1);
  });

  void t.test(name('a reader cannot make a receipt grow without bound'), async t => {
    const shard = begin(t, contract);
    await shard.one(send(ann, 1, [bob]));
    const limit = limits.conversationsPerReceipt;
    const conversation = (i: number) => `g_${String(i).padStart(22, 'A')}` as GroupId;
    const marks = Array.from({ length: limit + 5 }, (_, i) =>
      read(bob, i + 1, { sender: ann, conversation: conversation(i), upTo: 1 }),
    );
    t.match((await shard.commit(...marks)).outcomes.at(-1), { kind: 'accepted' });
    const [row] = await shard.rows(ann);
    t.equal(row?.kind === 'receipt' && row.read.length, limit);
  });

  void t.test(name('receipts of members are read on demand'), async t => {
    const shard = begin(t, contract);
    await shard.one(send(ann, 1, [bob, bob2], { conversation: group }));
    await shard.one(send(ann, 2, [bob, bob2], { conversation: group }));
    await shard.one(ack(bob, 2));
    await shard.one(read(bob, 1, { sender: ann, conversation: group, upTo: 1 }));
    shard.reopen();
    const devices = [bob, bob2, dev('eve')];
    t.same(await shard.one({ kind: 'member_receipts', sender: ann, group, devices }), [
      { device: bob, delivered: 2, read: 1 },
      { device: bob2, delivered: 0, read: 0 },
      { device: dev('eve'), delivered: 0, read: 0 },
    ]);
  });

  void t.test(name('what expires is told behind what was delivered'), async t => {
    const shard = begin(t, contract);
    for (let seq = 1; seq <= 4; seq++) await shard.one(send(ann, seq, [bob], { at: seq }));
    await shard.one(ack(bob, 2));
    await shard.one({ kind: 'expire', after: '', before: 4, devices: 10 });
    t.match(await shard.rows(ann), [
      { kind: 'receipt', n: 1, peer: bob, delivered: 2 },
      { kind: 'undelivered', n: 2, peer: bob, after: 2, upTo: 3 },
    ]);
    // A later receipt does not swallow the note.
    await shard.one(ack(bob, 4));
    t.match(await shard.rows(ann), [
      { kind: 'undelivered', n: 2, after: 2, upTo: 3 },
      { kind: 'receipt', n: 3, delivered: 4 },
    ]);
  });
}
