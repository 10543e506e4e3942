/** What sessions, stores, mailboxes and supervisors count. */
import { Counter, Histogram } from 'prom-client';
import type { Registry } from 'prom-client';
import { gauge, PREFIX, tally } from './tally.ts';
import type { Tally } from './tally.ts';

export interface ServerMetrics {
  /** Logins that succeeded, by what proved them. */
  readonly logins: Counter<'proof'>;
  readonly loginsFailed: Tally;
  /** Sends accepted. */
  readonly accepted: Tally;
  /** Sends rejected, by error code. */
  readonly rejected: Counter<'code'>;
  /** Mailbox rows pushed to devices. */
  readonly pushed: Tally;
  /** Seconds that a commit of a store took. */
  readonly commitSeconds: Histogram;
  /** How many commands shared one commit. */
  readonly commandsPerCommit: Histogram;
  readonly commitsFailed: Tally;
  /** Children restarted, by supervisor. */
  readonly restarts: Counter<'supervisor'>;
  /**
   * Adds a gauge whose value is asked for when the metrics are read, such as the rows in all mailboxes.
   * @param name without the prefix `strowger_`
   */
  gauge(name: string, help: string, read: () => number): void;
}

export const createServerMetrics = (registry: Registry): ServerMetrics => ({
  logins: labelled(registry, 'logins_total', 'Logins that succeeded.', 'proof'),
  loginsFailed: tally(registry, 'logins_failed_total', 'Logins that failed.'),
  accepted: tally(registry, 'accepted_total', 'Sends accepted.'),
  rejected: labelled(registry, 'rejected_total', 'Sends rejected.', 'code'),
  pushed: tally(registry, 'pushed_total', 'Mailbox rows pushed to devices.'),
  commitSeconds: new Histogram({
    name: `${PREFIX}commit_seconds`,
    help: 'Time that a commit took.',
    buckets: [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1],
    registers: [registry],
  }),
  commandsPerCommit: new Histogram({
    name: `${PREFIX}commands_per_commit`,
    help: 'Commands that shared one commit.',
    buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096],
    registers: [registry],
  }),
  commitsFailed: tally(registry, 'commits_failed_total', 'Commits that failed.'),
  restarts: labelled(registry, 'restarts_total', 'Children restarted.', 'supervisor'),
  gauge: (name, help, read) => gauge(registry, name, help, read),
});

const labelled = <L extends string>(
  registry: Registry,
  name: string,
  help: string,
  label: L,
): Counter<L> =>
  new Counter({ name: PREFIX + name, help, labelNames: [label], registers: [registry] });
