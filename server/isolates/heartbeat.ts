/**
 * What an isolate and its watchdog share: memory, so that a thread that is stuck, or a main thread that is late, is
 * told from one that has only a long queue.
 */
const BEATS = 0;
const HEAP_KIB = 1;
const EXCUSED = 2;

export class Heartbeat {
  /** Goes to the worker's thread as it is. */
  readonly memory: SharedArrayBuffer;
  /** The process whose turn it is there, 0 between turns: see `watchTurns`. */
  readonly running: Float64Array;
  private readonly counters: Int32Array;

  constructor(memory = new SharedArrayBuffer(24)) {
    this.memory = memory;
    this.running = new Float64Array(memory, 0, 1);
    this.counters = new Int32Array(memory, 8, 3);
  }

  /** The worker: it has come round its loop. @param heapBytes what it keeps, buffers outside of the heap included */
  beat(heapBytes: number): void {
    Atomics.store(this.counters, HEAP_KIB, Math.min(heapBytes / 1024, 0x7fff_ffff));
    Atomics.add(this.counters, BEATS, 1);
  }

  /** Runs work that may rightly take long without coming round the loop, such as opening or migrating a store. */
  excuse<T>(work: () => T): T {
    Atomics.add(this.counters, EXCUSED, 1);
    try {
      return work();
    } finally {
      Atomics.sub(this.counters, EXCUSED, 1);
    }
  }

  get isExcused(): boolean {
    return Atomics.load(this.counters, EXCUSED) > 0;
  }

  get beats(): number {
    return Atomics.load(this.counters, BEATS);
  }

  get heapBytes(): number {
    return Atomics.load(this.counters, HEAP_KIB) * 1024;
  }
}

/**
 * Judges beats: how long an isolate has been silent while *somebody looked*. A watchdog that is itself held up counts
 * none of that time against the isolate.
 */
export class Silence {
  private readonly heartbeat: Heartbeat;
  private readonly everyMs: number;
  private beats: number;
  private lookedAt: number;
  private silentMs = 0;

  /** @param everyMs how often `look` is meant to be called */
  constructor(heartbeat: Heartbeat, everyMs: number, now: number) {
    this.heartbeat = heartbeat;
    this.everyMs = everyMs;
    this.beats = heartbeat.beats;
    this.lookedAt = now;
  }

  /** @returns for how many milliseconds it has been silent */
  look(now: number): number {
    const { beats } = this.heartbeat;
    if (beats !== this.beats || this.heartbeat.isExcused) this.silentMs = 0;
    else this.silentMs += Math.min(now - this.lookedAt, 2 * this.everyMs);
    this.beats = beats;
    this.lookedAt = now;
    return this.silentMs;
  }
}
