import t from 'tap';
import {
  demonitor,
  exit,
  isAlive,
  knownLong,
  link,
  monitor,
  offer,
  processInfo,
  register,
  self,
  send,
  signal,
  spawn,
  spawnLink,
  trapExit,
  unlink,
  unregister,
  whereis,
} from '../../actors/index.ts';
import type { Pid } from '../../actors/index.ts';
import { settle } from '../../actors/testing.ts';
import { captureLog } from './capture-log.ts';

/** A process that runs each function it is sent and keeps every other message. */
function worker(options: { trapExit?: boolean; mailboxLimit?: number } = {}) {
  const got: unknown[] = [];
  const pid = spawn(async message => {
    if (typeof message === 'function') await (message as () => unknown)();
    else got.push(message);
  }, options);
  const run = <T>(body: () => T | Promise<T>): Promise<T> =>
    new Promise((resolve, reject) => {
      send(pid, async () => {
        try {
          resolve(await body());
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
          throw error;
        }
      });
    });
  return { pid, got, run };
}

void t.test('messages are handled one after the other, in order', async t => {
  const seen: number[] = [];
  const pid = spawn(async message => {
    await Promise.resolve();
    seen.push(message as number);
  });
  for (let index = 0; index < 100; index += 1) send(pid, index);
  await settle();
  t.same(
    seen,
    Array.from({ length: 100 }, (_, index) => index),
  );
});

void t.test('self() names the process, also after an await and in a detached promise', async t => {
  const pids: (Pid | undefined)[] = [];
  const { pid, run } = worker();
  await run(async () => {
    pids.push(self());
    await settle();
    pids.push(self());
    void Promise.resolve().then(() => pids.push(self()));
  });
  await settle();
  t.same(pids, [pid, pid, pid]);
  t.throws(() => self(), /inside a process/);
});

void t.test('pids are never reused, and a stale one reaches nobody', async t => {
  const first = worker();
  exit(first.pid, 'kill');
  const second = worker();
  t.not(first.pid, second.pid);
  send(first.pid, 'late');
  await settle();
  t.same(second.got, []);
  t.equal(isAlive(first.pid), false);
});

void t.test('exit signals: kill, normal, others, trapped', async t => {
  captureLog(t);
  const plain = worker();
  exit(plain.pid, 'normal');
  t.ok(isAlive(plain.pid), 'normal from another is dropped');
  exit(plain.pid, 'bye');
  t.notOk(isAlive(plain.pid));

  const trapping = worker({ trapExit: true });
  exit(trapping.pid, 'bye');
  exit(trapping.pid, 'normal');
  await settle();
  t.match(trapping.got, [
    { kind: 'EXIT', reason: 'bye' },
    { kind: 'EXIT', reason: 'normal' },
  ]);
  exit(trapping.pid, 'kill');
  t.notOk(isAlive(trapping.pid), 'kill cannot be trapped');
});

void t.test(
  "the peers of a killed process see 'killed', and a linked 'kill' is trapped",
  async t => {
    captureLog(t);
    const peer = worker({ trapExit: true });
    const victim = worker();
    await peer.run(() => link(victim.pid));
    exit(victim.pid, 'kill');
    const second = worker();
    await peer.run(() => link(second.pid));
    void second.run(() => exit('kill')).catch(() => undefined);
    await settle();
    t.same(peer.got, [
      { kind: 'EXIT', pid: victim.pid, reason: 'killed' },
      { kind: 'EXIT', pid: second.pid, reason: 'kill' },
    ]);
  },
);

void t.test('an exit signal acts while a handler awaits', t => {
  captureLog(t);
  const { pid, run } = worker();
  void run(() => new Promise(() => undefined));
  exit(pid, 'now');
  t.notOk(isAlive(pid));
  t.end();
});

void t.test('links: both ways, one per pair, gone after unlink, noproc for the dead', async t => {
  captureLog(t);
  const one = worker({ trapExit: true });
  const other = worker({ trapExit: true });
  await one.run(() => {
    link(other.pid);
    link(other.pid);
  });
  t.same(processInfo(other.pid)?.links, [one.pid]);
  await one.run(() => unlink(other.pid));
  exit(other.pid, 'kill');
  await one.run(() => link(other.pid));
  await settle();
  t.match(one.got, [{ kind: 'EXIT', pid: other.pid, reason: 'noproc' }]);
  t.equal(one.got.length, 1);
});

