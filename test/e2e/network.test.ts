/** What networks and clients do to a server: cut, half-open and stalled sockets, clients that die, and that repeat themselves. */
import t, { type Test } from 'tap';
import { Proxy } from '../../lab/proxy.ts';
import type { WatchedDevice } from '../../lab/watched-device.ts';
import { seededRandom } from '../protocol/fuzz/frames.ts';
import { startInProcess } from './in-process-server.ts';
import { until } from './until.ts';
import { talk, World } from './world.ts';

const times = Number(process.env['STROWGER_TEST_FAULTS'] ?? 12);

/** People who talk while faults happen, each when enough has been accepted since the one before. */
async function faulty(
  world: World,
  people: readonly WatchedDevice[],
  fault: (index: number) => void | Promise<void>,
  rounds = times,
): Promise<void> {
  let over = false;
  const talking = talk(people, () => over, 3);
  for (let index = 0; index < rounds; index++) {
    await world.moreAccepted(40);
    await fault(index);
  }
  await world.moreAccepted(40);
  over = true;
  await talking;
  await world.judge();
}

for (const shards of ['1', '2'])
  void t.test(`sockets are cut at random, ${shards} shard(s)`, async t => {
    const { server } = await startInProcess(t, { shards });
    const world = new World(t, () => server.url);
    const people = await world.people(10);
    const random = seededRandom(1);
    await faulty(world, people, () => {
      for (const person of people) if (random() < 0.3) person.transport.cut();
    });
    t.ok(people.some(({ disconnections }) => disconnections > 0));
  });

/** Half of the people reach the server through the proxy. */
async function behindProxy(t: Test, client = {}) {
  const { server } = await startInProcess(t);
  const proxy = await Proxy.start(server.url);
  t.teardown(() => proxy.end());
  const near = new World(t, () => server.url);
  const people = await near.people(4, 'near');
  const far = new World(t, () => proxy.url, { client }, near.oracle);
  people.push(...(await far.people(4, 'far')));
  return { proxy, world: near, people };
}

void t.test('clients change their network and leave half-open sockets behind', async t => {
  const { proxy, world, people } = await behindProxy(t);
  const strand = async (): Promise<void> => {
    await until(() => people.every(({ client }) => client.connected), 'everybody connected');
    proxy.strand();
    await until(() => proxy.stranded === 0, 'the newer connection replacing the stranded one');
  };
  await faulty(world, people, strand, 4);
  t.ok(people.slice(4).every(({ disconnections }) => disconnections >= 4));
});

void t.test('connections that swallow everything are given up and made anew', async t => {
  const client = { limits: { answerTimeoutMs: 100 }, backoff: { firstMs: 20, longestMs: 50 } };
  const { proxy, world, people } = await behindProxy(t, client);
  const swallow = async (): Promise<void> => {
    await until(() => people.every(({ client }) => client.connected), 'everybody connected');
    const before = people.map(({ disconnections }) => disconnections);
    proxy.swallow();
    await until(
      () => people.slice(4).every((person, i) => person.disconnections > before[4 + i]!),
      'everybody behind it giving up',
    );
  };
  await faulty(world, people, swallow, 4);
});

void t.test('connections that take nothing for a while miss nothing', async t => {
  const { proxy, world, people } = await behindProxy(t);
  await faulty(world, people, async () => {
    proxy.stall();
    await Promise.race([world.moreAccepted(20), new Promise(resolve => setTimeout(resolve, 50))]);
    proxy.resume();
  });
});

void t.test('a slow network with cuts in it', async t => {
  const { proxy, world, people } = await behindProxy(t);
  proxy.delayMs = 5;
  await faulty(world, people, () => proxy.cut());
});

void t.test('a client that dies between delivery and acknowledgement', async t => {
  const { server } = await startInProcess(t);
  const world = new World(t, () => server.url);
  const [alice, bob] = await world.people(2);
  for (let round = 0; round < 5; round++) {
    bob!.transport.muted = true;
    const seen = world.oracle.counts.delivered;
    for (let i = 0; i < 3; i++) await alice!.send({ to: bob!.user }, { targets: [bob!.id] });
    await world.oracle.when(() => world.oracle.counts.delivered === seen + 3);
    await bob!.die();
    await alice!.send({ to: bob!.user }, { targets: [bob!.id] });
    await bob!.open();
  }
  await world.judge();
});

void t.test('clients that die at any moment and live again on what they had stored', async t => {
  const { server } = await startInProcess(t);
  const world = new World(t, () => server.url);
  const people = await world.people(6, 'steady');
  const mortals = await world.people(4, 'mortal');
  const random = seededRandom(5);
  let over = false;
  const talking = talk([...people, ...mortals], () => over, 9, people);
  for (let death = 0; death < times; death++) {
    await world.moreAccepted(30);
    const mortal = mortals[Math.floor(random() * mortals.length)]!;
    await mortal.send({ to: people[0]!.user }, { targets: [people[0]!.id] });
    await mortal.die();
    await mortal.open();
  }
  over = true;
  await talking;
  await world.judge();
});

void t.test('clients that repeat everything they say, and old things again', async t => {
  const { server } = await startInProcess(t);
  const world = new World(t, () => server.url);
  const people = await world.people(8);
  for (const person of people) {
    person.transport.copies = 2;
    person.transport.echoes = 6;
  }
  await faulty(world, people, index => {
    if (index % 4 === 0) people[index % 8]!.transport.cut();
  });
});
