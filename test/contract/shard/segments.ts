/** Mailboxes whose rows are stored together: what goes, what stays and what is counted when a part of them goes. */
import assert from 'node:assert/strict';
import t from 'tap';
import type { MailboxRow } from '../../../storage/mailboxes/row-tails.ts';
import {
  ack,
  begin,
  bodyOf,
  bulk,
  decoded,
  dev,
  send,
  type ShardContract,
  type Subject,
} from './fixture.ts';

const ann = dev('ann');
const bob = dev('bob');
const cid = dev('cid');

const upTo = (last: number): number[] => Array.from({ length: last }, (_, i) => i + 1);

const numbers = async (shard: Subject, device = bob, after = 0): Promise<number[]> =>
  (await shard.rows(device, after)).map(({ n }) => n);

const messages = (count: number, targets = [bob], at = 1_000) =>
  upTo(count).map(seq => send(ann, seq, targets, { at: at + seq }));

export function segmentsContract(contract: ShardContract): void {
  const name = (text: string) => `${contract.name}: ${text}`;

  void t.test(name('of what one batch appended any part can be acknowledged'), async t => {
    for (const forgets of [false, true]) {
      const shard = begin(t, contract);
      await shard.commit(...messages(5));
      await shard.commit(send(ann, 6, [bob]), send(ann, 7, [bob]));
      for (const acked of [2, 4, 6, 7]) {
        if (forgets) {
          await shard.forget(bob);
          shard.reopen();
        }
        t.same(await shard.one(ack(bob, acked)), { acked });
        t.same(await numbers(shard), upTo(7).slice(acked));
      }
    }
  });

  void t.test(name('a part of a batch that it acknowledges itself is never there'), async t => {
    const shard = begin(t, contract);
    await shard.commit(...messages(3), ack(bob, 2), send(ann, 4, [bob]));
    t.same(await numbers(shard), [3, 4]);
    await shard.forget(bob);
    shard.reopen();
    t.same(await numbers(shard), [3, 4]);
    t.same(await shard.one(ack(bob, 4)), { acked: 4 });
    t.match(await shard.rows(ann), [{ kind: 'receipt', delivered: 4 }]);
  });

  void t.test(name('a reader begins anywhere'), async t => {
    const shard = begin(t, contract);
    await shard.commit(...messages(5));
    await shard.commit(send(ann, 6, [bob]), send(ann, 7, [bob]));
    await shard.one(ack(bob, 1));
    for (const after of [0, 1, 2, 4, 5, 6, 7, 8])
      t.same(await numbers(shard, bob, after), upTo(7).slice(Math.max(after, 1)));
    const page = { kind: 'read_rows', device: bob, after: 3, rows: 3, bytes: 1e6 } as const;
    const { rows, complete } = await shard.one(page);
    t.match(decoded(rows), [
      { n: 4, body: bodyOf(4) },
      { n: 5, body: bodyOf(5) },
      { n: 6, body: bodyOf(6) },
    ]);
    t.equal(complete, false);
    t.equal((await shard.one({ ...page, rows: 4 })).complete, true);
    t.equal((await shard.one({ ...page, bytes: 15 })).complete, false);
    t.equal((await shard.one({ ...page, rows: 4, bytes: 16 })).complete, true);
  });

  void t.test(name('rows say how many bytes of bodies they have'), async t => {
    const shard = begin(t, contract);
    const bodies = [0, 1, 255, 256, 65_535, 65_536].map(bulk);
    const sends = bodies.map((body, i) => send(ann, i + 1, i % 2 === 0 ? [bob] : [bob, cid], { body })); // prettier-ignore
    const { appended } = await shard.commit(...sends);
    const read = { kind: 'read_rows', device: bob, after: 0, rows: 99, bytes: 1e9 } as const;
    const { rows } = await shard.one(read);
    const sizes = bodies.map(body => body.length);
    t.same(appended.get(bob)?.map(({ tail }) => tail.summary.size), sizes); // prettier-ignore
    t.same(rows.map(({ tail }) => tail.summary.size), sizes); // prettier-ignore
    // (tap takes minutes over bodies of that size.)
    const hex = (all: readonly MailboxRow[] = []) =>
      decoded(all).map(row => row.kind === 'message' && Buffer.from(row.body).toString('hex'));
    assert.deepEqual(hex(rows), bodies.map(body => body.toString('hex'))); // prettier-ignore
    assert.deepEqual(hex(appended.get(bob)), hex(rows));
    t.pass('told and read they are the bytes that were sent');
  });

  void t.test(name('what is told and kept is no part of the frame that brought it'), async t => {
    const shard = begin(t, contract);
    const [frame, shared] = [Buffer.from(bodyOf(7)), Buffer.from(bodyOf(8))];
    const { appended } = await shard.commit(
      send(ann, 1, [bob], { body: frame }),
      send(ann, 2, [bob, cid], { body: shared }),
    );
    frame.fill(0);
    shared.fill(0);
    const expected = [{ body: bodyOf(7) }, { body: bodyOf(8) }];
    t.match(decoded(appended.get(bob)), expected);
    t.match(await shard.rows(bob), expected);
  });

  void t.test(name('a shared body goes with the last of its rows, in whatever parts'), async t => {
    for (const forgets of [false, true]) {
      const shard = begin(t, contract, { limits: { mailboxMessages: 4, mailboxBytes: 1e6 } });
      const again = async () => {
        if (!forgets) return;
        await shard.forget(bob, cid);
        shard.reopen();
      };
      await shard.commit(...messages(4, [bob, cid]));
      const whole = upTo(4).map(seq => ({ n: seq, body: bodyOf(seq) }));
      for (const acked of [1, 3, 4]) {
        await again();
        await shard.one(ack(bob, acked));
        t.match(await shard.rows(cid), whole, 'the other device still has all of them');
      }
      for (const acked of [2, 3]) {
        await again();
        await shard.one(ack(cid, acked));
        t.match(await shard.rows(cid), whole.slice(acked));
      }
      await again();
      // Its room came back exactly, row by row.
      for (const seq of [5, 6, 7])
        t.equal((await shard.one(send(ann, seq, [cid]))).kind, 'accepted');
      t.equal((await shard.one(send(ann, 8, [cid]))).kind, 'rejected');
    }
  });

  void t.test(
    name('in a group the one that lets a message go last tells, by parts too'),
    async t => {
      for (const forgets of [false, true]) {
        const shard = begin(t, contract);
        const conversation = 'g_AAAAAAAAAAAAAAAAAAAAAA' as never;
        await shard.commit(...upTo(4).map(seq => send(ann, seq, [bob, cid], { conversation })));
        const told: number[] = [];
        for (const [device, acked] of [
          [bob, 1],
          [cid, 3],
          [bob, 2],
          [bob, 4],
          [cid, 4],
        ] as const) {
          // prettier-ignore
          if (forgets) await shard.forget(bob, cid);
          const { appended } = await shard.commit(ack(device, acked));
          for (const row of decoded(appended.get(ann)))
            if (row.kind === 'receipt') told.push(row.delivered);
        }
        t.same(told, [3, 2, 4, 4]);
      }
    },
  );

  void t.test(name('what expires is taken out of the middle of a batch'), async t => {
    for (const forgets of [false, true]) {
      const shard = begin(t, contract);
      // One batch: messages around a row that is none.
      await shard.commit(
        send(bob, 1, [cid]),
        send(ann, 1, [bob, cid], { at: 10 }),
        send(ann, 2, [bob], { at: 20 }),
        ack(cid, 1),
        send(ann, 3, [bob], { at: 30 }),
        send(ann, 4, [bob], { at: 40 }),
      );
      await shard.one(ack(bob, 1));
      if (forgets) await shard.forget(ann, bob, cid);
      const sweep = { kind: 'expire', after: '', before: 31, devices: 100 } as const;
      t.match(await shard.one(sweep), { expired: 3 });
      t.match(await shard.rows(bob), [{ kind: 'receipt' }, { kind: 'message', seq: 4 }]);
      t.same(await shard.rows(cid), []);
      t.match(
        (await shard.rows(ann)).filter(({ kind }) => kind === 'undelivered'),
        [
          { peer: bob, after: 1, upTo: 3 },
          { peer: cid, after: 0, upTo: 1 },
        ],
      );
      shard.reopen();
      t.same(await shard.one({ ...sweep, before: 40 }), { next: null, expired: 0 });
      await shard.one(ack(bob, 99));
      t.same(await shard.rows(bob), []);
      t.match(await shard.rows(ann), [{}, {}, { kind: 'receipt', peer: bob, delivered: 4 }]);
    }
  });

  void t.test(name('rows that are no messages outlast those around them that expire'), async t => {
    const shard = begin(t, contract, { limits: { mailboxMessages: 1, mailboxBytes: 1e6 } });
    const group = { conversation: 'g_AAAAAAAAAAAAAAAAAAAAAA' as never };
    await shard.one(send(ann, 1, [bob], { at: 1 }));
    // In one batch: told undelivered (row 1), and then gets a message (row 2).
    await shard.commit(
      send(ann, 2, [bob, cid], { ...group, at: 2 }),
      send(cid, 1, [ann], { at: 2 }),
    );
    t.match(await shard.rows(ann), [
      { kind: 'undelivered', n: 1 },
      { kind: 'message', n: 2 },
    ]);
    await shard.forget(ann);
    await shard.one({ kind: 'expire', after: '', before: 100, devices: 100 });
    const left = await shard.rows(ann);
    t.match(left, [{ kind: 'undelivered', n: 1 }, { kind: 'undelivered', peer: bob }, { kind: 'undelivered', peer: cid }]); // prettier-ignore
    await shard.one(send(cid, 2, [ann]));
    await shard.one(ack(ann, left.at(-1)?.n ?? 0));
    t.match(await shard.rows(ann), [{ kind: 'message', seq: 2 }]);
  });

  void t.test(name('a batch of thousands, and thousands of batches of one'), async t => {
    for (const size of [2_000, 1]) {
      const shard = begin(t, contract);
      const total = size === 1 ? 100 : 4_000;
      const body = bulk(100);
      for (let seq = 1; seq <= total; seq += size)
        await shard.commit(
          ...upTo(Math.min(size, total)).map(i => send(ann, seq + i - 1, [bob, cid], { body })),
        );
      assert.deepEqual(await numbers(shard), upTo(total));
      shard.reopen();
      const paged: number[] = [];
      for (let complete = false; !complete;) {
        const after = paged.at(-1) ?? 0;
        const page = { kind: 'read_rows', device: bob, after, rows: 256, bytes: 1e6 } as const;
        const outcome = await shard.one(page);
        assert.ok(outcome.rows.length <= 256);
        paged.push(...outcome.rows.map(({ n }) => n));
        ({ complete } = outcome);
      }
      assert.deepEqual(paged, upTo(total));
      await shard.one(ack(bob, total - 1));
      t.same(await numbers(shard), [total]);
      await shard.commit(ack(bob, total), ack(cid, total));
      t.same([await numbers(shard), await numbers(shard, cid)], [[], []]);
    }
  });
}
