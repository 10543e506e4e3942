/**
 * `reload`: what loading code does to the users. Pairs talk at half of the rate that the server has just reached; then
 * the same again while new versions of sessions and mailboxes are loaded, one after the other, each with a migration of
 * all states. Every message is followed by the delivery oracle.
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { registerUsers } from '../lab/accounts.ts';
import { writeGeneration } from '../lab/generations.ts';
import { Latency, type LatencySummary } from '../lab/latency.ts';
import { Load } from '../lab/load.ts';
import { startServerProcess, type ServerProcess } from '../lab/server-process.ts';
import { describeVerdict, isClean } from '../lab/verdict.ts';
import { Witness } from '../lab/witness.ts';
import { inPairs, window } from './conversation.ts';
import { serverFlags, type BenchOptions } from './options.ts';
import { planOf, type Length, type Plans } from './plans.ts';
import { machine, type BenchReport } from './report.ts';

interface Plan extends Length {
  readonly connections: number;
  readonly reloads: number;
}

const plans: Plans<Plan> = {
  quick: { connections: 200, reloads: 10, warmUpSeconds: 1, seconds: 2 },
  whole: { connections: 1_000, reloads: 100, warmUpSeconds: 2, seconds: 20 },
};

/** Of the rate at full load. */
const share = 0.5;
const targetTimesQuiet = 3;
/** Whatever is waited for comes sooner, or something is wrong. */
const patienceMs = 30_000;
const chart = 'end to end, quiet and during reloads';

export async function run(options: BenchOptions): Promise<BenchReport> {
  const plan = planOf(plans, options);
  const [isolates] = options.isolates ?? [undefined];
  const directory = await mkdtemp(join(tmpdir(), 'strowger-bench-handlers-'));
  let server: ServerProcess | null = null;
  let load: Load | null = null;
  try {
    server = await startServerProcess({ flags: serverFlags(isolates) });
    const prefix = `bench-${randomBytes(4).toString('hex')}-`;
    const identities = await registerUsers(server.url, prefix, plan.connections);
    const witness = new Witness();
    load = await Load.connect({ ...inPairs, server: server.url, identities, witness });
    const { warmUpSeconds, seconds } = plan;
    const full = await load.run({ warmUpSeconds, seconds: Math.min(seconds, 5) });
    const ratePerSecond = full.deliveredPerSecond * share;
    witness.begin();
    const quiet = await load.run({ warmUpSeconds, seconds, ratePerSecond, burst: window });
    const calm = witness.verdict();
    witness.begin();
    const [busy, reloadMs] = await Promise.all([
      load.run({ warmUpSeconds: 0, seconds, ratePerSecond, burst: window }),
      reloadEvenly(server, directory, plan),
    ]);
    const verdict = witness.verdict();
    for (const each of [calm, verdict]) if (!isClean(each)) throw new Error(describeVerdict(each));
    return report(plan, {
      ratePerSecond,
      quiet: quiet.latencyMs,
      busy: busy.latencyMs,
      reloadMs,
      disconnections: witness.disconnections,
      submitted: verdict.counts.submitted,
    });
  } finally {
    load?.close();
    await server?.end();
    await rm(directory, { recursive: true, force: true });
  }
}

/** @returns how long each took, from the question to the answer */
async function reloadEvenly(
  server: ServerProcess,
  directory: string,
  { reloads, seconds }: Plan,
): Promise<LatencySummary> {
  const token = (await readFile(join(server.directory, 'admin-token'), 'utf8')).trim();
  const took = new Latency();
  const begun = performance.now();
  for (let number = 1; number <= reloads; number++) {
    await writeGeneration(directory, number);
    const asked = performance.now();
    const response = await fetch(`${server.url}/v1/admin/code/load`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ directory }),
      signal: AbortSignal.timeout(patienceMs),
    });
    if (response.status !== 200) throw new Error(`reload ${number}: ${await response.text()}`);
    took.record(performance.now() - asked);
    const nextAt = begun + (number / reloads) * seconds * 1000;
    await setTimeout(Math.max(nextAt - performance.now(), 0));
  }
  return took.summary();
}

interface Outcome {
  readonly ratePerSecond: number;
  readonly quiet: LatencySummary;
  readonly busy: LatencySummary;
  readonly reloadMs: LatencySummary;
  readonly disconnections: number;
  readonly submitted: number;
}

function report({ connections, reloads }: Plan, outcome: Outcome): BenchReport {
  const { ratePerSecond, quiet, busy, reloadMs, disconnections, submitted } = outcome;
  const timesQuiet = busy.p99 / quiet.p99;
  const latencies = (name: string, summary: LatencySummary) =>
    (['p50', 'p99', 'max'] as const).map(which => ({
      name: `${name}, end to end ${which}`,
      value: summary[which],
      unit: 'ms',
      ...(which === 'max' ? {} : { chart }),
    }));
  return {
    subject: 'reload',
    machine: machine(),
    results: [
      { name: 'connections', value: connections, unit: 'in pairs' },
      { name: 'load', value: ratePerSecond, unit: 'messages/s' },
      { name: 'reloads', value: reloads, unit: 'of sessions and mailboxes' },
      { name: 'messages sent meanwhile', value: submitted, unit: 'messages' },
      ...latencies('quiet', quiet),
      ...latencies('during reloads', busy),
      { name: 'a reload, p50', value: reloadMs.p50, unit: 'ms' },
      { name: 'a reload, p99', value: reloadMs.p99, unit: 'ms' },
    ],
    ratios: [
      { name: 'p99 during reloads / quiet', value: timesQuiet, baseline: 'of the quiet p99' },
    ],
    targets: [
      {
        name: 'p99 during reloads',
        value: timesQuiet,
        unit: '× the quiet one',
        atMost: targetTimesQuiet,
      },
      { name: 'sockets closed', value: disconnections, unit: 'sockets', atMost: 0 },
    ],
    notes: [
      'A message that is lost, doubled or reordered, or a state that was not migrated, fails the run.',
    ],
  };
}
