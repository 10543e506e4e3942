/**
 * A handler that loops, keeps memory, throws where nobody catches or ends the thread takes its isolate down and nothing
 * else: no socket closes, nothing is lost, doubled or reordered.
 */
import t from 'tap';
import { describeReason } from '../../actors/index.ts';
import type { Fault } from '../../lab/faults.ts';
import { everybodyGoesOn, isolateOf, nobodyDisconnected, scene } from './isolate-scene.ts';
import { until } from './until.ts';
import { talk } from './world.ts';

/** What the watchdog is to say of each. Those that only take memory have time for it. */
const faults: readonly [Fault, verdict: string, heartbeatMs?: number][] = [
  ['loop', 'isolate_stuck'],
  ['allocate', 'isolate_too_large', 20_000],
  ['keep a large map', 'isolate_too_large', 20_000],
  ['keep buffers', 'isolate_too_large', 20_000],
  ['keep buffers at once', 'isolate_too_large', 20_000],
  ['throw where nobody owns it', 'isolate_ended'],
  ['process.exit', 'isolate_ended'],
];
for (const [fault, verdict, heartbeatMs = 1_000] of faults)
  void t.test(`a handler that does this: ${fault}`, async t => {
    const stage = await scene(t, { isolatesHeartbeatMs: String(heartbeatMs) });
    const { world, people } = stage;
    t.same(new Set(people.map(isolateOf)), new Set([1, 2]), 'people are in both isolates');
    let over = false;
    const talking = talk(people, () => over);
    for (const isolate of [1, 2]) {
      await everybodyGoesOn(stage);
      stage.order({ fault, isolate, device: undefined });
      await until(() => stage.deaths(isolate) === 1, `the death of isolate ${isolate}`);
      await everybodyGoesOn(stage);
    }
    over = true;
    await talking;
    await world.judge();
    nobodyDisconnected(t, people);
    for (const isolate of [1, 2]) {
      const [reason, ...more] = stage.causes(isolate);
      t.match(describeReason(reason), verdict);
      t.same(more, []);
    }
  });
