/** Links between two shards: numbered rows, a watermark at the receiver, trimmed on its word. */
import t from 'tap';
import { deviceId } from '../../../protocol/ids.ts';
import type { OutcomeOf } from '../../../storage/shard/contract.ts';
import {
  ack,
  begin,
  bodyOf,
  decoded,
  bulk,
  read,
  send,
  userIn,
  type ShardContract,
  type Subject,
} from './fixture.ts';

const ann = deviceId(userIn(0, 2), 1);
const art = deviceId(userIn(0, 2, 1), 1);
const bob = deviceId(userIn(1, 2), 1);
const bob2 = deviceId(userIn(1, 2), 2);
const cid = deviceId(userIn(1, 2, 1), 1);

const batch = (subject: Subject, after: number | null = null, rows = 100) =>
  subject.one({ kind: 'read_link', target: 1 - subject.options.shard, after, rows });

const apply = (subject: Subject, rows: OutcomeOf<'read_link'>) =>
  subject.one({ kind: 'apply_link', source: 1 - subject.options.shard, ...rows });

const trim = (subject: Subject, upTo: number) =>
  subject.one({ kind: 'trim_link', target: 1 - subject.options.shard, upTo });

/** Everything that waits goes over, as the link process does it. */
export async function carryAll(source: Subject, target: Subject): Promise<void> {
  const rows = await batch(source);
  if (rows.rows.length === 0) return;
  const { upTo } = await apply(target, rows);
  await trim(source, upTo);
  await carryAll(source, target);
}

export function linksContract(contract: ShardContract): void {
  const name = (text: string) => `${contract.name}: ${text}`;
  const two = (t: Parameters<typeof begin>[0]) =>
    [0, 1].map(shard => begin(t, contract, { shard, shards: 2 })) as [Subject, Subject];

  void t.test(name('a send for another shard leaves one link row, numbered'), async t => {
    const [home] = two(t);
    const { links, appended } = await home.commit(send(ann, 1, [bob, cid, art, bob2]));
    t.same([...links], [1]);
    t.same([...appended.keys()], [art], 'the own shard gets its part at once');
    await home.one(send(ann, 2, [bob]));
    const item = { kind: 'message', from: ann, conversation: null, acceptedAt: 1_000 };
    t.same(await batch(home), {
      after: 0,
      rows: [
        { m: 1, item: { ...item, seq: 1, targets: [bob, cid, bob2], body: bodyOf(1) } },
        { m: 2, item: { ...item, seq: 2, targets: [bob], body: bodyOf(2) } },
      ],
    });
    t.equal((await home.commit(send(ann, 2, [bob]))).links.size, 0, 'a repeat leaves none');
    home.reopen();
    t.equal((await batch(home)).rows.length, 2);
    t.same((await batch(home, 1)).rows.map(row => row.m), [2]); // prettier-ignore
    t.same((await batch(home, null, 1)).rows.map(row => row.m), [1]); // prettier-ignore
    t.same(await batch(home, 2), { after: 2, rows: [] });
  });

  void t.test(name('rows are applied once, whatever comes twice or late'), async t => {
    const [home, away] = two(t);
    for (let seq = 1; seq <= 4; seq++) await home.one(send(ann, seq, [bob, cid]));
    const all = await batch(home);
    const tail = await batch(home, 2);
    t.same(await apply(away, tail), { gap: true, upTo: 0 });
    t.same(await away.rows(bob), [], 'nothing of a batch behind a gap is taken');
    const { outcomes, appended } = await away.commit({ kind: 'apply_link', source: 0, ...all });
    t.same(outcomes, [{ gap: false, upTo: 4 }]);
    t.same(decoded(appended.get(bob)), await away.rows(bob));
    away.reopen();
    t.same(await apply(away, all), { gap: false, upTo: 4 });
    t.same(await apply(away, tail), { gap: false, upTo: 4 });
    t.match(
      await away.rows(bob),
      [1, 2, 3, 4].map(n => ({ n, from: ann, seq: n, acceptedAt: 1_000, body: bodyOf(n) })),
    );
    await home.one(send(ann, 5, [bob]));
    // Overlapping: what is known is skipped, what is new is taken.
    t.same(await apply(away, await batch(home, 2)), { gap: false, upTo: 5 });
    t.equal((await away.rows(bob)).length, 5);
  });

  void t.test(
    name('rows go when the other shard has them, and their numbers stay used'),
    async t => {
      const [home, away] = two(t);
      for (let seq = 1; seq <= 3; seq++) await home.one(send(ann, seq, [bob]));
      t.same(await trim(home, 2), { trimmed: 2 });
      t.same(await trim(home, 1), { trimmed: 2 });
      t.match(await batch(home), { after: 2, rows: [{ m: 3 }] });
      t.match(await batch(home, 0), { after: 2, rows: [{ m: 3 }] }, 'from before what is there');
      t.same(await trim(home, 99), { trimmed: 3 });
      home.reopen();
      t.same(await batch(home), { after: 3, rows: [] });
      await home.one(send(ann, 4, [bob]));
      t.match(await batch(home), { after: 3, rows: [{ m: 4 }] });
      t.same(await apply(away, await batch(home)), { gap: true, upTo: 0 });
    },
  );

  void t.test(name('a body travels once and is stored once for all its devices'), async t => {
    const [home, away] = two(t);
    const body = bulk(500);
    await home.one(send(ann, 1, [bob, bob2, cid], { body }));
    const { rows } = await batch(home);
    t.equal(rows.length, 1);
    await carryAll(home, away);
    await away.one(ack(bob, 1));
    t.match(await away.rows(bob2), [{ body }]);
    t.match(await away.rows(cid), [{ body }]);
  });

  void t.test(name('receipts travel back, and coalesce where they arrive'), async t => {
    const [home, away] = two(t);
    await home.commit(send(ann, 1, [bob]), send(ann, 2, [bob]));
    await carryAll(home, away);
    t.same([...(await away.commit(ack(bob, 1))).links], [0]);
    await away.one(ack(bob, 2));
    await away.one(read(bob, 1, { sender: ann, upTo: 7 }));
    await carryAll(away, home);
    t.same(await home.rows(ann), [
      { kind: 'receipt', n: 3, peer: bob, delivered: 2, read: [[null, 2]] },
    ]);
  });

  void t.test(name('a full mailbox in the other shard is told undelivered'), async t => {
    const limits = { mailboxMessages: 1, mailboxBytes: 1e6 };
    const home = begin(t, contract, { shard: 0, shards: 2 });
    const away = begin(t, contract, { shard: 1, shards: 2, limits });
    await home.commit(send(ann, 1, [bob]), send(ann, 2, [bob, cid]));
    await carryAll(home, away);
    await carryAll(away, home);
    t.match(await away.rows(cid), [{ seq: 2 }]);
    t.match(await home.rows(ann), [{ kind: 'undelivered', peer: bob, after: 1, upTo: 2 }]);
  });

  void t.test(name('what expires in the other shard is told too'), async t => {
    const [home, away] = two(t);
    await home.one(send(ann, 1, [bob], { at: 5 }));
    await carryAll(home, away);
    await away.one({ kind: 'expire', after: '', before: 6, devices: 10 });
    await carryAll(away, home);
    t.match(await home.rows(ann), [{ kind: 'undelivered', peer: bob, after: 0, upTo: 1 }]);
  });
}
