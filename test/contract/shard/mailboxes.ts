/** Mailboxes: rows and their numbers, reading, acknowledging, limits, expiry. */
import t from 'tap';
import type { OutcomeOf } from '../../../storage/shard/contract.ts';
import { ack, begin, bodyOf, bulk, decoded, dev, send, type ShardContract } from './fixture.ts';

const ann = dev('ann');
const bob = dev('bob');
const bob2 = dev('bob', 2);
const cid = dev('cid');
const group = 'g_AAAAAAAAAAAAAAAAAAAAAA' as never;

const numbers = (rows: readonly { readonly n: number }[]): number[] => rows.map(row => row.n);

export function mailboxesContract(contract: ShardContract): void {
  const name = (text: string) => `${contract.name}: ${text}`;

  void t.test(name('a batch tells the rows that it left'), async t => {
    const shard = begin(t, contract);
    const { appended, links } = await shard.commit(
      send(ann, 1, [bob, cid]),
      send(ann, 2, [bob]),
      send(ann, 1, [bob, cid]),
    );
    t.same([...appended.keys()], [bob, cid]);
    t.same(decoded(appended.get(bob)), await shard.rows(bob));
    t.same(decoded(appended.get(cid)), await shard.rows(cid));
    t.equal(links.size, 0);
    t.equal((await shard.commit(send(ann, 2, [bob]))).appended.size, 0);
  });

  void t.test(name('rows are read in order, within rows and bytes, one at least'), async t => {
    const shard = begin(t, contract);
    const body = Buffer.alloc(100);
    for (let seq = 1; seq <= 5; seq++) await shard.one(send(ann, seq, [bob], { body }));
    const page = async (after: number, rows: number, bytes: number) => {
      const outcome = await shard.one({ kind: 'read_rows', device: bob, after, rows, bytes });
      return [numbers(outcome.rows), outcome.complete];
    };
    t.same(await page(0, 2, 1e6), [[1, 2], false]);
    t.same(await page(2, 10, 1e6), [[3, 4, 5], true]);
    t.same(await page(0, 10, 250), [[1, 2], false]);
    t.same(await page(0, 10, 1), [[1], false], 'one row is always given');
    t.same(await page(4, 10, 1), [[5], true]);
    t.same(await page(5, 10, 1e6), [[], true]);
    t.same(await page(99, 10, 1e6), [[], true]);
    t.same(await page(0, 0, 0), [[], false], 'of no row it is told whether there is one');
    t.same(await page(5, 0, 0), [[], true]);
  });

  void t.test(name('what is acknowledged goes, and nothing else'), async t => {
    const shard = begin(t, contract);
    for (let seq = 1; seq <= 3; seq++) await shard.one(send(ann, seq, [bob, cid]));
    t.same(await shard.one(ack(bob, 2)), { acked: 2 });
    t.same(await shard.one(ack(bob, 1)), { acked: 2 }, 'it never goes back');
    shard.reopen();
    t.equal((await shard.state(bob)).acked, 2);
    t.same(numbers(await shard.rows(bob)), [3]);
    t.same(numbers(await shard.rows(cid)), [1, 2, 3]);
  });

  void t.test(name('an acknowledgement is clamped to what was given'), async t => {
    const shard = begin(t, contract);
    await shard.one(send(ann, 1, [bob]));
    t.same(await shard.one(ack(bob, 1_000_000)), { acked: 1 });
    await shard.one(send(ann, 2, [bob]));
    t.same(numbers(await shard.rows(bob)), [2], 'what came later stays');
    t.same(await shard.one(ack(cid, 7)), { acked: 0 });
  });

  void t.test(name('a row number is never given twice'), async t => {
    const shard = begin(t, contract);
    await shard.commit(send(ann, 1, [bob]), send(ann, 2, [bob]), ack(bob, 2));
    t.same(await shard.rows(bob), []);
    shard.reopen();
    await shard.one(send(ann, 3, [bob]));
    t.same(numbers(await shard.rows(bob)), [3]);
  });

  void t.test(name('a body that several rows share outlives all but the last of them'), async t => {
    const shard = begin(t, contract);
    const bodies = [bodyOf(71), bodyOf(72)] as const;
    await shard.one(send(ann, 1, [bob, cid, bob2], { body: bodies[0] }));
    await shard.one(send(ann, 2, [bob, cid], { body: bodies[1] }));
    const read = async (device: typeof bob) =>
      (await shard.rows(device)).map(row => row.kind === 'message' && row.body);
    await shard.one(ack(bob, 2));
    t.same(await read(cid), bodies);
    await shard.commit(ack(cid, 1), ack(bob2, 1));
    t.same(await read(cid), [bodies[1]]);
    shard.reopen();
    t.same(await read(cid), [bodies[1]]);
    await shard.commit(send(ann, 3, [bob, bob2], { body: bodies[0] }), ack(cid, 2));
    t.same(await read(bob2), [bodies[0]]);
    t.same(await read(cid), []);
  });

  void t.test(
    name('a row is let go once, whatever the store still has in memory of it'),
    async t => {
      const shard = begin(t, contract);
      const targets = [bob, cid];
      for (let seq = 1; seq <= 3; seq++) await shard.one(send(ann, seq, targets));
      // The rows so far are on the disk only.
      await shard.forget(bob, cid);
      shard.reopen();
      for (let seq = 4; seq <= 6; seq++) await shard.one(send(ann, seq, targets));
      for (const upTo of [2, 4, 5, 6]) await shard.one(ack(bob, upTo));
      t.match(
        await shard.rows(cid),
        [1, 2, 3, 4, 5, 6].map(seq => ({ seq, body: bodyOf(seq) })),
      );
      t.same(await shard.rows(bob), []);
    },
  );

  void t.test(name('room comes back exactly, whatever the store still has in memory'), async t => {
    const limits = { mailboxMessages: 3, mailboxBytes: 1e6 };
    const shard = begin(t, contract, { limits });
    let seq = 0;
    let taken = 0;
    for (const upTo of [1, 3, 4, 6]) {
      while ((await shard.one(send(ann, ++seq, [bob], { prev: taken }))).kind === 'accepted')
        taken = seq;
      t.equal((await shard.rows(bob)).length, 3);
      await shard.forget(bob);
      await shard.one(ack(bob, upTo));
    }
    t.same(numbers(await shard.rows(bob)), [7]);
  });

  void t.test(name('a full mailbox refuses direct messages, by count'), async t => {
    const shard = begin(t, contract, { limits: { mailboxMessages: 2, mailboxBytes: 1e6 } });
    await shard.commit(send(ann, 1, [bob]), send(ann, 2, [bob]));
    const why = { code: 'mailbox_full', user: 'bob' };
    t.same(await shard.one(send(ann, 3, [bob, cid])), {
      kind: 'rejected',
      seq: 3,
      rev: 0,
      why,
      upTo: 2,
    });
    t.same(await shard.rows(cid), [], 'nobody gets a refused message');
    t.same((await shard.state(ann)).why, why);
    shard.reopen();
    t.equal((await shard.one(send(ann, 3, [bob], { rev: 1 }))).kind, 'rejected');
    await shard.one(ack(bob, 1));
    t.equal((await shard.one(send(ann, 3, [bob], { rev: 2 }))).kind, 'accepted');
  });

  void t.test(name('a full mailbox refuses direct messages, by bytes'), async t => {
    const shard = begin(t, contract, { limits: { mailboxMessages: 100, mailboxBytes: 1_000 } });
    await shard.one(send(ann, 1, [bob], { body: bulk(600) }));
    t.equal((await shard.one(send(ann, 2, [bob], { body: bulk(401) }))).kind, 'rejected');
    t.equal((await shard.one(send(ann, 2, [bob], { body: bulk(400), rev: 1 }))).kind, 'accepted');
    await shard.one(ack(bob, 1));
    t.equal((await shard.one(send(ann, 3, [bob], { body: bulk(601) }))).kind, 'rejected');
    t.equal((await shard.one(send(ann, 3, [bob], { body: bulk(600), rev: 1 }))).kind, 'accepted');
  });

  void t.test(name('one device with room is enough; the full one is told undelivered'), async t => {
    const shard = begin(t, contract, { limits: { mailboxMessages: 1, mailboxBytes: 1e6 } });
    await shard.one(send(ann, 1, [bob]));
    t.equal((await shard.one(send(ann, 2, [bob, bob2]))).kind, 'accepted');
    t.equal((await shard.rows(bob)).length, 1);
    t.match(await shard.rows(bob2), [{ seq: 2 }]);
    t.same(await shard.rows(ann), [{ kind: 'undelivered', n: 1, peer: bob, after: 1, upTo: 2 }]);
    t.equal((await shard.one(send(ann, 3, [bob, bob2]))).kind, 'rejected');
  });

  void t.test(name('a full device of the sender itself stops nothing'), async t => {
    const shard = begin(t, contract, { limits: { mailboxMessages: 1, mailboxBytes: 1e6 } });
    const away = dev('ann', 2);
    await shard.one(send(ann, 1, [bob, away]));
    await shard.one(ack(bob, 1));
    await shard.one(ack(ann, 1));
    t.equal((await shard.one(send(ann, 2, [bob, away]))).kind, 'accepted');
    t.match(await shard.rows(bob), [{ seq: 2 }]);
    t.match(await shard.rows(ann), [{ kind: 'undelivered', peer: away, after: 1, upTo: 2 }]);
  });

  void t.test(name('in a group a full device is skipped and the sender told'), async t => {
    const shard = begin(t, contract, { limits: { mailboxMessages: 1, mailboxBytes: 1e6 } });
    const options = { conversation: group };
    await shard.one(send(ann, 1, [bob, cid], options));
    await shard.one(ack(cid, 1));
    t.equal((await shard.one(send(ann, 2, [bob, cid], options))).kind, 'accepted');
    t.match(await shard.rows(cid), [{ seq: 2, conversation: group }]);
    const told = (await shard.rows(ann)).filter(row => row.kind === 'undelivered');
    t.match(told, [{ peer: bob, after: 1, upTo: 2 }]);
  });

  void t.test(name('rows that are no messages have room in a full mailbox'), async t => {
    const shard = begin(t, contract, { limits: { mailboxMessages: 1, mailboxBytes: 1e6 } });
    await shard.commit(send(ann, 1, [bob]), send(bob, 1, [ann]));
    await shard.one(ack(bob, 1));
    t.match(await shard.rows(ann), [{ kind: 'message' }, { kind: 'receipt', delivered: 1 }]);
    t.equal((await shard.one(send(bob, 2, [ann]))).kind, 'rejected');
    await shard.one(ack(ann, 1));
    t.equal((await shard.one(send(bob, 2, [ann], { rev: 1 }))).kind, 'accepted');
  });

  void t.test(name('what has waited too long expires, and the sender is told'), async t => {
    const shard = begin(t, contract);
    const at = (seq: number) => ({ at: seq * 100 });
    for (let seq = 1; seq <= 4; seq++) await shard.one(send(ann, seq, [bob, cid], at(seq)));
    await shard.one(ack(bob, 1));
    await shard.one(ack(ann, 1));
    const outcome = await shard.one({ kind: 'expire', after: '', before: 400, devices: 100 });
    t.same(outcome, { next: null, expired: 5 });
    t.same(numbers(await shard.rows(bob)), [4]);
    t.same(numbers(await shard.rows(cid)), [4]);
    t.match(await shard.rows(ann), [
      { kind: 'undelivered', peer: bob, after: 1, upTo: 3 },
      { kind: 'undelivered', peer: cid, after: 0, upTo: 3 },
    ]);
    shard.reopen();
    t.same(await shard.one({ kind: 'expire', after: '', before: 400, devices: 100 }), {
      next: null,
      expired: 0,
    });
    // The room is free again, and the counter went on.
    await shard.one(send(ann, 5, [bob]));
    t.same(numbers(await shard.rows(bob)), [4, 5]);
  });

  void t.test(name('expiry leaves rows that are no messages'), async t => {
    const shard = begin(t, contract);
    await shard.commit(send(ann, 1, [bob]), ack(bob, 1), send(bob, 1, [ann]));
    t.match(await shard.rows(ann), [{ kind: 'receipt' }, { kind: 'message' }]);
    const outcome = await shard.one({ kind: 'expire', after: '', before: 1e9, devices: 100 });
    t.equal(outcome.expired, 1);
    t.match(await shard.rows(ann), [{ kind: 'receipt' }]);
    t.match(await shard.rows(bob), [{ kind: 'undelivered', peer: ann, after: 0, upTo: 1 }]);
  });

  void t.test(name('expiry goes from device to device'), async t => {
    const shard = begin(t, contract);
    const devices = ['d1', 'd2', 'd3', 'd4', 'd5'].map(user => dev(user));
    await shard.one(send(ann, 1, devices, { at: 5 }));
    let expired = 0;
    let calls = 0;
    for (let after: typeof ann | '' | null = ''; after !== null; calls++) {
      const command = { kind: 'expire', after, before: 10, devices: 2 } as const;
      const outcome: { next: typeof ann | null; expired: number } = await shard.one(command);
      expired += outcome.expired;
      t.ok(outcome.expired <= 2);
      after = outcome.next;
    }
    t.equal(expired, 5);
    t.equal(calls, 4, 'six devices, two at a time, and the end');
    for (const device of devices) t.same(await shard.rows(device), []);
  });

  void t.test(name('a command sees what came before it in its batch'), async t => {
    const shard = begin(t, contract);
    const { outcomes } = await shard.commit(
      send(ann, 1, [bob, cid], { at: 5 }),
      { kind: 'read_rows', device: bob, after: 0, rows: 10, bytes: 1e6 },
      ack(bob, 1),
      { kind: 'state', device: bob },
      { kind: 'read_rows', device: bob, after: 0, rows: 10, bytes: 1e6 },
    );
    const [, first] = outcomes as [unknown, OutcomeOf<'read_rows'>];
    t.match(decoded(first.rows), [{ n: 1, body: bodyOf(1) }]);
    t.match(outcomes, [
      { kind: 'accepted' },
      { complete: true },
      { acked: 1 },
      { acked: 1 },
      { rows: [], complete: true },
    ]);
    const later = await shard.commit(send(ann, 2, [bob, cid], { at: 6 }), {
      kind: 'expire',
      after: '',
      before: 10,
      devices: 10,
    });
    t.match(later.outcomes[1], { expired: 3 });
  });
}
