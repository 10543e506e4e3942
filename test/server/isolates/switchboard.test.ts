/** The owner of the shard map: every message, and deaths at each step of a hand-over. */
import t, { type Test } from 'tap';
import {
  call,
  cast,
  exit,
  isAlive,
  register,
  setClock,
  spawn,
  start,
  whereis,
  type Pid,
} from '../../../actors/index.ts';
import { createVirtualClock } from '../../../actors/testing.ts';
import { gatewayName } from '../../../server/gateway/protocol.ts';
import { place } from '../../../server/isolates/placement.ts';
import { switchboardName } from '../../../server/isolates/protocol.ts';
import { isolateOfShard } from '../../../server/isolates/shard-map.ts';
import { switchboard } from '../../../server/isolates/switchboard.ts';
import type { Threads } from '../../../server/isolates/threads.ts';
import { captureLog } from '../../actors/capture-log.ts';
import { exitOf } from '../../actors/exit-of.ts';
import { until } from '../../e2e/until.ts';
import { Keeper } from './keepers.ts';

const SHARDS = 4;
const OLD = [1, 2];
const NEW = [3, 4];

/** Threads that are there already. */
class FakeThreads {
  numbers: readonly number[];
  readonly endedOnes: number[] = [];
  strays = 0;
  refusal: { code: string; message: string } | undefined;

  constructor(numbers: readonly number[]) {
    this.numbers = numbers;
  }

  running(): readonly number[] {
    return this.numbers;
  }

  start(_entry: string | undefined, count: number): Promise<unknown> {
    if (this.refusal !== undefined) return Promise.resolve(this.refusal);
    const isolates = NEW.slice(0, count);
    this.numbers = [...this.numbers, ...isolates];
    return Promise.resolve({ isolates });
  }

  end(isolates: readonly number[]): Promise<void> {
    this.endedOnes.push(...isolates);
    this.numbers = this.numbers.filter(number => !isolates.includes(number));
    return Promise.resolve();
  }

  endStrays(): Promise<void> {
    this.strays++;
    return Promise.resolve();
  }
}

interface Scene {
  readonly threads: FakeThreads;
  readonly keepers: readonly Keeper[];
  readonly keeper: (isolate: number) => Keeper;
  /** How often the gateway was told to open sessions. */
  readonly welcomes: () => number;
  /** As its supervisor does. */
  readonly start: () => Promise<unknown>;
}

async function scene(t: Test, isolates: readonly number[]): Promise<Scene> {
  captureLog(t);
  const keepers = await Promise.all(isolates.map(isolate => Keeper.start(t, isolate)));
  const threads = new FakeThreads(isolates.filter(isolate => OLD.includes(isolate)));
  let welcomes = 0;
  const gateway = spawn(() => {
    welcomes++;
  });
  register(gatewayName, gateway);
  const pids: Pid[] = [gateway];
  t.teardown(() => {
    for (const pid of pids) if (isAlive(pid)) exit(pid, 'kill');
  });
  return {
    ...{ threads, keepers },
    keeper(isolate) {
      const found = keepers.find(keeper => keeper.isolate === isolate);
      if (found === undefined) throw new Error(`there is no isolate ${isolate}`);
      return found;
    },
    welcomes: () => welcomes,
    async start() {
      const argument = { shards: SHARDS, threads: threads as unknown as Threads };
      const result = await start(switchboard, argument, { name: switchboardName });
      if (result[0] === 'ok') pids.push(result[1]);
      return result[0] === 'ok' ? 'ok' : result[1];
    },
  };
}

const placementNow = () => call(switchboardName, { kind: 'placement' });
const upgrade = (count?: number) =>
  call(switchboardName, { kind: 'upgrade', entry: undefined, count }, Infinity);

function killSwitchboard(): void {
  const pid = whereis(switchboardName);
  if (pid === undefined) throw new Error('there is no switchboard');
  exit(pid, 'kill');
}

const shardsIn = (isolate: number, isolates: readonly number[]): number[] =>
  place(SHARDS, isolates).flatMap((where, shard) => (where === isolate ? [shard] : []));

void t.test('at the start every isolate takes its shards, and everybody knows them', async t => {
  const { start, keepers } = await scene(t, OLD);
  t.equal(await start(), 'ok');
  const placed = place(SHARDS, OLD);
  t.same(await placementNow(), placed);
  t.same(
    placed.map((_, shard) => isolateOfShard(shard)),
    placed,
    'also in the main thread',
  );
  for (const keeper of keepers) {
    t.same(keeper.asked, [['take', ...shardsIn(keeper.isolate, OLD)]]);
    await until(() => keeper.heard.at(-1)?.kind === 'placement', 'it is told');
    t.match(keeper.heard.at(-1), { placement: placed });
  }
});

void t.test('a store that cannot be opened at the start says why', async t => {
  const { start, keeper } = await scene(t, OLD);
  await keeper(1).plan('take', 'refuse');
  t.same(await start(), ['start_refused', 'storage_corrupt', 'It is damaged.']);
});

