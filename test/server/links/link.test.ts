import t from 'tap';
import { exit, isAlive, setClock, start, type Pid } from '../../../actors/index.ts';
import { createVirtualClock, settle, type VirtualClock } from '../../../actors/testing.ts';
import { deviceId, type DeviceId } from '../../../protocol/ids.ts';
import type { Row } from '../../../protocol/rows.ts';
import { backlogLimits, link } from '../../../server/links/link.ts';
import { linkName } from '../../../server/links/names.ts';
import { execute } from '../../../server/stores/execute.ts';
import { StorageError } from '../../../storage/mnesia/storage-error.ts';
import type { CommandKind } from '../../../storage/shard/contract.ts';
import { captureLog } from '../../actors/capture-log.ts';
import { ack, decoded, send as message, userIn } from '../../contract/shard/fixture.ts';
import { PortOwner } from '../port-owner.ts';
import { TestStore } from '../stores/test-store.ts';
import { until as atOnce } from '../../actors/until.ts';

const ann = deviceId(userIn(0, 2), 1);
const bob = deviceId(userIn(1, 2), 1);

type Test = ConstructorParameters<typeof TestStore>[0];
type Limits = Partial<typeof backlogLimits>;

/** Two stores and the time that passes between them. */
interface Scene {
  readonly home: TestStore;
  readonly away: TestStore;
  readonly clock: VirtualClock;
  /** Time passes until it is so. */
  readonly until: (condition: () => boolean) => Promise<void>;
  readonly startLink: (source?: number, limits?: Limits) => Promise<Pid>;
}

async function scene(t: Test): Promise<Scene> {
  const clock = createVirtualClock();
  const old = setClock(clock);
  t.teardown(() => setClock(old));
  const stores = [0, 1].map(shard => new TestStore(t, { shard, shards: 2 }));
  const [home, away] = stores as [TestStore, TestStore];
  await home.start();
  await away.start();
  const until = async (condition: () => boolean): Promise<void> => {
    for (let turn = 0; !condition(); turn++) {
      if (turn === 20_000) throw new Error(`still not: ${condition.toString()}`);
      await clock.advance(5);
    }
  };
  const startLink = async (source = 0, limits: Limits = {}): Promise<Pid> => {
    const target = 1 - source;
    const argument = { source, target, limits: { ...backlogLimits, ...limits } };
    const result = await start(link, argument, { name: linkName(source, target) });
    if (result[0] !== 'ok') throw new Error('the link did not start', { cause: result });
    const pid = result[1];
    t.teardown(() => {
      if (isAlive(pid)) exit(pid, 'kill');
    });
    return pid;
  };
  return { home, away, clock, until, startLink };
}

const rowsOf = async (shard: number, device: DeviceId): Promise<readonly Row[]> => {
  const command = { kind: 'read_rows', device, after: 0, rows: 1_000, bytes: 1e9 } as const;
  return decoded((await execute(shard, command)).rows);
};

const seqsOf = async (shard: number, device: DeviceId): Promise<number[]> =>
  (await rowsOf(shard, device)).flatMap(row => (row.kind === 'message' ? [row.seq] : []));

const waiting = async (source: number) =>
  (await execute(source, { kind: 'read_link', target: 1 - source, after: null, bytes: 1e6 }))
    .segments;

const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1);

const countIn = (commands: readonly { readonly kind: string }[], kind: CommandKind): number =>
  commands.filter(command => command.kind === kind).length;

/** How many commands of this kind the store has committed. */
const count = (store: TestStore, kind: CommandKind): number => countIn(store.commits.flat(), kind);

/** The number up to which the store has been told to let rows go. */
const trimmed = (store: TestStore): number =>
  Math.max(0, ...store.commits.flat().map(command => command.kind === 'trim_link' ? command.upTo : 0)); // prettier-ignore

const say = async (from: number, to: number): Promise<void> => {
  for (let seq = from; seq <= to; seq++) await execute(0, message(ann, seq, [bob]));
};

void t.test('rows go over when they are there, and leave the source', async t => {
  const { home, away, until, startLink } = await scene(t);
  await say(1, 1);
  await startLink();
  await until(() => trimmed(home) === 1);
  await say(2, 2);
  await until(() => trimmed(home) === 2);
  t.same(await seqsOf(1, bob), [1, 2]);
  t.same(count(away, 'apply_link'), 2);
  t.equal(count(home, 'read_link'), 1, 'what is committed is not read back');
  t.same(await waiting(0), []);
});

