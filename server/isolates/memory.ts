/**
 * How much memory an isolate keeps, for its limit (`isolates.heap_mb`). V8 has a limit of its own for each thread, but
 * ends the whole process when one allocation goes 16 MiB past it, as a growing `Map` or a minor collection easily does
 * (node/src/node_worker.cc, NearHeapLimit). So V8's lies far above ours (`HEADROOM_MB`), and an isolate is looked at in
 * two ways: by itself, whenever it comes round its loop, and by the main thread while it does not.
 */
import { getHeapSpaceStatistics } from 'node:v8';
import { collectGarbage } from './garbage.ts';

/**
 * What V8 may use for young objects: three half-spaces of 64 MiB, as `npm start` gives the main thread. Messages
 * live for a few milliseconds; with more room most are dead before anybody copies them.
 */
export const YOUNG_GENERATION_MB = 192;

/** V8 allocates at most 1 GiB at once (a string, or the elements of an array), and while it grows, there are two. */
export const HEADROOM_MB = 2048;

/** Young objects have room of their own, and most are garbage already; but a young large one may have any size. */
const usedBytes = (): number =>
  getHeapSpaceStatistics()
    .filter(({ space_name: name }) => name !== 'new_space')
    .reduce((sum, { space_used_size: bytes }) => sum + bytes, process.memoryUsage().external);

/**
 * In the isolate: what it keeps, buffers outside of the heap included. Garbage does not count, but to tell it from the
 * rest takes a collection: there is one when more than the limit is in use, and then none before another eighth of it.
 */
export class KeptMemory {
  private readonly limitBytes: number;
  private readonly used: () => number;
  private readonly collect: () => void;
  private collectAbove: number;

  constructor(limitBytes: number, used = usedBytes, collect: () => void = collectGarbage) {
    this.limitBytes = limitBytes;
    this.used = used;
    this.collect = collect;
    this.collectAbove = limitBytes;
  }

  /** @returns bytes, more than the limit only when that much is kept */
  look(): number {
    const used = this.used();
    if (used <= this.collectAbove) return Math.min(used, this.limitBytes);
    this.collect();
    // Buffers that died are given back by the next one.
    if (this.used() > this.limitBytes) this.collect();
    const kept = this.used();
    this.collectAbove = Math.max(this.limitBytes, kept + this.limitBytes / 8);
    return kept;
  }
}

/**
 * In the main thread: by how much the whole process has grown while an isolate was silent. All of it counts for the
 * isolate, as nobody tells whose it is: two that are silent at once may both be ended for what one of them took.
 */
export class Growth {
  private readonly rss: () => number;
  private before: number;

  constructor(rss = (): number => process.memoryUsage.rss()) {
    this.rss = rss;
    this.before = rss();
  }

  /**
   * @param silentMs for how long the isolate has been silent
   * @returns bytes
   */
  look(silentMs: number): number {
    const now = this.rss();
    if (silentMs === 0) this.before = now;
    return now - this.before;
  }
}
