/** Measures this isolate, once a second. */
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { processCounts, turnTimes } from '../../actors/index.ts';
import type { Sample } from '../../protocol/observer.ts';
import { speakingSessions } from '../directory/speakers.ts';
import type { Metrics } from '../metrics/metrics.ts';

/** How often the loop's delay is looked at; what is measured has this in it. */
const LAG_RESOLUTION_MS = 10;
const NANOS_PER_MS = 1e6;

/** Numbers that only rise: what is told is their difference. */
interface Counters {
  readonly messages: number;
  readonly accepted: number;
  readonly pushed: number;
  readonly framesIn: number;
  readonly framesOut: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

export interface SamplerOptions {
  readonly metrics: Metrics;
  /** Whether the sockets are in this thread. */
  readonly hasGateway: boolean;
  /** Children that ended abnormally here so far. */
  readonly restarts: () => number;
}

export class Sampler {
  readonly #options: SamplerOptions;
  readonly #lag = monitorEventLoopDelay({ resolution: LAG_RESOLUTION_MS });
  #before: Counters;
  #busy = performance.eventLoopUtilization();
  #at = performance.now();

  constructor(options: SamplerOptions) {
    this.#options = options;
    this.#before = this.#count();
    this.#lag.enable();
  }

  /** What happened since the last one. */
  take(): Sample {
    const at = performance.now();
    const tookMs = Math.max(1, at - this.#at);
    const counters = this.#count();
    const rate = (what: keyof Counters): number =>
      Math.round(((counters[what] - this.#before[what]) * 1_000) / tookMs);
    const busy = performance.eventLoopUtilization();
    const { heapUsed, external } = process.memoryUsage();
    const sample: Sample = {
      at: Date.now(),
      tookMs: Math.round(tookMs),
      processes: processCounts().living,
      heapBytes: heapUsed,
      externalBytes: external,
      lagMs: this.#readLag(),
      busy: round(performance.eventLoopUtilization(busy, this.#busy).utilization),
      messages: rate('messages'),
      accepted: rate('accepted'),
      pushed: rate('pushed'),
      sessions: speakingSessions(),
      restarts: this.#options.restarts(),
      ...(this.#options.hasGateway
        ? {
            gateway: {
              sockets: this.#options.metrics.gateway.connections.value,
              framesIn: rate('framesIn'),
              framesOut: rate('framesOut'),
              bytesIn: rate('bytesIn'),
              bytesOut: rate('bytesOut'),
            },
          }
        : {}),
    };
    this.#before = counters;
    this.#busy = busy;
    this.#at = at;
    return sample;
  }

  /** Measures no more. */
  stop(): void {
    this.#lag.disable();
  }

  #readLag(): Sample['lagMs'] {
    const late = (nanos: number): number =>
      round(Math.max(0, nanos / NANOS_PER_MS - LAG_RESOLUTION_MS));
    const { max } = this.#lag;
    const lag = {
      p50: late(this.#lag.percentile(50)),
      p99: late(this.#lag.percentile(99)),
      max: late(max),
    };
    this.#lag.reset();
    return lag;
  }

  #count(): Counters {
    const { server, gateway } = this.#options.metrics;
    let messages = 0;
    for (const times of turnTimes().values()) messages += times.messages;
    return {
      messages,
      accepted: server.accepted.value,
      pushed: server.pushed.value,
      framesIn: gateway.framesIn.value,
      framesOut: gateway.framesOut.value,
      bytesIn: gateway.bytesIn.value,
      bytesOut: gateway.bytesOut.value,
    };
  }
}

const round = (value: number): number => Math.round(value * 1_000) / 1_000;
