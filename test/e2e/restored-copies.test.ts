/** Old copies: a device that is restored from one retires, a server that is restored from one is helped by its clients. */
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { registerUser } from '../../lab/accounts.ts';
import { startServerProcess } from '../../lab/server-process.ts';
import { restore } from '../../server/backup/restore.ts';
import { createHome, openHome } from '../../storage/client/home.ts';
import { startInProcess } from './in-process-server.ts';
import { talk, World } from './world.ts';

void t.test(
  'a device restored from an old copy retires, and nothing is lost or doubled',
  async t => {
    const { server } = await startInProcess(t);
    const directory = await mkdtemp(join(tmpdir(), 'strowger-homes-'));
    t.teardown(() => rm(directory, { recursive: true, force: true }));
    const world = new World(t, () => server.url);
    const [alice] = await world.people(1, 'alice');
    const identity = await registerUser(server.url, 'bob');
    const [now, old] = [join(directory, 'now'), join(directory, 'old')];
    const bob = await world.person('bob', { identity, store: createHome(now, identity) });
    const toBob = { targets: [bob.id] };
    const toAlice = { targets: [alice!.id] };
    for (let i = 0; i < 3; i++) {
      await alice!.send({ to: bob.user }, toBob);
      await bob.send({ to: alice!.user }, toAlice);
    }
    await world.oracle.settled();
    await bob.close();
    await cp(now, old, { recursive: true });
    await bob.open();
    for (let i = 0; i < 3; i++) {
      await alice!.send({ to: bob.user }, toBob);
      await bob.send({ to: alice!.user }, toAlice);
    }
    await world.oracle.settled();
    await bob.close();

    const copy = await world.person('bob', { identity, store: openHome(old) });
    await copy.told('retired');
    await world.judge();
    await t.rejects(copy.open(), /open already/);
    await copy.close();
    await t.rejects(copy.open(), { code: 'retired' }, 'it never connects again');
  },
);

void t.test('a server restored from an old backup: a new era, clients offer again', async t => {
  const server = await startServerProcess({ flags: { 'log-level': 'error' } });
  t.teardown(() => server.end());
  const world = new World(t, () => server.url);
  const people = await world.people(7);
  const [sleeper] = await world.people(1, 'sleeper');
  for (let round = 0; round < 2; round++) {
    let over = false;
    const talking = talk(people, () => over, 20 + round);
    await world.moreAccepted(100);
    const token = (await readFile(join(server.directory, 'admin-token'), 'utf8')).trim();
    const answer = await fetch(`${server.url}/v1/admin/backup`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: '{}',
    });
    t.ok(answer.ok, `backup under load: ${answer.status}`);
    const made = (await answer.json()) as { directory: string };
    // What is accepted from here on the restored server knows nothing of; some of it nobody has seen yet.
    await sleeper!.close();
    for (const person of people) {
      const { accepted } = await person.send({ to: sleeper!.user }, { targets: [sleeper!.id] });
      await accepted;
    }
    await world.moreAccepted(200);
    await server.kill();
    await restore(server.directory, made.directory);
    await server.start();
    await sleeper!.open();
    await world.moreAccepted(100);
    over = true;
    await talking;
    await world.oracle.settled(AbortSignal.timeout(45_000));
  }
  await world.judge();
});