void t.test('a chain of links falls without using the stack', async t => {
  captureLog(t);
  const pids: Pid[] = [];
  const linked: Promise<unknown>[] = [];
  let previous: Pid | undefined;
  for (let index = 0; index < 20_000; index += 1) {
    const { pid, run } = worker();
    pids.push(pid);
    const before = previous;
    if (before !== undefined) linked.push(run(() => link(before)));
    previous = pid;
  }
  await Promise.all(linked);
  exit(pids[0]!, 'down');
  t.notOk(pids.some(pid => isAlive(pid)));
});

void t.test('monitors stack; demonitor with flush takes the DOWN back', async t => {
  captureLog(t);
  const watcher = worker();
  const target = worker();
  const refs = await watcher.run(() => [monitor(target.pid), monitor(target.pid)]);
  await watcher.run(() => demonitor(monitor(target.pid)));
  exit(target.pid, 'gone');
  await watcher.run(() => {
    demonitor(monitor(target.pid), { flush: true });
    monitor('nobody.has.this');
  });
  await settle();
  t.match(watcher.got, [
    { kind: 'DOWN', ref: refs[0], pid: target.pid, reason: 'gone' },
    { kind: 'DOWN', ref: refs[1], pid: target.pid, reason: 'gone' },
    { kind: 'DOWN', pid: undefined, reason: 'noproc', name: 'nobody.has.this' },
  ]);
  t.equal(watcher.got.length, 3);
});

void t.test('a name is free before EXIT and DOWN go out', async t => {
  captureLog(t);
  let seen: unknown = 'not yet';
  const watcher = spawn(message => {
    if (message === 'watch') monitor('a.name');
    else seen = whereis('a.name');
  });
  const { pid } = worker();
  register('a.name', pid);
  t.equal(whereis('a.name'), pid);
  t.throws(() => register('a.name', watcher), /taken/);
  send(watcher, 'watch');
  await settle();
  exit(pid, 'x');
  const next = worker();
  register('a.name', next.pid);
  await settle();
  t.equal(seen, next.pid);
  unregister('a.name');
  t.throws(() => send('a.name', 1), /no process is registered/);
});

void t.test('a thrown error is an error exit, exit(reason) the bare reason', async t => {
  const events = captureLog(t);
  const parent = worker();
  await parent.run(() => {
    trapExit(true);
    send(
      spawnLink(() => {
        throw new RangeError('boom');
      }),
      1,
    );
    send(
      spawnLink(() => exit(['shutdown', 'done'])),
      1,
    );
  });
  await settle();
  t.match(parent.got, [
    { kind: 'EXIT', reason: { reason: { message: 'boom' }, stack: /RangeError/ } },
    { kind: 'EXIT', reason: ['shutdown', 'done'] },
  ]);
  t.equal(events.length, 1, 'only the crash is reported');
  t.match(events[0], { level: 'error', report: { kind: 'crash', ancestors: [parent.pid] } });
  const ball = (): never => {
    // eslint-disable-next-line @typescript-eslint/only-throw-error -- Erlang's throw
    throw 'ball';
  };
  await parent.run(() => send(spawnLink(ball), 1));
  await settle();
  t.same((parent.got[2] as { reason: unknown }).reason, { reason: ['nocatch', 'ball'], stack: '' });
});

void t.test('a full mailbox refuses an offer, and a send ends the receiver', async t => {
  const events = captureLog(t);
  const { pid } = worker({ mailboxLimit: 3 });
  t.same(
    [1, 2, 3, 4].map(message => offer(pid, message)),
    [true, true, true, false],
  );
  send(pid, 5);
  t.notOk(isAlive(pid));
  t.equal(offer(pid, 6), false);
  t.match(events, [{ report: { error: 'mailbox_overflow' } }]);
});

void t.test('an exit signal comes in all the same', async t => {
  const { pid, got } = worker({ mailboxLimit: 3, trapExit: true });
  for (const message of [1, 2, 3]) send(pid, message);
  exit(pid, 'shutdown');
  exit(pid, 'normal');
  await settle();
  t.match(got, [1, 2, 3, { kind: 'EXIT', reason: 'shutdown' }, { kind: 'EXIT', reason: 'normal' }]);
  t.ok(isAlive(pid));
});

