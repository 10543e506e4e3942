/** What the processes of an isolate share, made from plain data in each of them. */
import { openShard } from '../storage/shard/sqlite-shard.ts';
import { shardFile } from './data-directory.ts';
import { createRateLimit } from './http/rate-limit.ts';
import type { IsolateTreeOptions } from './isolates/tree.ts';
import type { IsolateSettings } from './isolates/worker-data.ts';
import type { Metrics } from './metrics/metrics.ts';
import { Tickets } from './sessions/tickets.ts';

const TICKET_LIFE_MS = 24 * 3600 * 1000;
const MINUTE_MS = 60_000;

export function isolateServices(
  { config, shards, ticketSecret }: IsolateSettings,
  metrics: Metrics,
): IsolateTreeOptions {
  const { limits, retry } = config;
  const perAccount = createRateLimit({
    tokens: limits.loginsPerAccountPerMinute,
    periodMs: MINUTE_MS,
  });
  return {
    config,
    shards,
    openShard: shard =>
      openShard({ file: shardFile(config.dataDirectory, shard), shard, shards, limits }),
    metrics,
    sessions: {
      shards,
      limits,
      metrics: metrics.server,
      tickets: new Tickets(ticketSecret, TICKET_LIFE_MS),
      mayLogIn: device => perAccount.take(device) === 0,
      retryAfterMs: () => Math.round(retry.afterMs + Math.random() * retry.jitterMs),
    },
  };
}
