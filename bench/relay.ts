/**
 * `relay`: every message stored with fsync, accepted, delivered, acknowledged and deleted, next to a bare
 * uWebSockets.js relay that the same client code drives in the same run (bench/raw-relay.ts). The server, the relay
 * and the load generator (this process) are processes of their own; rounds take turns and the medians count.
 */
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { registerUsers } from '../lab/accounts.ts';
import { Load, type LoadResult } from '../lab/load.ts';
import { startServerProcess, type ServerProcess } from '../lab/server-process.ts';
import { nodeCrypto } from '../protocol/crypto/node.ts';
import type { Identity } from '../protocol/device/identity.ts';
import { deviceId, type UserId } from '../protocol/ids.ts';
import { machine, median, type BenchReport, type BenchResult } from './report.ts';

export interface RelayOptions {
  readonly quick: boolean;
  /** A running server instead of one of our own. */
  readonly server?: string;
}

const relayProgram = fileURLToPath(new URL('./raw-relay.js', import.meta.url));

interface Plan {
  readonly connections: number;
  readonly rounds: number;
  readonly warmUpSeconds: number;
  readonly seconds: number;
}

const plans = {
  quick: { connections: 1000, rounds: 1, warmUpSeconds: 1, seconds: 2 },
  whole: { connections: 1000, rounds: 5, warmUpSeconds: 2, seconds: 6 },
} as const satisfies Record<string, Plan>;

const bodyBytes = 200;
const window = 16;

/**
 * One side of the comparison: at full load as fast as it goes; then at half of that rate, in the bursts of a whole
 * window that a closed loop makes, so that both loads have frames of one size. Latencies at half load run from when
 * a burst was due.
 */
interface Round {
  readonly full: LoadResult;
  readonly half: LoadResult;
}

export async function run({ quick, server }: RelayOptions): Promise<BenchReport> {
  const plan = quick ? plans.quick : plans.whole;
  const started: ServerProcess[] = [];
  try {
    const raw = await startServerProcess({ program: [relayProgram] });
    started.push(raw);
    let url = server;
    if (url === undefined) {
      const own = await startServerProcess({ flags: { 'log-level': 'warning' } });
      started.push(own);
      url = own.url;
    }
    const baseline = await connect(raw.url, await strangers(raw.url, plan.connections));
    const prefix = `bench-${randomBytes(4).toString('hex')}-`;
    const subject = await connect(url, await registerUsers(url, prefix, plan.connections));
    const rounds: { raw: Round; strowger: Round }[] = [];
    for (let i = 0; i < plan.rounds; i++)
      rounds.push({ raw: await round(baseline, plan), strowger: await round(subject, plan) });
    baseline.close();
    subject.close();
    return report(rounds);
  } finally {
    for (const each of started) await each.end();
  }
}

const connect = (server: string, identities: readonly Identity[]): Promise<Load> =>
  Load.connect({ server, identities, bodyBytes, window, shape: { kind: 'pairs' } });

/** Users as the bare relay takes them: it asks for no account. */
async function strangers(server: string, count: number): Promise<Identity[]> {
  const keys = await nodeCrypto.generateKeyPair();
  return Array.from({ length: count }, (_, index) => {
    const user = `u${index}` as UserId;
    return { server, user, device: deviceId(user, 1), ...keys, retired: false };
  });
}

async function round(load: Load, { warmUpSeconds, seconds }: Plan): Promise<Round> {
  const full = await load.run({ warmUpSeconds, seconds });
  const ratePerSecond = full.deliveredPerSecond / 2;
  return { full, half: await load.run({ warmUpSeconds, seconds, ratePerSecond, burst: window }) };
}

function report(rounds: readonly { readonly raw: Round; readonly strowger: Round }[]): BenchReport {
  const sides = ['strowger', 'raw'] as const;
  const middle = (pick: (round: (typeof rounds)[number]) => number): number =>
    median(rounds.map(pick));
  const results: BenchResult[] = sides.flatMap(side => [
    {
      name: `${side}, full load`,
      value: middle(round => round[side].full.deliveredPerSecond),
      unit: 'messages/s',
    },
    {
      name: `${side}, half load`,
      value: middle(round => round[side].half.deliveredPerSecond),
      unit: 'messages/s',
    },
    ...(['full', 'half'] as const).flatMap(load =>
      (['p50', 'p99'] as const).map(percentile => ({
        name: `${side}, ${load} load, end to end ${percentile}`,
        value: middle(round => round[side][load].latencyMs[percentile]),
        unit: 'ms',
      })),
    ),
    {
      name: `${side}, load generator`,
      value: middle(({ [side]: { full } }) => full.generatorCpuSeconds / full.seconds) * 100,
      unit: '% of one core at full load',
    },
  ]);
  const ratios = [
    {
      name: 'strowger / raw relay',
      value: middle(
        ({ raw, strowger }) => strowger.full.deliveredPerSecond / raw.full.deliveredPerSecond,
      ),
      baseline: 'of a bare uWebSockets.js relay without accounts and store, same client, same run',
    },
  ];
  return { subject: 'relay', machine: machine(), results, ratios };
}
