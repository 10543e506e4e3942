/** Isolates are replaced by others, with their shards and users, and no socket closes. */
import t from 'tap';
import { call, exit, whereis } from '../../actors/index.ts';
import type { WatchedDevice } from '../../lab/watched-device.ts';
import { switchboardName } from '../../server/isolates/protocol.ts';
import { exitOf } from '../actors/exit-of.ts';
import { everybodyGoesOn, isolateOf, nobodyDisconnected, scene } from './isolate-scene.ts';
import { until } from './until.ts';
import { talk } from './world.ts';

void t.test('isolates are replaced under load: an upgrade', async t => {
  const stage = await scene(t);
  const { world, people } = stage;
  let over = false;
  const talking = talk(people, () => over);
  for (const count of [undefined, 3, 1, 2]) {
    await everybodyGoesOn(stage);
    const result = await call(
      switchboardName,
      { kind: 'upgrade', entry: undefined, count },
      Infinity,
    );
    t.match(result, { shardsMoved: 4 });
    if ('isolates' in result)
      t.same(new Set(people.map(isolateOf)), new Set(result.isolates), 'the new ones have them');
  }
  await everybodyGoesOn(stage);
  over = true;
  await talking;
  await world.judge();
  nobodyDisconnected(t, people);
});

void t.test('a program that does not start changes nothing', async t => {
  const stage = await scene(t);
  const { world, people } = stage;
  let over = false;
  const talking = talk(people, () => over);
  await everybodyGoesOn(stage);
  const entry = new URL('./no-such-program.js', import.meta.url).pathname;
  const before = await call(switchboardName, { kind: 'placement' });
  const result = await call(
    switchboardName,
    { kind: 'upgrade', entry, count: undefined },
    Infinity,
  );
  t.match(result, { code: 'upgrade_failed' });
  t.same(await call(switchboardName, { kind: 'placement' }), before);
  await everybodyGoesOn(stage);
  over = true;
  await talking;
  await world.judge();
  nobodyDisconnected(t, people);
});

void t.test('the switchboard is killed under load, also in the middle of an upgrade', async t => {
  const stage = await scene(t);
  const { world, people } = stage;
  let over = false;
  const talking = talk(people, () => over);
  for (let kills = 0; kills < 3; kills++) {
    await everybodyGoesOn(stage);
    killSwitchboard();
  }
  await everybodyGoesOn(stage);
  const upgraded = exitOf(
    call(switchboardName, { kind: 'upgrade', entry: undefined, count: undefined }, Infinity),
  );
  // The first shard is on its way, or at its new place already.
  await until(() => shardsOf(people).some(isolate => (isolate ?? 3) > 2), 'a shard moves');
  killSwitchboard();
  await upgraded;
  await until(() => shardsOf(people).every(isolate => (isolate ?? 0) > 2), 'the upgrade is done');
  await everybodyGoesOn(stage);
  over = true;
  await talking;
  await world.judge();
  nobodyDisconnected(t, people);
  t.same([stage.deaths(1), stage.deaths(2)], [0, 0], 'no isolate died');
});

const shardsOf = (people: readonly WatchedDevice[]): readonly (number | undefined)[] =>
  people.map(isolateOf);

function killSwitchboard(): void {
  const pid = whereis(switchboardName);
  if (pid !== undefined) exit(pid, 'kill');
}
