/** What a terminal shows while `strowger chaos` runs. */
import picocolors from 'picocolors';
import t from 'tap';
import { progressLine, screen } from '../../cli/chaos/text.ts';
import type { Progress } from '../../lab/chaos/chaos.ts';
import type { Kill } from '../../lab/chaos/result.ts';
import { Latency } from '../../lab/latency.ts';

const plain = picocolors.createColors(false);

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
  const lines = screen(progress, ['store', 'gateway'], 30, plain).split('\n');
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
  t.match(screen(nothing, ['store'], 30, plain), /█{24} 40 of 30 s\n.* – {3}p99 – /);
  t.equal(
    progressLine(progress),
    'running 15 s: 300 accepted, 450 delivered, 3 kills, 3 restarts, 0 sockets closed',
  );
  t.end();
});
