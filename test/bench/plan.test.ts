import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { run } from '../../bench/plan.ts';
import { deploymentFor } from '../../bench/plan/deployment.ts';
import { latencies } from '../../bench/plan/latency.ts';
import { committed, type MeasuredCosts } from '../../bench/plan/measured-costs.ts';
import { measurementFrom } from '../../bench/plan/measurement-from.ts';
import { scenario } from '../../bench/plan/scenario.ts';
import type { RecordedReport } from '../../bench/report.ts';

const costs: MeasuredCosts = {
  microsPerMessage: 20,
  busiestMicrosPerMessage: 10,
  microsPerDelivery: 5,
  microsPerChallenge: 1000,
  microsPerResume: 100,
  bytesPerConnection: 4096,
  serverBytes: 2 ** 30,
  writtenBytesPerMessage: 1000,
  receivedBytesPerMessage: 250,
  sentBytesPerMessage: 300,
  storedBytesPerMessage: 400,
  bodyBytes: 200,
  halfLoadP99Ms: 10,
};

const even = scenario({
  users: 1_000_000,
  messagesPerDay: 86_400_000,
  recipients: 2,
  devices: 1,
  peakFactor: 2,
  onlineShare: 0.5,
  loginsPerDay: 8.64,
  resumeShare: 0.5,
  bodyBytes: 200,
  awayShare: 0.5,
  retentionHours: 2,
  utilisation: 0.5,
  coresPerMachine: 1,
  memoryPerMachineGib: 1,
});

void t.test('reckoned by hand', async t => {
  const needed = deploymentFor(even, costs);
  t.equal(needed.messagesPerSecond, 2000);
  t.equal(needed.deliveriesPerSecond, 4000);
  t.equal(needed.loginsPerSecond.toFixed(6), '200.000000');
  t.equal(needed.connections, 500_000);
  // 2000 × 20 µs + 2000 further × 5 µs + 200 × 550 µs = 0.16 s of CPU a second, at half use.
  t.equal(needed.cores, 1);
  t.equal(deploymentFor({ ...even, messagesPerDay: 86_400_000_000 }, costs).cores, 101);
  t.equal(needed.receivedBytesPerSecond, 500_000);
  t.equal(needed.sentBytesPerSecond, 1_200_000);
  t.equal(needed.writtenBytesPerSecond, 4_000_000);
  // 172.8 M deliveries a day / 24 h × half × 2 h × 400 bytes × 2.
  t.equal(needed.storedBytes, 5_760_000_000);
  // 2.05 GB of connections in machines of 0.75 GiB for the server.
  t.equal(needed.machines, 3);
  t.equal(needed.bottleneck, 'memory');
  t.equal(needed.memoryBytes, 500_000 * 4096 + 3 * 2 ** 30);
});

void t.test('more of anything never needs less', async t => {
  const base = deploymentFor(even, costs);
  for (const key of [
    'users',
    'messagesPerDay',
    'recipients',
    'devices',
    'peakFactor',
    'bodyBytes',
  ] as const) {
    const more = deploymentFor({ ...even, [key]: even[key] * 10 }, costs);
    for (const need of ['cores', 'shards', 'memoryBytes', 'storedBytes', 'machines'] as const)
      t.ok(more[need] >= base[need], `${need} with ten times the ${key}`);
  }
});

void t.test('waiting, by M/M/1 and the measured batch', async t => {
  const [idle, half, busy] = latencies([0, 0.5, 0.9], 1, 0);
  t.equal(idle?.meanMs, 1);
  t.equal(half?.meanMs, 2);
  t.equal(half?.p99Ms.toFixed(3), (2 * Math.log(100)).toFixed(3));
  t.equal(busy?.meanMs.toFixed(6), '10.000000');
  const [measured] = latencies([0.5], 0.01, 10);
  t.equal(measured?.p99Ms.toFixed(6), '10.000000', 'at half load it is what was measured');
});

void t.test('what cannot be is refused by the name of its flag', async t => {
  t.throws(() => scenario({ utilisation: 1 }), /--utilisation/);
  t.throws(() => scenario({ onlineShare: 1.5 }), /--online-share/);
  t.throws(() => scenario({ users: 0 }), /--users/);
  t.throws(() => scenario({ bodyBytes: NaN }), /--body-bytes/);
});

void t.test('the plan tells what it assumes, and from where', async t => {
  const report = await run({ users: 1000, messagesPerDay: 50_000 });
  const notes = (report.notes ?? []).join('\n');
  t.match(notes, /1,000 users \(as asked for with --users\)/);
  t.match(notes, /Reed 2014: Rick Reed/, 'the source is told in full');
  t.match(notes, new RegExp(committed.at), 'and when the costs were measured');
  t.match(notes, /M\/M\/1/);
  t.match(notes, /one machine today/);
});

void t.test('costs out of earlier reports; what is not in them is as committed', async t => {
  const directory = t.testdir();
  await t.rejects(measurementFrom(directory), /no report with costs/);
  const report: RecordedReport = {
    subject: 'idle',
    machine: { cpu: 'a processor', cores: 2, memoryGiB: 4, platform: 'linux', node: 'v20' },
    results: [],
    ratios: [],
    costs: { bytesPerConnection: 1234 },
    at: '2026-01-02T03:04:05.000Z',
    command: 'bench idle',
    commit: null,
    quick: false,
  };
  await writeFile(join(directory, 'idle.json'), JSON.stringify(report));
  const found = await measurementFrom(directory);
  t.equal(found.bytesPerConnection, 1234);
  t.equal(found.microsPerMessage, committed.microsPerMessage);
  t.equal(found.at, '2026-01-02');
  t.match(found.machine, /a processor, 2 cores/);
  await writeFile(join(directory, 'broken.json'), '{"subject": 7}');
  await t.rejects(measurementFrom(directory), /broken\.json is no report/);
  await writeFile(join(directory, 'broken.json'), 'not json');
  await t.rejects(measurementFrom(directory), /broken\.json is no report/);
});
