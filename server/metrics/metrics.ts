/** The server's metrics, and how they are printed in Prometheus' text format. */
import { AggregatorRegistry, collectDefaultMetrics, Counter, Registry } from 'prom-client';
import { isMainThread } from 'node:worker_threads';
import { turnTimes } from '../../actors/index.ts';
import { speakingSessions } from '../directory/speakers.ts';
import { createGatewayMetrics } from './gateway-metrics.ts';
import type { GatewayMetrics } from './gateway-metrics.ts';
import { createServerMetrics } from './server-metrics.ts';
import type { ServerMetrics } from './server-metrics.ts';
import { PREFIX } from './tally.ts';

export interface Metrics {
  readonly gateway: GatewayMetrics;
  readonly server: ServerMetrics;
  /** All of them as plain data, for the isolate that prints. */
  read(): Promise<readonly object[]>;
  /** In Prometheus' text format, summed up with what other isolates have read. */
  print(
    others?: readonly (readonly object[])[],
  ): Promise<{ readonly text: string; readonly contentType: string }>;
}

/**
 * A registry of its own for each server, so that two in one process (tests) stay apart, and for each isolate. The
 * main thread's has memory, processor time and the lag of the event loop too, under the names that prom-client
 * gives them.
 */
export function createMetrics(): Metrics {
  const registry = new Registry();
  if (isMainThread) collectDefaultMetrics({ register: registry, prefix: PREFIX });
  const server = createServerMetrics(registry);
  server.gauge('sessions', 'Sessions that are logged in.', speakingSessions);
  countTurns(registry);
  const read = (): Promise<readonly object[]> => registry.getMetricsAsJSON();
  return {
    gateway: createGatewayMetrics(registry),
    server,
    read,
    print: async (others = []) => {
      const all = [await read(), ...others] as object[][];
      const together = AggregatorRegistry.aggregate(all);
      return { text: await together.metrics(), contentType: registry.contentType };
    },
  };
}

/** Where the processor time goes: by what processes are called in reports. */
function countTurns(registry: Registry): void {
  new Counter({
    name: `${PREFIX}turn_seconds_total`,
    help: 'Time in the turns of processes.',
    labelNames: ['label'],
    registers: [registry],
    collect() {
      this.reset();
      for (const [label, { micros }] of turnTimes()) this.inc({ label }, micros / 1e6);
    },
  });
  new Counter({
    name: `${PREFIX}turns_total`,
    help: 'Turns of processes.',
    labelNames: ['label'],
    registers: [registry],
    collect() {
      this.reset();
      for (const [label, { turns }] of turnTimes()) this.inc({ label }, turns);
    },
  });
}
