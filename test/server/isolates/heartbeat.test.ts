import t from 'tap';
import { Heartbeat, Silence } from '../../../server/isolates/heartbeat.ts';

const EVERY_MS = 100;

void t.test('both sides see one memory', t => {
  const worker = new Heartbeat();
  const watchdog = new Heartbeat(worker.memory);
  worker.beat(5 * 1024);
  worker.running[0] = 4097;
  t.equal(watchdog.beats, 1);
  t.equal(watchdog.heapBytes, 5 * 1024);
  t.equal(watchdog.running[0], 4097);
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
  const silence = new Silence(heartbeat, EVERY_MS, 0);
  t.equal(silence.look(100), 100);
  t.equal(silence.look(200), 200);
  heartbeat.beat(0);
  t.equal(silence.look(300), 0);
  t.equal(silence.look(400), 100);
  t.end();
});

void t.test('time in which nobody looked is not held against it', t => {
  const heartbeat = new Heartbeat();
  const silence = new Silence(heartbeat, EVERY_MS, 0);
  t.equal(silence.look(10_000), 2 * EVERY_MS);
  t.equal(silence.look(10_100), 3 * EVERY_MS);
  t.end();
});

void t.test('long work that was announced is no silence, also when it fails', t => {
  const heartbeat = new Heartbeat();
  const silence = new Silence(heartbeat, EVERY_MS, 0);
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