void t.test('an isolate that dies at the start is asked when it is there again', async t => {
  const { start, keeper } = await scene(t, [1]);
  await keeper(1).plan('take', 'die');
  const started = start();
  await keeper(1).ended;
  const again = await Keeper.start(t, 1, 1);
  t.equal(await started, 'ok');
  t.same(again.asked, [['take', 0, 1, 2, 3]]);
});

void t.test('an isolate that was started again gets its shards, and sessions', async t => {
  const { start, keeper, welcomes } = await scene(t, OLD);
  await start();
  await keeper(1).end();
  const again = await Keeper.start(t, 1, 1);
  cast(switchboardName, { kind: 'isolate_started', isolate: 1 });
  await until(() => welcomes() === 1, 'the gateway is told');
  t.same(again.asked, [['take', ...shardsIn(1, OLD)]]);
  t.equal(keeper(2).asked.length, 1, 'the other one is left alone');
});

void t.test('an isolate without shards is asked nothing', async t => {
  const { start, keeper } = await scene(t, [1, 3]);
  await start();
  cast(switchboardName, { kind: 'isolate_started', isolate: 3 });
  await placementNow();
  t.same(keeper(3).asked, []);
});

void t.test('what could not be taken again is tried again after a while', async t => {
  const clock = createVirtualClock();
  const real = setClock(clock);
  t.teardown(() => setClock(real));
  const { start, keeper, welcomes } = await scene(t, [1]);
  await start();
  await keeper(1).plan('take', 'refuse');
  cast(switchboardName, { kind: 'isolate_started', isolate: 1 });
  await placementNow();
  t.equal(keeper(1).asked.length, 2);
  t.equal(welcomes(), 0);
  await clock.advance(1_000);
  await until(() => welcomes() === 1, 'it is taken');
  t.equal(keeper(1).asked.length, 3);
});

void t.test('an isolate that dies while it takes its shards again is waited for', async t => {
  const { start, keeper, welcomes } = await scene(t, [1]);
  await start();
  await keeper(1).plan('take', 'die');
  cast(switchboardName, { kind: 'isolate_started', isolate: 1 });
  await placementNow();
  t.equal(welcomes(), 0);
  await Keeper.start(t, 1, 1);
  cast(switchboardName, { kind: 'isolate_started', isolate: 1 });
  await until(() => welcomes() === 1, 'it is taken');
});

void t.test('an upgrade moves shard by shard, old first, and ends the old isolates', async t => {
  const { start, keeper, threads, keepers } = await scene(t, [...OLD, ...NEW]);
  await start();
  const at = place(SHARDS, OLD);
  const to = place(SHARDS, NEW);
  t.same(await upgrade(), { isolates: NEW, shardsMoved: SHARDS });
  t.same(await placementNow(), to);
  t.same(threads.endedOnes, OLD);
  for (const isolate of OLD)
    t.same(
      keeper(isolate).asked.slice(1),
      shardsIn(isolate, OLD).map(shard => ['release', shard]),
    );
  for (const isolate of NEW) {
    const shards = shardsIn(isolate, NEW);
    t.same(
      keeper(isolate).asked,
      shards.map((_, i) => ['take', ...shards.slice(0, i + 1)]),
    );
  }
  for (const { heard } of keepers)
    for (const message of heard)
      if (message.kind === 'release') {
        const { shard, placement } = message;
        t.equal(placement[shard], undefined, 'nobody has a shard on its way');
        t.same(placement.slice(shard + 1), at.slice(shard + 1), 'one at a time');
      }
});

void t.test('isolates that do not come up change nothing', async t => {
  const { start, threads, keeper } = await scene(t, OLD);
  await start();
  threads.refusal = { code: 'upgrade_failed', message: 'It did not start.' };
  t.same(await upgrade(), threads.refusal);
  t.same(await placementNow(), place(SHARDS, OLD));
  t.equal(keeper(1).asked.length, 1);
});

void t.test('a server without isolates cannot be upgraded', async t => {
  const { start, threads } = await scene(t, [1]);
  await start();
  threads.numbers = [0];
  t.match(await upgrade(), { code: 'no_isolates' });
});

void t.test('an old isolate that dies as it lets a shard go has let go of it', async t => {
  const { start, keeper, threads } = await scene(t, [...OLD, ...NEW]);
  await start();
  await keeper(1).plan('release', 'die');
  t.same(await upgrade(), { isolates: NEW, shardsMoved: SHARDS });
  t.same(await placementNow(), place(SHARDS, NEW));
  t.same(threads.endedOnes, OLD);
});

for (const on of ['take', 'release'] as const)
  void t.test(`a keeper alone dies at ${on}: its isolate still has the shard`, async t => {
    const { start, keeper, threads } = await scene(t, [...OLD, ...NEW]);
    await start();
    const isolate = (on === 'take' ? NEW : OLD)[0] ?? 0;
    await keeper(isolate).plan(on, 'lose its keeper');
    t.same(await upgrade(), { isolates: NEW, shardsMoved: SHARDS });
    t.same(await placementNow(), place(SHARDS, NEW));
    t.same(threads.endedOnes, OLD);
    const asked = keeper(isolate).asked.filter(each => String(each).startsWith(on));
    t.same(asked[0], asked[1], 'the next keeper is asked the same');
  });