void t.test('what a dead process still does has no effect', async t => {
  captureLog(t);
  const witness = worker();
  const { pid, run } = worker();
  let awake: () => void = () => undefined;
  let fenced: unknown;
  void run(async () => {
    await new Promise<void>(resolve => (awake = resolve));
    try {
      send(witness.pid, 'from the dead');
    } catch (error) {
      fenced = error;
    }
  });
  await settle();
  exit(pid, 'kill');
  awake();
  await settle();
  t.same(witness.got, []);
  t.match(fenced, { name: 'FencedExit' });
});

void t.test('a busy process does not starve the others', async t => {
  let handled = 0;
  let seenByOther = 0;
  const busy = spawn(() => {
    handled += 1;
  });
  const other = spawn(() => {
    seenByOther = handled;
  });
  for (let index = 0; index < 9_000; index += 1) send(busy, index);
  send(other, 1);
  await settle();
  t.ok(seenByOther <= 1_000, `its turn came after ${seenByOther} messages of the busy one`);
  t.equal(handled, 9_000);
});

void t.test('nor does one whose messages are few and long', async t => {
  let handled = 0;
  let seenByOther = 0;
  const busy = spawn(() => {
    handled += 1;
    const until = performance.now() + 1;
    while (performance.now() < until);
  });
  const other = spawn(() => {
    seenByOther = handled;
  });
  for (let index = 0; index < 50; index += 1) send(busy, index);
  send(other, 1);
  await settle();
  t.ok(seenByOther <= 4, `its turn came after ${seenByOther} messages of a millisecond`);
  exit(busy, 'kill');
});

void t.test('what a handler returns means nothing unless it is a promise', async t => {
  const seen: unknown[] = [];
  const pid = spawn(message => seen.push(message) as never);
  send(pid, 1);
  send(pid, 2);
  await settle();
  t.same(seen, [1, 2]);
  t.ok(isAlive(pid));
});

void t.test('processInfo tells what is known of a process', async t => {
  const watcher = worker();
  const { pid } = worker();
  await watcher.run(() => monitor(pid));
  send(pid, 'a');
  await settle();
  t.match(processInfo(pid), {
    status: 'idle',
    callbacks: 1,
    messageQueueLen: 0,
    mailboxLimit: 10_000,
    monitoredBy: [watcher.pid],
  });
  t.same(processInfo(watcher.pid)?.monitors, [pid]);
});

void t.test('signal() is aborted when its process dies', async t => {
  const { pid, run } = worker();
  const aborted = await run(() => signal());
  t.notOk(aborted.aborted);
  exit(pid, 'kill');
  t.ok(aborted.aborted);
});

void t.test('whoever holds the thread too long is told of', async t => {
  const events = captureLog(t);
  const pid = spawn(() => {
    const until = performance.now() + 101;
    while (performance.now() < until);
  });
  send(pid, 1);
  await settle();
  t.match(events, [{ level: 'warning', pid, report: { tookMs: Number } }]);
});

void t.test('what is known to be long is not told of, but what comes besides is', async t => {
  const events = captureLog(t);
  const hold = (ms: number) => (): string => {
    const until = performance.now() + ms;
    while (performance.now() < until);
    return 'held';
  };
  let returned: unknown;
  const known = spawn(() => {
    returned = knownLong(() => knownLong(hold(101)));
  });
  send(known, 1);
  await settle();
  t.equal(returned, 'held');
  t.strictSame(events, []);

  const throwing = spawn(() => {
    t.throws(
      () =>
        knownLong(() => {
          hold(101)();
          throw new Error('no file');
        }),
      { message: 'no file' },
    );
    hold(1)();
  });
  send(throwing, 1);
  await settle();
  t.strictSame(events, [], 'not counted when it throws, either');

  const both = spawn(() => {
    knownLong(() => knownLong(hold(60)));
    hold(101)();
  });
  send(both, 1);
  await settle();
  t.match(events, [{ level: 'warning', pid: both, report: { tookMs: Number } }]);
});