void t.test('receipts come back over the other link', async t => {
  const { home, until, startLink } = await scene(t);
  await startLink(0);
  await startLink(1);
  await say(1, 1);
  await until(() => trimmed(home) === 1);
  await execute(1, ack(bob, 1));
  await until(() => count(home, 'apply_link') > 0);
  t.match(await rowsOf(0, ann), [{ kind: 'receipt', peer: bob, delivered: 1 }]);
});

void t.test('rows that come while others are under way do not wait for the answer', async t => {
  const { home, away, until, startLink } = await scene(t);
  await startLink();
  const held = away.holdCommit();
  await say(1, 1);
  const { release } = await held;
  await say(2, 5);
  await settle();
  release();
  await until(() => trimmed(home) === 5);
  t.same(away.commits.map(commands => countIn(commands, 'apply_link')), [1, 4]); // prettier-ignore
  t.same(await seqsOf(1, bob), upTo(5));
});

void t.test('no more is under way than the window', async t => {
  const { home, away, until, startLink } = await scene(t);
  await startLink(0, { windowSegments: 3 });
  const held = away.holdCommit();
  await say(1, 1);
  const { release } = await held;
  await say(2, 8);
  await settle();
  release();
  await until(() => trimmed(home) === 8);
  t.same(away.commits.slice(0, 2).map(commands => countIn(commands, 'apply_link')), [1, 2]); // prettier-ignore
  t.same(await seqsOf(1, bob), upTo(8));
});

void t.test('what memory has no room for is read from the store', async t => {
  const { home, away, until, startLink } = await scene(t);
  await startLink(0, { memoryBytes: 3_000 });
  const held = away.holdCommit();
  await say(1, 1);
  const { release } = await held;
  await say(2, 40);
  t.equal(count(home, 'read_link'), 1);
  release();
  await until(() => trimmed(home) === 40);
  t.ok(count(home, 'read_link') > 2, `read ${count(home, 'read_link')} times`);
  const before = count(home, 'read_link');
  await say(41, 42);
  await until(() => trimmed(home) === 42);
  t.equal(count(home, 'read_link'), before, 'and then no more');
  t.same(await seqsOf(1, bob), upTo(42));
});

void t.test('nothing leaves the source before the target has stored it', async t => {
  const { home, away, clock, until, startLink } = await scene(t);
  await startLink();
  let stored: () => void = () => undefined;
  away.intercept = async commit => {
    await new Promise<void>(resolve => (stored = resolve));
    return commit();
  };
  await say(1, 3);
  await clock.advance(2_000);
  t.equal(count(home, 'trim_link'), 0);
  t.match(await waiting(0), [{ after: 0 }, { after: 1 }, { after: 2 }]);
  away.intercept = undefined;
  stored();
  await until(() => trimmed(home) === 3);
  t.same(await waiting(0), []);
});

void t.test('what is acknowledged leaves with the next commit, or soon', async t => {
  const { home, away, clock, until, startLink } = await scene(t);
  await startLink();
  await say(1, 1);
  await atOnce(() => count(away, 'apply_link') === 1);
  await settle();
  t.equal(trimmed(home), 0);
  await say(2, 2);
  await atOnce(() => trimmed(home) === 1);
  t.equal(clock.now(), 0, 'without a pause when the source commits in any case');
  await atOnce(() => count(away, 'apply_link') === 2);
  await until(() => trimmed(home) === 2);
  t.ok(clock.now() >= 50);
  await clock.advance(1_000);
  t.equal(count(home, 'trim_link'), 2, 'and nobody is told twice');
});

void t.test('a source that is too full even for that is told again', async t => {
  const { home, clock, until, startLink } = await scene(t);
  await startLink();
  let refused = 0;
  home.intercept = (commit, commands) => {
    if (countIn(commands, 'trim_link') === 0) return commit();
    refused++;
    throw new StorageError('disk_full', 'as the test wants it');
  };
  await say(1, 1);
  await until(() => refused >= 4);
  t.ok(clock.now() >= 500, `refused ${refused} times in ${clock.now()} ms`);
  home.intercept = undefined;
  await until(() => trimmed(home) === 1);
  t.same(await seqsOf(1, bob), [1]);
});

void t.test('a link that dies before the answer: the next one carries, once', async t => {
  captureLog(t);
  const { home, away, until, startLink } = await scene(t);
  const first = await startLink();
  const held = away.holdCommit();
  await say(1, 3);
  const { release } = await held;
  exit(first, 'kill');
  await settle();
  await startLink();
  release();
  await say(4, 4);
  await until(() => trimmed(home) === 4);
  t.same(await seqsOf(1, bob), upTo(4));
  t.ok(count(away, 'apply_link') > 4, 'some were sent again');
});

