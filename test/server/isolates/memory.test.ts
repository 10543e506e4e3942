/** What an isolate keeps: by its own word, and by the growth of the process while it says nothing. */
import t from 'tap';
import { Growth, KeptMemory } from '../../../server/isolates/memory.ts';

/** A heap with a limit of 800 bytes. */
class Heap {
  living = 0;
  garbage = 0;
  collections = 0;
  readonly memory = new KeptMemory(
    800,
    () => this.living + this.garbage,
    () => {
      this.collections += 1;
      this.garbage = 0;
    },
  );
}

void t.test('below the limit nobody collects', t => {
  const heap = new Heap();
  heap.garbage = 800;
  t.equal(heap.memory.look(), 800);
  t.equal(heap.collections, 0);
  t.end();
});

void t.test('garbage is not kept', t => {
  const heap = new Heap();
  heap.living = 300;
  heap.garbage = 501;
  t.equal(heap.memory.look(), 300);
  t.equal(heap.collections, 1);
  t.end();
});

void t.test('close to the limit an eighth of it comes between two collections', t => {
  const heap = new Heap();
  heap.living = 790;
  heap.garbage = 50;
  t.equal(heap.memory.look(), 790);
  t.equal(heap.collections, 1);
  heap.garbage = 100;
  t.equal(heap.memory.look(), 800, 'more may be garbage');
  t.equal(heap.collections, 1);
  heap.garbage = 101;
  t.equal(heap.memory.look(), 790);
  t.equal(heap.collections, 2);
  t.end();
});

void t.test('what is kept past the limit is told', t => {
  const heap = new Heap();
  heap.living = 801;
  t.equal(heap.memory.look(), 801);
  t.end();
});

void t.test('buffers that only the second collection gives back are not kept', t => {
  let used = 1_000;
  const memory = new KeptMemory(
    800,
    () => used,
    () => {
      used -= 150;
    },
  );
  t.equal(memory.look(), 700);
  t.end();
});

void t.test('its own collection frees what nobody refers to, and says what is kept', t => {
  const limit = process.memoryUsage().heapUsed + process.memoryUsage().external + 2 ** 26;
  let buffers: Buffer[] | undefined = Array.from({ length: 4 }, () => Buffer.alloc(2 ** 25));
  const kept = new KeptMemory(limit).look();
  t.ok(kept > limit, `${buffers.length} buffers are kept: ${kept} of ${limit}`);
  buffers = undefined;
  t.ok(new KeptMemory(limit).look() < limit);
  t.end();
});

void t.test('a large object counts while it is young', t => {
  const limit = process.memoryUsage().heapUsed + process.memoryUsage().external + 2 ** 25;
  const large = new Array<number>(2 ** 23).fill(1);
  t.ok(new KeptMemory(limit).look() > limit, `${large.length} numbers of 8 bytes`);
  t.end();
});

void t.test('growth is counted from when it was last heard', t => {
  let rss = 1_000;
  const growth = new Growth(() => rss);
  rss = 1_500;
  t.equal(growth.look(0), 0, 'it was heard just now');
  rss = 1_700;
  t.equal(growth.look(100), 200);
  rss = 2_100;
  t.equal(growth.look(200), 600);
  rss = 1_400;
  t.equal(growth.look(300), -100);
  rss = 2_000;
  t.equal(growth.look(0), 0);
  t.equal(growth.look(100), 0);
  t.end();
});
