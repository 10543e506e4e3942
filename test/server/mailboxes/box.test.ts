import t from 'tap';
import type { MonitorRef, Pid } from '../../../actors/index.ts';
import { Box, type Window } from '../../../server/mailboxes/box.ts';
import { messageTail, notedTail, type MailboxRow } from '../../../storage/mailboxes/row-tails.ts';
import { dev } from '../../contract/shard/fixture.ts';

const row = (n: number, bytes = 10): MailboxRow => {
  const body = Buffer.alloc(bytes);
  const message = { from: dev('ann'), seq: n, conversation: null, acceptedAt: 1, body };
  return { n, tail: messageTail(message) };
};
const rows = (from: number, to: number, bytes = 10): MailboxRow[] =>
  Array.from({ length: to - from + 1 }, (_, i) => row(from + i, bytes));

const newBox = (window: Partial<Window> = {}, from = { acked: 0, committed: 0 }): Box =>
  new Box(0 as unknown as Pid, 0 as unknown as MonitorRef, from, {
    unackedRows: 4,
    unackedBytes: 1_000,
    ...window,
  });

/** What is pushed next: the number before, and the numbers. */
const next = (box: Box): readonly [number, ...number[]] | null => {
  const push = box.next();
  return push === null ? null : [push.after, ...push.rows.map(({ n }) => n)];
};

void t.test('a new box is read first, and takes nothing before', async t => {
  const box = newBox();
  t.equal(box.readAfter(), 0);
  box.appended(rows(7, 8));
  t.equal(next(box), null, 'what lies before those is not known');
  box.startReading();
  t.equal(box.readAfter(), null, 'it is being read');
  box.loaded([], true);
  t.equal(box.readAfter(), null);
  box.appended(rows(7, 8));
  t.same(next(box), [0, 7, 8]);
});

void t.test(
  'what comes while the store is read, and is not in what was read, is read next',
  async t => {
    const box = newBox();
    box.startReading();
    box.appended(rows(3, 3));
    box.loaded(rows(1, 2), true);
    box.appended(rows(4, 4));
    t.same(next(box), [0, 1, 2]);
    t.equal(box.readAfter(), 2);
    box.startReading();
    box.loaded(rows(3, 4), true);
    t.same(next(box), [2, 3, 4]);
  },
);

void t.test('rows are pushed within the window, each with the number before it', async t => {
  const box = newBox();
  box.loaded(rows(1, 6), true);
  t.same(next(box), [0, 1, 2, 3, 4]);
  t.equal(next(box), null);
  box.taken(1, false);
  t.same(next(box), [4, 5]);
  box.taken(5, false);
  t.same(next(box), [5, 6]);
  t.equal(box.ackWanted, 5);
});

void t.test('bytes bound the window too, one row is always pushed', async t => {
  const box = newBox({ unackedBytes: 100, unackedRows: 100 });
  box.loaded([...rows(1, 3, 40), row(4, 500), row(5, 40)], true);
  t.same(next(box), [0, 1, 2]);
  t.equal(next(box), null);
  box.taken(1, false);
  t.same(next(box), [2, 3]);
  box.taken(3, false);
  t.same(next(box), [3, 4], 'larger than the window, alone');
  t.equal(next(box), null);
  box.taken(4, false);
  t.same(next(box), [4, 5]);
});

void t.test('the store is read when the buffer has run dry and there is room', async t => {
  const box = newBox();
  box.loaded(rows(1, 6), false);
  t.same(next(box), [0, 1, 2, 3, 4]);
  t.equal(box.readAfter(), null, 'two rows wait');
  box.taken(2, false);
  t.same(next(box), [4, 5, 6]);
  t.equal(box.readAfter(), null, 'the window is full');
  box.taken(4, false);
  t.equal(box.readAfter(), 6);
  box.loaded(rows(7, 7), true);
  t.same(next(box), [6, 7]);
  t.equal(box.readAfter(), null);
});

void t.test('what is read and told is pushed once', async t => {
  const box = newBox();
  box.loaded(rows(1, 2), true);
  box.appended(rows(2, 3));
  t.same(next(box), [0, 1, 2, 3]);
  box.appended(rows(3, 4));
  t.same(next(box), [3, 4]);
});

