import { build, type Histogram } from 'hdr-histogram-js';

/** Milliseconds at percentiles. */
export interface LatencySummary {
  readonly count: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

/** Times from a moment that was intended to the moment that it was reached, to three digits. */
export class Latency {
  readonly #histogram: Histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: 3_600_000_000,
    numberOfSignificantValueDigits: 3,
    autoResize: false,
    bitBucketSize: 32,
  });

  record(ms: number): void {
    this.#histogram.recordValue(Math.max(1, Math.round(ms * 1000)));
  }

  summary(): LatencySummary {
    const longest = this.#histogram.maxValue;
    // A percentile is the upper end of its bucket, the longest is exact.
    const at = (percentile: number): number =>
      Math.min(this.#histogram.getValueAtPercentile(percentile), longest) / 1000;
    return {
      count: this.#histogram.totalCount,
      p50: at(50),
      p90: at(90),
      p99: at(99),
      p999: at(99.9),
      max: longest / 1000,
    };
  }
}
