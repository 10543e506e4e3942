/** Whose fault it was: the session that throws is lost alone, and who takes isolates down again and again is sent away. */
import t from 'tap';
import { everybodyGoesOn, isolateOf, nobodyDisconnected, scene } from './isolate-scene.ts';
import { until } from './until.ts';
import { talk } from './world.ts';

void t.test('a timer of a session throws: only this session is lost', async t => {
  const stage = await scene(t);
  const { world, people, server } = stage;
  let over = false;
  const talking = talk(people, () => over);
  await everybodyGoesOn(stage);
  stage.order({ fault: 'throw from a timer', isolate: 1, device: undefined });
  await until(async () => {
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    return /^strowger_sessions_lost_total 1$/m.test(metrics);
  }, 'a session is lost');
  await everybodyGoesOn(stage);
  over = true;
  await talking;
  await world.judge();
  nobodyDisconnected(t, people);
  t.same([stage.deaths(1), stage.deaths(2)], [0, 0], 'no isolate died');
});

void t.test('who takes its isolate down again and again is sent away, the others stay', async t => {
  const stage = await scene(t, { isolatesHeartbeatMs: '500' });
  const { world, people } = stage;
  const [poison, ...others] = people;
  if (poison === undefined) throw new Error('there are people');
  let over = false;
  const talking = talk(people, () => over);
  await everybodyGoesOn(stage);
  // Given again and again: an isolate that has died knows nothing of it.
  await until(() => {
    stage.order({ fault: 'loop', isolate: undefined, device: poison.id });
    return poison.disconnections > 0;
  }, 'the socket of the one is closed');
  t.ok(stage.deaths(isolateOf(poison) ?? 0) >= 2, 'it had a second chance');
  stage.order({ fault: 'loop', isolate: undefined, device: 'nobody:1' as typeof poison.id });
  await everybodyGoesOn(stage);
  over = true;
  await talking;
  await world.judge();
  nobodyDisconnected(t, others);
});
