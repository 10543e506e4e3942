/**
 * What an isolate and its watchdog share: memory, so that a thread that is stuck, or a main thread that is late, is
 * told from one that has only a long queue.
 */
const BEATS = 0;
const HEAP_KIB = 1;
const EXCUSED = 2;
const THREAD = 3;

export class Heartbeat {
  /** Goes to the worker's thread as it is. */
  readonly memory: SharedArrayBuffer;
  /** The process whose turn it is there, 0 between turns: see `watchTurns`. */
  readonly running: Float64Array;
  private readonly counters: Int32Array;

  constructor(memory = new SharedArrayBuffer(24)) {
    this.memory = memory;
    this.running = new Float64Array(memory, 0, 1);
    this.counters = new Int32Array(memory, 8, 4);
  }

  /** The worker: the system knows its thread by this number; see processor-time.ts. */
  set thread(number: number) {
    Atomics.store(this.counters, THREAD, number);
  }

  get thread(): number {
    return Atomics.load(this.counters, THREAD);
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
 * Judges beats: how long an isolate has been silent while *somebody looked* and while it *could have* said something. A
 * watchdog that is itself held up counts none of that time against the isolate, nor, up to a limit, the time in which
 * the isolate waited for a processor.
 */
export class Silence {
  private readonly heartbeat: Heartbeat;
  private readonly options: SilenceOptions;
  private beats: number;
  private lookedAt: number;
  private silentMs = 0;
  /** How much of this silence was waiting for a processor. */
  private starvedMs = 0;
  /** What it had waited in its life when it was last found silent. */
  private waitedMs: number | undefined;

  constructor(heartbeat: Heartbeat, options: SilenceOptions, now: number) {
    this.heartbeat = heartbeat;
    this.options = options;
    this.beats = heartbeat.beats;
    this.lookedAt = now;
  }

  /** @returns for how many milliseconds it has been silent */
  look(now: number): number {
    const { beats } = this.heartbeat;
    if (beats !== this.beats || this.heartbeat.isExcused) {
      this.silentMs = 0;
      this.starvedMs = 0;
      this.waitedMs = undefined;
    } else {
      const passedMs = Math.min(now - this.lookedAt, 2 * this.options.everyMs);
      this.silentMs += passedMs - this.starved(passedMs);
    }
    this.beats = beats;
    this.lookedAt = now;
    return this.silentMs;
  }

  /** How much of the time that has passed it waited for a processor, as far as that excuses it. */
  private starved(passedMs: number): number {
    const { waitedMs, graceMs } = this.options;
    const before = this.waitedMs;
    this.waitedMs = waitedMs();
    const newlyMs = this.waitedMs - (before ?? this.waitedMs);
    const excusedMs = Math.min(newlyMs, passedMs, graceMs - this.starvedMs);
    this.starvedMs += excusedMs;
    return excusedMs;
  }
}

export interface SilenceOptions {
  /** How often `look` is meant to be called. */
  readonly everyMs: number;
  /** For how long in its life the isolate's thread has waited for a processor. Asked only while it is silent. */
  readonly waitedMs: () => number;
  /** How much of such waiting one silence is excused. */
  readonly graceMs: number;
}
