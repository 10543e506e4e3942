/** The server's metrics, and the registry that prints them in Prometheus' text format. */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { createTallies } from './tallies.ts';
import type { Tallies } from './tallies.ts';

export interface Metrics {
  /** To be added to where messages pass. */
  readonly tallies: Tallies;
  /** Sockets that the server closed, by close code's name. */
  readonly closed: Counter<'code'>;
  /** Upgrades that were refused, by reason. */
  readonly refused: Counter<'reason'>;
  /** Children restarted, by supervisor. */
  readonly restarts: Counter<'supervisor'>;
  /** Committed transactions of the stores: how many decisions shared one fsync. */
  readonly commitBatch: Histogram;
  /** Seconds that a commit took. */
  readonly commitSeconds: Histogram;
  /**
   * Adds a gauge whose value is asked for when the metrics are read, such as the rows in all mailboxes.
   * @param name without the prefix `strowger_`
   */
  gauge(name: string, help: string, read: () => number): void;
  /** Everything in Prometheus' text format, with its content type. */
  print(): Promise<{ readonly text: string; readonly contentType: string }>;
}

const PREFIX = 'strowger_';

/** Metrics of their own for each server, so that two in one process (tests) stay apart. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const tallies = createTallies();
  collectDefaultMetrics({ register: registry, prefix: PREFIX });

  const gauge: Metrics['gauge'] = (name, help, read) => {
    new Gauge({
      name: PREFIX + name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  };
  const counter = (name: string, help: string, read: () => number): void => {
    new Counter({
      name: PREFIX + name,
      help,
      registers,
      collect() {
        this.reset();
        this.inc(read());
      },
    });
  };
  const { gateway, delivery } = tallies;
  gauge('connections', 'Open sockets.', () => gateway.connections);
  counter('connections_opened_total', 'Sockets opened.', () => gateway.opened);
  counter('frames_in_total', 'Frames received.', () => gateway.framesIn);
  counter('bytes_in_total', 'Bytes of frames received.', () => gateway.bytesIn);
  counter('frames_out_total', 'Frames sent.', () => gateway.framesOut);
  counter('bytes_out_total', 'Bytes of frames sent.', () => gateway.bytesOut);
  counter('congested_total', 'Times a socket was over its limit.', () => gateway.congested);
  counter('sessions_lost_total', 'Sessions that died under a socket.', () => gateway.sessionsLost);
  gauge('sessions', 'Running sessions.', () => delivery.sessions);
  counter('accepted_total', 'Sends accepted.', () => delivery.accepted);
  counter('rejected_total', 'Sends rejected.', () => delivery.rejected);
  counter('pushed_total', 'Mailbox rows pushed to devices.', () => delivery.pushed);
  counter('delivered_total', 'Mailbox rows acknowledged.', () => delivery.delivered);

  return {
    tallies,
    gauge,
    closed: new Counter({
      name: `${PREFIX}closed_total`,
      help: 'Sockets closed by the server.',
      labelNames: ['code'],
      registers,
    }),
    refused: new Counter({
      name: `${PREFIX}refused_total`,
      help: 'Connections refused at the upgrade.',
      labelNames: ['reason'],
      registers,
    }),
    restarts: new Counter({
      name: `${PREFIX}restarts_total`,
      help: 'Children restarted.',
      labelNames: ['supervisor'],
      registers,
    }),
    commitBatch: new Histogram({
      name: `${PREFIX}commit_batch`,
      help: 'Decisions that shared one commit.',
      buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096],
      registers,
    }),
    commitSeconds: new Histogram({
      name: `${PREFIX}commit_seconds`,
      help: 'Time that a commit took.',
      buckets: [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1],
      registers,
    }),
    print: async () => ({ text: await registry.metrics(), contentType: registry.contentType }),
  };
}
