/** What the isolates were like in the last minutes: the main thread keeps it, so that charts have a past. */
import { HISTORY_SECONDS, type IsolateSummary, type Sample } from '../../protocol/observer.ts';

interface Kept {
  startedAt: number;
  /** Oldest first. */
  readonly samples: Sample[];
}

/** An isolate that was not heard of for so long does not answer. */
const SILENT_MS = 3_000;

export class History {
  readonly #isolates = new Map<number, Kept>();
  readonly #now: () => number;

  /** @param now milliseconds since 1970 */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  add(isolate: number, startedAt: number, sample: Sample): void {
    const kept = this.#isolates.get(isolate) ?? { startedAt, samples: [] };
    this.#isolates.set(isolate, kept);
    kept.startedAt = startedAt;
    kept.samples.push(sample);
    if (kept.samples.length > HISTORY_SECONDS) kept.samples.shift();
    this.#forgetGone();
  }

  isolates(): IsolateSummary[] {
    return this.#sorted().flatMap(([isolate, { startedAt, samples }]) => {
      const last = samples.at(-1);
      if (last === undefined) return [];
      const answers = this.#now() - last.at < SILENT_MS;
      return [{ isolate, role: isolate === 0 ? 'main' : 'shards', startedAt, answers, last }];
    });
  }

  /** Samples that are newer than this time. */
  since(after: number): { readonly isolate: number; readonly samples: readonly Sample[] }[] {
    return this.#sorted().map(([isolate, { samples }]) => ({
      isolate,
      samples: samples.filter(({ at }) => at > after),
    }));
  }

  #sorted(): [number, Kept][] {
    return [...this.#isolates].sort(([one], [other]) => one - other);
  }

  /** An upgrade ends isolates for good: nobody asks for those of five minutes ago. */
  #forgetGone(): void {
    for (const [isolate, { samples }] of this.#isolates) {
      const last = samples.at(-1)?.at ?? 0;
      if (this.#now() - last > HISTORY_SECONDS * 1_000) this.#isolates.delete(isolate);
    }
  }
}
