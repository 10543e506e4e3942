/** What a terminal shows while `strowger chaos` runs. */
import { stripVTControlCharacters } from 'node:util';
import picocolors from 'picocolors';
import t from 'tap';
import { progressLine, screen, verdictText, type Plan } from '../../cli/chaos/text.ts';
import type { Progress } from '../../lab/chaos/chaos.ts';
import { killKinds } from '../../lab/chaos/kinds.ts';
import type { ChaosResult, Kill } from '../../lab/chaos/result.ts';
import { Latency } from '../../lab/latency.ts';
import { emptyVerdict } from '../../lab/verdict.ts';

const plain = picocolors.createColors(false);

const wide = { styles: plain, size: { columns: 200, rows: 50 } };
const plan = (kinds: Plan['kinds']): Plan => ({ kinds, seconds: 30 });

const latency = new Latency();
latency.record(12);

const kill = (doneMs: number, recoveryMs: number | null, victim: string | null): Kill => ({
  ...{ atMs: doneMs, doneMs, kind: 'store', pick: 0, recoveryMs, victim },
});

const progress: Progress = {
  ...{
    phase: 'running',
    seconds: 15,
    accepted: 300,
    delivered: 450,
    restarts: 3,
    socketsClosed: 0,
  },
  second: { at: 15, accepted: 20, delivered: 30, connected: 8, latencyMs: latency.summary() },
  kills: [kill(1_000, 40, 'store.0'), kill(2_000, 60, 'store.1'), kill(3_000, null, null)],
};

void t.test('how far it is, what has arrived, what was killed', t => {
  const lines = screen(progress, plan(['store', 'gateway']), wide).split('\n');
  t.match(lines[0], /strowger chaos {3}running {3}█{12}░{12} 15 of 30 s/);
  t.match(
    lines[1],
    /300 accepted {3}450 delivered {3}20\/s accepted, 30\/s delivered {3}p99 12 ms/,
  );
  t.ok(lines.some(line => /^store +2 +40 ms +60 ms/.test(line)));
  t.ok(lines.some(line => /^gateway +0 +– +–/.test(line)));
  t.match(lines.at(-3), /1\.0 s {2}store {6}store\.0, recovered after 40 ms/);
  t.match(lines.at(-1), /3\.0 s {2}store {6}nobody was there/);
  t.end();
});

void t.test('before the first second, and longer than planned', t => {
  const nothing = { ...progress, second: null, kills: [], seconds: 40 };
  t.match(screen(nothing, plan(['store']), wide), /█{24} 40 of 30 s\n.* – {3}p99 – /);
  t.equal(
    progressLine(progress),
    'running 15 s: 300 accepted, 450 delivered, 3 kills, 3 restarts, 0 sockets closed',
  );
  t.end();
});

void t.test('nothing is wider or longer than the terminal', t => {
  const many = Array.from({ length: 20 }, (_, at) =>
    kill(at * 1_000, 1_234, 'group.g_fRYXM6hyvYe2-YvYvXkj4Q'),
  );
  for (const [columns, rows] of [
    [60, 24],
    [40, 14],
    [20, 8],
  ] as const) {
    const lines = screen({ ...progress, kills: many }, plan(killKinds), {
      styles: picocolors.createColors(true),
      size: { columns, rows },
    }).split('\n');
    t.ok(lines.length < rows, `${lines.length} lines of ${rows}, the last for the cursor`);
    for (const line of lines)
      t.ok(stripVTControlCharacters(line).length <= columns, stripVTControlCharacters(line));
  }
  const narrow = screen(progress, plan(['store']), { ...wide, size: { columns: 60, rows: 24 } });
  t.match(
    narrow,
    /^300 accepted {3}450 delivered {3}20\/s accepted, 30\/s delivered\np99 12 ms {3}3 restarts /m,
  );
  t.end();
});

void t.test('when the kills are over it is told what is waited for', t => {
  const text = screen({ ...progress, phase: 'draining', seconds: 33 }, plan(['store']), wide);
  t.match(text, /^strowger chaos {3}draining {3}until all has arrived, 33 s$/m);
  t.equal(progressLine({ ...progress, phase: 'registering' }), 'registering');
  t.end();
});

void t.test('the verdict tells of sockets that had no reason to close', t => {
  const result: ChaosResult = {
    ...{ seed: 1, users: 4, ratePerSecond: 10, everyMs: 500, seconds: 3, endedEarly: false },
    cutShort: false,
    kinds: ['store', 'gateway'],
    verdict: emptyVerdict({ submitted: 30, accepted: 30, refused: 0, delivered: 30, undecided: 0 }),
    ...{ kills: [kill(1_000, 5, 'store.0')], timeline: [], failure: null },
    ...{ socketsClosed: 9, socketsClosedWithoutReason: 1, restarts: 1 },
  };
  const text = verdictText(result, plain, 60);
  t.match(text, /^9 sockets closed,\n1 of them with no gateway or server killed, 1 restart$/m);
  t.match(text, /^Broken: 1 socket closed with no gateway .* kills of store must close none\.$/m);
  for (const line of text.split('\n').slice(0, -1)) t.ok(line.length <= 60, line);
  t.end();
});
