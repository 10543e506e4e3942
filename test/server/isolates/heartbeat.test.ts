import t from 'tap';
import { Heartbeat, Silence } from '../../../server/isolates/heartbeat.ts';

const EVERY_MS = 100;
const calm = { everyMs: EVERY_MS, waitedMs: () => 0, graceMs: 1_000 };

void t.test('both sides see one memory', t => {
  const worker = new Heartbeat();
  const watchdog = new Heartbeat(worker.memory);
  worker.beat(5 * 1024);
  worker.running[0] = 4097;
  t.equal(watchdog.beats, 1);
  t.equal(watchdog.heapBytes, 5 * 1024);
  t.equal(watchdog.running[0], 4097);
  worker.thread = 4_194_304;
  t.equal(watchdog.thread, 4_194_304);
  t.equal(watchdog.beats, 1);
  t.end();
});

void t.test('a heap of more than two terabytes is as large as can be told', t => {
  const heartbeat = new Heartbeat();
  heartbeat.beat(2 ** 50);
  t.ok(heartbeat.heapBytes > 2 ** 40);
  t.end();
});

void t.test('silence lasts until the next beat', t => {
  const heartbeat = new Heartbeat();
  const silence = new Silence(heartbeat, calm, 0);
  t.equal(silence.look(100), 100);
  t.equal(silence.look(200), 200);
  heartbeat.beat(0);
  t.equal(silence.look(300), 0);
  t.equal(silence.look(400), 100);
  t.end();
});

void t.test('time in which nobody looked is not held against it', t => {
  const heartbeat = new Heartbeat();
  const silence = new Silence(heartbeat, calm, 0);
  t.equal(silence.look(10_000), 2 * EVERY_MS);
  t.equal(silence.look(10_100), 3 * EVERY_MS);
  t.end();
});

void t.test('long work that was announced is no silence, also when it fails', t => {
  const heartbeat = new Heartbeat();
  const silence = new Silence(heartbeat, calm, 0);
  const seen = heartbeat.excuse(() => [silence.look(100), silence.look(200)]);
  t.same(seen, [0, 0]);
  t.throws(() =>
    heartbeat.excuse(() => {
      throw new Error('the work failed');
    }),
  );
  t.equal(silence.look(300), 100);
  t.end();
});

void t.test('a thread that waits for a processor is excused, as long as the grace lasts', t => {
  const heartbeat = new Heartbeat();
  let waited = 5_000;
  const options = { everyMs: EVERY_MS, waitedMs: () => waited, graceMs: 150 };
  const silence = new Silence(heartbeat, options, 0);
  // What it had waited before it fell silent says nothing.
  t.equal(silence.look(100), 100);
  waited += 80;
  t.equal(silence.look(200), 120);
  // More than has passed is not to be had, though the system says so.
  waited += 10_000;
  t.equal(silence.look(300), 150, 'seventy of the grace were left');
  waited += 100;
  t.equal(silence.look(400), 250, 'none is left');
  heartbeat.beat(0);
  t.equal(silence.look(500), 0);
  t.equal(silence.look(600), 100);
  waited += 100;
  t.equal(silence.look(700), 100, 'the next silence has a grace of its own');
  t.end();
});

void t.test('who is heard is not asked for', t => {
  const heartbeat = new Heartbeat();
  const waitedMs = (): number => {
    throw new Error('nobody is silent');
  };
  const silence = new Silence(heartbeat, { everyMs: EVERY_MS, waitedMs, graceMs: 150 }, 0);
  heartbeat.beat(0);
  t.equal(silence.look(100), 0);
  t.end();
});
