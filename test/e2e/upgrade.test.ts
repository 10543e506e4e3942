/** Isolates are replaced by others, with their shards and users, and no socket closes. */
import t from 'tap';
import { call } from '../../actors/index.ts';
import { switchboardName } from '../../server/isolates/protocol.ts';
import { everybodyGoesOn, isolateOf, nobodyDisconnected, scene } from './isolate-scene.ts';
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
