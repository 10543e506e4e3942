/** Links between two shards: numbered rows, a watermark at the receiver, trimmed on its word. */
import t from 'tap';
import { deviceId } from '../../../protocol/ids.ts';
import { LINK_SEGMENT_BYTES, type LinkSegment } from '../../../protocol/delivery/link-items.ts';
import type { Command } from '../../../storage/shard/contract.ts';
import {
  ack,
  begin,
  bodyOf,
  decoded,
  linked,
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

const batch = (subject: Subject, after: number | null = null, bytes = 1e6) =>
  subject.one({ kind: 'read_link', target: 1 - subject.options.shard, after, bytes });

const toApply = (subject: Subject, segment: LinkSegment) =>
  ({ kind: 'apply_link', source: 1 - subject.options.shard, segment }) as const;

const apply = (subject: Subject, segment: LinkSegment) => subject.one(toApply(subject, segment));

const trim = (subject: Subject, upTo: number) =>
  subject.one({ kind: 'trim_link', target: 1 - subject.options.shard, upTo });

/** Everything that waits goes over, as the link process does it. */
export async function carryAll(source: Subject, target: Subject): Promise<void> {
  const { segments, complete } = await batch(source);
  for (const segment of segments) await trim(source, (await apply(target, segment)).upTo);
  if (!complete) await carryAll(source, target);
}

/** The numbers of a segment's rows, by what is told of it. */
const numbers = ({ after, count }: LinkSegment): number[] =>
  Array.from({ length: count }, (_, i) => after + i + 1);

const commitOf = async (subject: Subject, ...commands: Command[]): Promise<LinkSegment> => {
  const { links } = await subject.commit(...commands);
  const [segment] = links.get(1 - subject.options.shard) ?? [];
  if (segment === undefined) throw new Error('nothing was left for the other shard');
  return segment;
};

export function linksContract(contract: ShardContract): void {
  const name = (text: string) => `${contract.name}: ${text}`;
  const two = (t: Parameters<typeof begin>[0]) =>
    [0, 1].map(shard => begin(t, contract, { shard, shards: 2 })) as [Subject, Subject];

  void t.test(
    name('what a batch sends to another shard is one segment, its rows numbered'),
    async t => {
      const [home] = two(t);
      const batchOfTwo = [send(ann, 1, [bob, cid, art, bob2]), send(art, 1, [bob])];
      const { links, appended } = await home.commit(...batchOfTwo);
      t.same([...appended.keys()], [art], 'the own shard gets its part at once');
      const told = [...(links.get(1) ?? [])];
      t.same([[...links.keys()], told.map(numbers)], [[1], [[1, 2]]]);
      const next = await commitOf(home, send(ann, 2, [bob]));
      t.same(numbers(next), [3]);
      told.push(next);
      const row = { kind: 'message', from: ann, conversation: null, acceptedAt: 1_000 };
      t.same(linked(told), [
        { m: 1, devices: [bob, cid, bob2], row: { ...row, seq: 1, body: bodyOf(1) } },
        { m: 2, devices: [bob], row: { ...row, from: art, seq: 1, body: bodyOf(1) } },
        { m: 3, devices: [bob], row: { ...row, seq: 2, body: bodyOf(2) } },
      ]);
      t.equal((await home.commit(send(ann, 2, [bob]))).links.size, 0, 'a repeat leaves none');
      home.reopen();
      const all = await batch(home);
      t.equal(all.complete, true);
      t.same(linked(all.segments), linked(told), 'what was told is what is stored');
      t.same((await batch(home, 2)).segments.map(numbers), [[3]]);
      t.same((await batch(home, 1)).segments.map(numbers), [[1, 2], [3]], 'from within a segment'); // prettier-ignore
      t.same(await batch(home, 3), { segments: [], complete: true });
    },
  );

  void t.test(name('a reader has what it asked for, or one segment'), async t => {
    const [home] = two(t);
    const body = bulk(1_000);
    for (let seq = 1; seq <= 20; seq++) await home.one(send(ann, seq, [bob], { body }));
    const first = await batch(home, null, 1);
    t.same([first.segments.map(numbers), first.complete], [[[1]], false]);
    const more = await batch(home, 1, 8_000);
    t.same([more.segments.map(numbers), more.complete], [[[2], [3], [4], [5], [6]], false]);
    const rest = await batch(home, 6);
    t.same([rest.segments.length, rest.complete], [14, true]);
  });

  void t.test(name('what is large goes over in several segments'), async t => {
    const [home, away] = two(t);
    const body = bulk(40_000);
    const seqs = Array.from({ length: 20 }, (_, i) => i + 1);
    await home.commit(...seqs.map(seq => send(ann, seq, [bob, cid], { body })));
    const { segments } = await batch(home);
    t.equal(segments.length, 3);
    t.ok(segments.every(({ items }) => items.length < LINK_SEGMENT_BYTES + 50_000));
    t.same(segments.flatMap(numbers), seqs);
    await carryAll(home, away);
    t.same((await away.rows(cid)).map(({ n }) => n), seqs); // prettier-ignore
  });

  void t.test(name('rows are applied once, whatever comes twice or late'), async t => {
    const [home, away] = two(t);
    const one = await commitOf(home, send(ann, 1, [bob, cid]), send(ann, 2, [bob, cid]));
    const two_ = await commitOf(home, send(ann, 3, [bob, cid]), send(ann, 4, [bob, cid]));
    t.same(await apply(away, two_), { gap: true, upTo: 0 });
    t.same(await away.rows(bob), [], 'nothing of a segment behind a gap is taken');
    const { outcomes, appended } = await away.commit(toApply(away, one), toApply(away, two_));
    t.same(outcomes, [{ gap: false, upTo: 2 }, { gap: false, upTo: 4 }]); // prettier-ignore
    t.same(decoded(appended.get(bob)), await away.rows(bob));
    away.reopen();
    t.same(await apply(away, one), { gap: false, upTo: 4 });
    t.same(await apply(away, two_), { gap: false, upTo: 4 });
    t.match(
      await away.rows(bob),
      [1, 2, 3, 4].map(n => ({ n, from: ann, seq: n, acceptedAt: 1_000, body: bodyOf(n) })),
    );
    const three = await commitOf(home, send(ann, 5, [bob]));
    const items = Buffer.concat([two_.items, three.items]);
    // Overlapping: what is known is skipped, what is new is taken.
    t.same(await apply(away, { after: 2, count: 3, items }), { gap: false, upTo: 5 });
    t.match((await away.rows(bob, 4)), [{ n: 5, seq: 5 }]); // prettier-ignore
    t.equal((await away.rows(bob)).length, 5);
  });

  void t.test(name('two segments with a hole between them, in one batch'), async t => {
    const [home, away] = two(t);
    const one = await commitOf(home, send(ann, 1, [bob]));
    await home.one(send(ann, 2, [bob]));
    const three = await commitOf(home, send(ann, 3, [bob]));
    t.same((await away.commit(toApply(away, one), toApply(away, three))).outcomes, [
      { gap: false, upTo: 1 },
      { gap: true, upTo: 1 },
    ]);
    await carryAll(home, away);
    t.same((await away.rows(bob)).map(({ n }) => n), [1, 2, 3]); // prettier-ignore
  });

  void t.test(
    name('rows go when the other shard has them, and their numbers stay used'),
    async t => {
      const [home, away] = two(t);
      for (let seq = 1; seq <= 2; seq++) await home.one(send(ann, seq, [bob]));
      await home.commit(send(ann, 3, [bob]), send(ann, 4, [bob]));
      t.same(await trim(home, 1), { trimmed: 1 });
      t.same(await trim(home, 0), { trimmed: 1 });
      t.same((await batch(home)).segments.map(numbers), [[2], [3, 4]]); // prettier-ignore
      t.same((await batch(home, 0)).segments.map(numbers), [[2], [3, 4]], 'from before what is there'); // prettier-ignore
      t.same(await trim(home, 3), { trimmed: 3 });
      t.same((await batch(home)).segments.map(numbers), [[3, 4]], 'a segment goes as a whole'); // prettier-ignore
      t.same(await trim(home, 99), { trimmed: 4 });
      home.reopen();
      t.same(await batch(home), { segments: [], complete: true });
      const five = await commitOf(home, send(ann, 5, [bob]));
      t.same(numbers(five), [5]);
      t.same((await batch(home)).segments.map(numbers), [[5]]);
      t.same(await apply(away, five), { gap: true, upTo: 0 });
    },
  );

  void t.test(name('a body travels once and is stored once for all its devices'), async t => {
    const [home, away] = two(t);
    const body = bulk(500);
    await home.one(send(ann, 1, [bob, bob2, cid], { body }));
    const { segments } = await batch(home);
    t.equal(linked(segments).length, 1);
    await carryAll(home, away);
    t.match(await away.rows(bob), [{ body }]);
    await away.one(ack(bob, 1));
    t.match(await away.rows(bob2), [{ body }]);
    t.match(await away.rows(cid), [{ body }]);
  });

  void t.test(name('receipts travel back, and coalesce where they arrive'), async t => {
    const [home, away] = two(t);
    await home.commit(send(ann, 1, [bob]), send(ann, 2, [bob]));
    await carryAll(home, away);
    t.same([...(await away.commit(ack(bob, 1))).links.keys()], [0]);
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
