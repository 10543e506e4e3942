/** The server's metrics, and how they are printed in Prometheus' text format. */
import { collectDefaultMetrics, Registry } from 'prom-client';
import { createGatewayMetrics } from './gateway-metrics.ts';
import type { GatewayMetrics } from './gateway-metrics.ts';
import { createServerMetrics } from './server-metrics.ts';
import type { ServerMetrics } from './server-metrics.ts';
import { PREFIX } from './tally.ts';

export interface Metrics {
  readonly gateway: GatewayMetrics;
  readonly server: ServerMetrics;
  print(): Promise<{ readonly text: string; readonly contentType: string }>;
}

/**
 * A registry of its own for each server, so that two in one process (tests) stay apart. Memory, processor time
 * and the lag of the event loop are in it under the names that prom-client gives them.
 */
export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: PREFIX });
  return {
    gateway: createGatewayMetrics(registry),
    server: createServerMetrics(registry),
    print: async () => ({ text: await registry.metrics(), contentType: registry.contentType }),
  };
}