void t.test('a link that dies with the answer: the next one tells the source', async t => {
  captureLog(t);
  const { home, away, until, startLink } = await scene(t);
  const first = await startLink();
  await say(1, 3);
  await atOnce(() => count(away, 'apply_link') === 3);
  t.ok(trimmed(home) < 3);
  exit(first, 'kill');
  await settle();
  await startLink();
  await until(() => trimmed(home) === 3);
  t.same(await seqsOf(1, bob), upTo(3));
  t.same(await waiting(0), []);
});

void t.test('a link that is there before its target', async t => {
  captureLog(t);
  const { home, away, clock, until, startLink } = await scene(t);
  away.kill();
  await startLink();
  await say(1, 2);
  await clock.advance(200);
  await away.start();
  await until(() => trimmed(home) === 2);
  t.same(await seqsOf(1, bob), [1, 2]);
});

void t.test('a target that dies before or after its commit takes every row once', async t => {
  captureLog(t);
  const { home, away, until, startLink } = await scene(t);
  await startLink();
  for (const late of [true, false]) {
    const reached = late
      ? away.holdCommit()
      : new Promise(resolve => {
          away.intercept = () => {
            resolve(undefined);
            return new Promise(() => {});
          };
        });
    const before = count(home, 'decide');
    await say(before + 1, before + 3);
    await reached;
    away.intercept = undefined;
    away.kill();
    await away.start();
    await until(() => trimmed(home) === before + 3);
  }
  t.same(await seqsOf(1, bob), upTo(6));
  t.same(await waiting(0), []);
});

void t.test('a source that dies with the word of a commit: its rows go all the same', async t => {
  captureLog(t);
  const { home, until, startLink } = await scene(t);
  await startLink();
  await say(1, 1);
  await until(() => trimmed(home) === 1);
  const sender = new PortOwner(t, 0);
  const held = home.holdCommit();
  let answer: unknown;
  void sender.submit(message(ann, 2, [bob])).then(outcome => (answer = outcome));
  await held;
  home.kill();
  await home.start();
  await until(() => trimmed(home) === 2);
  t.match(answer, { kind: 'accepted' });
  t.same(await seqsOf(1, bob), [1, 2]);
});

void t.test(
  'either store and the link killed again and again: all rows, once, in order',
  async t => {
    captureLog(t);
    const { home, away, until, startLink } = await scene(t);
    const limits = { memoryBytes: 2_000, windowBytes: 1_500 };
    let carrier = await startLink(0, limits);
    const sender = new PortOwner(t, 0);
    let answered = 0;
    for (let seq = 1; seq <= 60; seq++) {
      void sender.submit(message(ann, seq, [bob])).then(outcome => {
        t.match(outcome, { kind: 'accepted' });
        answered++;
      });
      const victim = [home, away][seq % 2];
      if (seq % 5 === 0) {
        victim?.kill();
        await victim?.start();
      }
      if (seq % 7 === 0) {
        exit(carrier, 'kill');
        await settle();
        carrier = await startLink(0, limits);
      }
      if (seq % 3 === 0) await until(() => answered === seq);
    }
    await until(() => trimmed(home) === 60);
    t.same(await seqsOf(1, bob), upTo(60));
    t.same(await waiting(0), []);
  },
);

void t.test('a full target is tried again', async t => {
  const { home, away, clock, until, startLink } = await scene(t);
  let refused = 0;
  away.intercept = (commit, commands) => {
    if (countIn(commands, 'apply_link') === 0) return commit();
    refused++;
    throw new StorageError('disk_full', 'as the test wants it');
  };
  await startLink();
  await say(1, 1);
  await until(() => refused >= 4);
  t.ok(clock.now() >= 1_500, `refused ${refused} times in ${clock.now()} ms`);
  await say(2, 3);
  away.intercept = undefined;
  await until(() => trimmed(home) === 3);
  t.same(await seqsOf(1, bob), upTo(3));
});

void t.test('rows that are missing at the target are not asked for without a pause', async t => {
  const { home, away, clock, until, startLink } = await scene(t);
  await say(1, 1);
  await execute(0, { kind: 'trim_link', target: 1, upTo: 1 });
  await say(2, 2);
  await startLink();
  await until(() => count(away, 'apply_link') >= 4);
  t.ok(clock.now() >= 1_500, `tried 4 times in ${clock.now()} ms`);
  t.equal(count(home, 'trim_link'), 1);
});