void t.test('a keeper alone that dies as it takes its shards again is asked again', async t => {
  const { start, keeper, welcomes } = await scene(t, [1]);
  await start();
  await keeper(1).plan('take', 'lose its keeper');
  cast(switchboardName, { kind: 'isolate_started', isolate: 1 });
  await until(() => welcomes() === 1, 'they are taken');
  t.equal(keeper(1).asked.length, 3);
});

for (const does of ['refuse', 'die'] as const)
  void t.test(`the second shard's new isolate does this: ${does}`, async t => {
    const { start, keeper, threads } = await scene(t, [1, ...NEW]);
    await start();
    const [first = 0, second = 0] = place(SHARDS, NEW);
    // Two shards that go to one isolate, or to two: the plan is for the one that is second in time.
    if (second === first) {
      await keeper(first).plan('take', 'hold');
      const upgraded = upgrade(2);
      await until(() => keeper(first).asked.length === 1, 'the first is taken');
      await keeper(first).plan('take', does);
      await keeper(first).release();
      t.match(await upgraded, { code: does === 'die' ? 'upgrade_failed' : 'storage_corrupt' });
    } else {
      await keeper(second).plan('take', does);
      t.match(await upgrade(2), { code: does === 'die' ? 'upgrade_failed' : 'storage_corrupt' });
    }
    t.same(await placementNow(), [first, 1, 1, 1], 'it is back where it was, nothing else moved');
    t.same(keeper(1).asked.at(-1), ['take', 1, 2, 3]);
    t.same(
      threads.endedOnes,
      NEW.filter(isolate => isolate !== first),
      'who has a shard stays',
    );
  });

void t.test('a switchboard that was killed finds everything in its place', async t => {
  const { start, keeper, welcomes, threads } = await scene(t, OLD);
  await start();
  const before = await placementNow();
  killSwitchboard();
  t.equal(await start(), 'ok');
  t.same(await placementNow(), before);
  t.same(keeper(1).asked.at(-1), ['take', ...shardsIn(1, OLD)], 'it takes what it has already');
  await until(() => threads.strays === 1, 'it looks for what is left over');
  t.ok(welcomes() > 0, 'a call to open sessions may have been lost');
});

void t.test(
  'an isolate that is away when the switchboard is started again is no reason to end',
  async t => {
    const { start, keeper, welcomes } = await scene(t, OLD);
    await start();
    killSwitchboard();
    await keeper(1).end();
    t.equal(await start(), 'ok');
    const before = welcomes();
    await Keeper.start(t, 1, 1);
    cast(switchboardName, { kind: 'isolate_started', isolate: 1 });
    await until(() => welcomes() > before, 'it has its shards');
  },
);

// Each step of a hand-over: the isolate that is asked holds its answer, and the switchboard dies meanwhile.
for (const on of ['release', 'take'] as const)
  for (const nth of [0, 2])
    void t.test(
      `killed in an upgrade at ${on} of shard ${nth}: the next one finishes it`,
      async t => {
        const { start, keeper, keepers, threads } = await scene(t, [...OLD, ...NEW]);
        await start();
        const asked = (on === 'release' ? place(SHARDS, OLD) : place(SHARDS, NEW))[nth] ?? 0;
        // Requests before the one that is meant are held too, and let go.
        const isMeant = (): boolean =>
          keeper(asked).heard.some(
            message =>
              (message.kind === 'release' && on === 'release' && message.shard === nth) ||
              (message.kind === 'take' && on === 'take' && message.placement[nth] === asked),
          );
        const count = shardsIn(asked, on === 'release' ? OLD : NEW).indexOf(nth) + 1;
        for (let i = 0; i < count; i++) await keeper(asked).plan(on, 'hold');
        const upgraded = exitOf(upgrade());
        for (let i = 1; i < count; i++) {
          await until(
            () => keeper(asked).heard.filter(({ kind }) => kind === on).length === i,
            'it is held',
          );
          await keeper(asked).release();
        }
        await until(isMeant, 'the step is reached');
        killSwitchboard();
        t.equal((await upgraded) instanceof Error, false, 'who asked for it is told');
        const started = start();
        await keeper(asked).release();
        t.equal(await started, 'ok');
        await until(() => threads.endedOnes.length === 2, 'the old isolates are ended');
        t.same(await placementNow(), place(SHARDS, NEW));
        t.same(threads.endedOnes, OLD);
        // No shard was taken by anybody before the one who had it was asked to let it go.
        for (const { heard } of keepers)
          for (const message of heard)
            if (message.kind === 'take' && NEW.some(isolate => message.placement.includes(isolate)))
              for (const shard of message.shards) {
                const from = place(SHARDS, OLD)[shard] ?? 0;
                if (message.placement[shard] === from) continue;
                t.ok(keeper(from).asked.some(each => String(each) === `release,${shard}`));
              }
      },
    );