void t.test('a device that misses rows gets them again from where it is', async t => {
  const box = newBox();
  box.loaded(rows(1, 8), true);
  t.same(next(box), [0, 1, 2, 3, 4]);
  const { generation } = box;
  box.startReading();
  box.taken(1, true);
  t.not(box.generation, generation, 'what is being read is of no use any more');
  t.equal(next(box), null);
  t.equal(box.readAfter(), 1);
  box.loaded(rows(2, 8), true);
  t.same(next(box), [1, 2, 3, 4, 5]);
});

void t.test('it is not pushed again what it has acknowledged', async t => {
  const box = newBox({}, { acked: 5, committed: 5 });
  box.taken(2, true);
  t.equal(box.readAfter(), 5);
});

void t.test('a paused box pushes and reads nothing', async t => {
  const box = newBox();
  box.paused = true;
  t.equal(box.readAfter(), null);
  box.loaded(rows(1, 2), true);
  t.equal(next(box), null);
  box.paused = false;
  t.same(next(box), [0, 1, 2]);
});

void t.test('what waits in memory is bounded by rows', async t => {
  const box = newBox({ unackedBytes: 1e9 });
  box.loaded([], true);
  box.appended(rows(1, 1024, 0));
  box.appended(rows(1025, 1030, 0));
  for (let n = 4; n <= 1024; n += 4) {
    t.same(next(box)?.at(-1), n);
    box.taken(n, false);
  }
  t.equal(next(box), null, 'the rest is on the disk');
  t.equal(box.readAfter(), 1024);
});

void t.test('what waits in memory is bounded by bytes', async t => {
  const box = newBox({ unackedBytes: 100 });
  box.loaded([], true);
  box.appended(rows(1, 2, 40));
  box.appended(rows(3, 3, 40));
  t.same(next(box), [0, 1, 2]);
  box.taken(2, false);
  t.equal(next(box), null);
  t.equal(box.readAfter(), 2);
  box.loaded(rows(3, 3, 40), true);
  t.same(next(box), [2, 3]);
  // What was pushed counts no more.
  box.taken(3, false);
  box.appended(rows(4, 5, 50));
  t.same(next(box), [3, 4, 5]);
});

void t.test('when rows may have been missed, the store is read behind the buffer', async t => {
  const box = newBox({ unackedRows: 2 });
  box.loaded(rows(1, 3), true);
  t.same(next(box), [0, 1, 2]);
  box.missed();
  box.appended(rows(5, 5));
  box.taken(2, false);
  t.same(next(box), [2, 3]);
  t.equal(box.readAfter(), 3);
  box.loaded(rows(4, 5), true);
  box.taken(3, false);
  t.same(next(box), [3, 4, 5]);
});

const receipt = (n: number, peer = 'ann'): MailboxRow => ({
  n,
  tail: notedTail({ kind: 'receipt', peer: dev(peer), delivered: n, read: [] }),
});

void t.test('receipts alone wait for a message or for their time', async t => {
  const box = newBox();
  box.startReading();
  box.loaded([], true);
  box.appended([receipt(1)]);
  t.equal(next(box), null);
  t.equal(box.holdsReceipts, true);
  box.appended([row(2)]);
  t.same(next(box), [0, 1, 2]);
  box.appended([receipt(3)]);
  t.equal(next(box), null);
  box.receiptsDue();
  t.same(next(box), [2, 3]);
  box.appended([receipt(4)]);
  t.equal(next(box), null, 'the time is for those that waited, not for all that follow');
});

void t.test('of the receipts of a peer that wait only the newest is pushed', async t => {
  const box = newBox();
  box.startReading();
  box.loaded([], true);
  box.appended([receipt(1), receipt(2, 'eve'), receipt(3)]);
  box.receiptsDue();
  t.same(next(box), [0, 2, 3]);
});

void t.test('receipts do not keep back what the store still has', async t => {
  const box = newBox();
  box.startReading();
  box.loaded([receipt(1)], false);
  t.equal(box.holdsReceipts, false);
  t.same(next(box), [0, 1]);
});
