/** What a link holds in memory, and what it leaves in the store. */
import t from 'tap';
import { Backlog } from '../../../server/links/backlog.ts';
import type { LinkSegment } from '../../../protocol/delivery/link-items.ts';
import { lastOf } from '../../../storage/links/link-segments.ts';

/** So that a segment costs 1,000 bytes. */
const BYTES = 488;
const limits = { memoryBytes: 10_000, windowBytes: 3_000, windowSegments: 10, readBytes: 9_500 };

/** A segment per number, of one row. */
const segments = (from: number, to: number, bytes = BYTES): LinkSegment[] =>
  Array.from({ length: to - from + 1 }, (_, i) => ({
    after: from + i - 1,
    count: 1,
    items: new Uint8Array(bytes),
  }));

const ends = (sent: readonly LinkSegment[]): number[] => sent.map(lastOf);

/** One that has read the store and found nothing there. */
function empty(changed: Partial<typeof limits> = {}): Backlog {
  const backlog = new Backlog({ ...limits, ...changed });
  backlog.read([], true);
  return backlog;
}

void t.test('before the store has been read, what it commits is left to the reading', t => {
  const backlog = new Backlog(limits);
  backlog.committed(segments(5, 6));
  t.same(backlog.send(), []);
  t.same(backlog.wanted(), { after: null, bytes: 9_500 });
  backlog.read(segments(3, 6), true);
  t.equal(backlog.wanted(), undefined);
  backlog.committed(segments(7, 7));
  t.same(ends(backlog.send()), [3, 4, 5]);
  backlog.acknowledged(5);
  t.same(ends(backlog.send()), [6, 7]);
  t.end();
});

void t.test('no more is under way than the window, or one segment', t => {
  const backlog = empty();
  backlog.committed(segments(1, 5));
  t.same(ends(backlog.send()), [1, 2, 3]);
  t.same(backlog.send(), []);
  backlog.acknowledged(2);
  t.same(ends(backlog.send()), [4, 5]);
  const large = empty();
  large.committed([...segments(1, 1, 5_000), ...segments(2, 2)]);
  t.same(ends(large.send()), [1], 'one larger than the window goes alone');
  large.acknowledged(1);
  t.same(ends(large.send()), [2]);
  const many = empty({ windowSegments: 2 });
  many.committed(segments(1, 5));
  t.same(ends(many.send()), [1, 2]);
  t.end();
});

void t.test('what memory has no room for is read when half of it has been carried', t => {
  const backlog = empty();
  backlog.committed(segments(1, 10));
  t.equal(backlog.wanted(), undefined);
  backlog.committed(segments(11, 12));
  t.equal(backlog.wanted(), undefined, 'no room');
  backlog.send();
  for (const upTo of [3, 4]) {
    backlog.acknowledged(upTo);
    backlog.send();
  }
  t.equal(backlog.wanted(), undefined);
  backlog.committed(segments(13, 13));
  backlog.acknowledged(5);
  t.same(backlog.wanted(), { after: 10, bytes: 5_000 });
  backlog.read(segments(11, 12), false);
  backlog.committed(segments(14, 14));
  backlog.acknowledged(12);
  t.same(backlog.wanted(), { after: 12, bytes: 9_500 }, 'the store had more');
  backlog.read(segments(13, 14), true);
  backlog.committed(segments(15, 15));
  t.same(ends(backlog.send()), [13, 14, 15]);
  t.end();
});

void t.test('words that were not heard are found out, and read', t => {
  const backlog = empty();
  backlog.committed(segments(1, 1));
  backlog.committed(segments(3, 3));
  t.same(backlog.wanted(), { after: 1, bytes: 9_000 });
  backlog.read(segments(2, 3), true);
  t.same(ends(backlog.send()), [1, 2, 3]);
  backlog.doubt();
  backlog.committed(segments(5, 5));
  t.same(backlog.wanted(), { after: 3, bytes: 7_000 });
  t.end();
});

void t.test('sent again from what is not acknowledged', t => {
  const backlog = empty();
  backlog.committed(segments(1, 5));
  backlog.send();
  backlog.acknowledged(1);
  backlog.rewind();
  t.same(ends(backlog.send()), [2, 3, 4]);
  backlog.rewind();
  backlog.acknowledged(4);
  t.same(ends(backlog.send()), [5], 'an answer to what was under way before');
  backlog.acknowledged(5);
  backlog.committed(segments(6, 9));
  t.same(ends(backlog.send()), [6, 7, 8]);
  t.end();
});

void t.test('a segment of which a part is acknowledged is sent again as a whole', t => {
  const backlog = empty();
  backlog.committed([{ after: 0, count: 4, items: new Uint8Array(BYTES) }]);
  backlog.send();
  backlog.acknowledged(2);
  backlog.rewind();
  t.same(ends(backlog.send()), [4]);
  t.end();
});

void t.test('after everything is forgotten the store says where to begin', t => {
  const backlog = empty();
  backlog.committed(segments(1, 5));
  backlog.send();
  backlog.forget();
  t.same(backlog.wanted(), { after: null, bytes: 9_500 });
  backlog.committed(segments(6, 6));
  t.same(backlog.send(), []);
  backlog.read(segments(4, 6), true);
  t.same(ends(backlog.send()), [4, 5, 6]);
  t.end();
});
