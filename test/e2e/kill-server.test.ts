/** Promise 1: whatever was accepted arrives exactly once and in order, though the server is killed again and again. */
import t from 'tap';
import { startServerProcess } from '../../lab/server-process.ts';
import { talk, World } from './world.ts';

const kills = Number(process.env['STROWGER_TEST_KILLS'] ?? 5);

for (const shards of [1, 2])
  void t.test(`kill -9 under load, again and again, with ${shards} shard(s)`, async t => {
    const server = await startServerProcess({ flags: { shards, 'log-level': 'error' } });
    t.teardown(() => server.end());
    const world = new World(t, () => server.url);
    const people = await world.people(12);
    let over = false;
    const talking = talk(people, () => over, shards);
    for (let kill = 0; kill < kills; kill++) {
      await world.moreAccepted(150);
      await server.kill();
      await server.start();
    }
    await world.moreAccepted(150);
    over = true;
    await talking;
    await world.judge();
    t.ok(
      people.every(person => person.disconnections >= kills),
      'everybody felt each kill',
    );
  });
