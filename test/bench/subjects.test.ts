/** Each subject, tiny: that it measures what it says and hands back a report of the right shape; never how fast. */
import t, { type Test } from 'tap';
import { run as actors } from '../../bench/actors.ts';
import type { BenchOptions } from '../../bench/options.ts';
import type { BenchReport } from '../../bench/report.ts';
import { subjects } from '../../bench/subjects.ts';
import { ejabberd } from '../../lab/xmpp/ejabberd.ts';

// The limit of the file, no wait: ten servers and more start here, one after the other.
t.setTimeout(240_000);

/** Long enough that a busy machine has moved some messages by then. */
const tiny = { quick: true, seconds: 0.5 } as const;

async function measure(t: Test, name: string, options: BenchOptions): Promise<BenchReport> {
  const run = await subjects[name]?.load();
  if (run === undefined) throw new Error(`expected a subject, got ${name}`);
  const report = await run(options);
  t.equal(report.subject, name);
  t.ok(report.machine.cores > 0);
  for (const { name, value } of report.results)
    t.ok(Number.isFinite(value), `${name} is a number, got ${value}`);
  for (const { name, value } of report.targets ?? [])
    t.ok(Number.isFinite(value), `the target ${name} is a number, got ${value}`);
  return report;
}

const valueOf = ({ results }: BenchReport, name: string): number => {
  const found = results.find(result => result.name === name);
  if (found === undefined)
    throw new Error(`no ${name} among ${results.map(({ name }) => name).join(', ')}`);
  return found.value;
};

void t.test('actors', async t => {
  const sizes = {
    roundTrips: 100,
    senders: 10,
    messagesEach: 10,
    spawned: 100,
    children: 100,
    restarts: 10,
  };
  const report = await actors({ quick: true, sizes });
  t.ok(valueOf(report, 'ping-pong, strowger') > 0);
});

void t.test('relay', async t => {
  const report = await measure(t, 'relay', { ...tiny, connections: 20 });
  for (const name of ['strowger', 'raw relay', 'raw relay, frame by frame']) {
    const full = valueOf(report, `${name}, full load`);
    t.ok(full > 0);
    t.ok(valueOf(report, `${name}, half load`) < full * 0.9, 'half load is less');
    t.ok(valueOf(report, `${name}, whole process`) >= valueOf(report, `${name}, main thread`));
  }
  t.equal(report.ratios.length, 2, 'next to each of the two baselines');
  t.ok(valueOf(report, 'strowger, received in frames') > 200, 'the body is in the frame');
  t.ok(valueOf(report, 'strowger, sent in frames') > 200);
  t.ok(valueOf(report, 'strowger, written to disk') > 200, 'and on the disk');
  t.ok((report.costs?.microsPerMessage ?? 0) > 0);
});

void t.test('fanout', async t => {
  const report = await measure(t, 'fanout', { ...tiny, connections: 20 });
  const deliveries = valueOf(report, 'full load');
  const sent = valueOf(report, 'messages sent at full load');
  t.ok(Math.abs(deliveries / sent - 19) < 0.001, 'each is for everybody but its sender');
});

void t.test('scale', async t => {
  const report = await measure(t, 'scale', { ...tiny, connections: 100 });
  t.same(
    report.results.map(({ name }) => name),
    ['10 connections, 1,000 users', '100 connections, 1,000 users'],
  );
  t.ok(report.results.every(({ value }) => value > 0));
  t.equal(report.notes?.length, 1, 'no run has failed');
});

void t.test('recovery', async t => {
  const report = await measure(t, 'recovery', { quick: true, connections: 20 });
  t.equal(valueOf(report, 'messages stored before the kill'), 2_000);
  t.equal(valueOf(report, 'lost'), 0);
  t.ok(valueOf(report, 'disk for each of them') > 200);
});

void t.test('idle', async t => {
  const report = await measure(t, 'idle', { ...tiny, connections: 50 });
  t.equal(valueOf(report, 'connections'), 50);
  t.ok(valueOf(report, 'server before') > 10, 'a server takes more than 10 MiB');
});

void t.test('login', async t => {
  const report = await measure(t, 'login', { quick: true, connections: 40 });
  for (const name of ['challenges', 'resumes']) {
    t.ok(valueOf(report, `${name}, by the clock`) > 0);
    t.ok(valueOf(report, `${name}, server`) >= valueOf(report, `${name}, server's busiest thread`));
  }
});

void t.test('storm', async t => {
  const report = await measure(t, 'storm', { quick: true, connections: 40 });
  for (const manner of ['at once', 'as clients do']) {
    t.ok(valueOf(report, `${manner}: all are served`) > 0);
    t.ok(
      valueOf(report, `${manner}: connections tried for each client`) >= 1,
      'everybody had to come back',
    );
  }
});

void t.test('faults', async t => {
  const report = await measure(t, 'faults', { ...tiny, connections: 20 });
  for (const name of [
    'endless loop',
    'endless allocation',
    'throw outside of any process',
    'process.exit',
  ]) {
    for (const harm of [
      'sockets closed',
      'messages lost',
      'messages doubled',
      'messages reordered',
      'messages wrong otherwise or undecided',
    ])
      t.equal(valueOf(report, `${name}: ${harm}`), 0, `${name}: ${harm}`);
    t.ok(valueOf(report, `${name}: messages sent meanwhile`) > 0);
    t.ok(valueOf(report, `${name}: report to all served again`) > 0);
    t.ok(
      valueOf(report, `${name}: fault to all served again`) >=
        valueOf(report, `${name}: report to all served again`),
    );
  }
  t.equal(report.targets?.length, 16);
});

void t.test('reload', async t => {
  const report = await measure(t, 'reload', { ...tiny, connections: 20 });
  t.equal(valueOf(report, 'reloads'), 10);
  t.ok(valueOf(report, 'messages sent meanwhile') > 0);
  t.ok(valueOf(report, 'a reload, p99') >= valueOf(report, 'a reload, p50'));
  t.match(report.targets, [{ name: 'p99 during reloads' }, { name: 'sockets closed', value: 0 }]);
});

void t.test('peers', async t => {
  const missing = await ejabberd({ archive: false }).missing();
  if (missing !== null) {
    await t.rejects(measure(t, 'peers', tiny), { message: missing }, 'it says what to install');
    return;
  }
  const report = await measure(t, 'peers', { ...tiny, connections: 10 });
  for (const name of ['strowger', 'ejabberd', 'ejabberd, stream management', 'ejabberd, archive'])
    t.ok(valueOf(report, `${name}, full load`) > 0);
  t.ok(
    report.notes?.some(note => /ejabberd, stream management: nothing on disk/.test(note)),
    'what is durable is told',
  );
});
