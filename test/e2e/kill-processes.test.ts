/** Promise 2: any process may die at any time; only its own work restarts and no socket closes but for the gateway's death. */
import t, { type Test } from 'tap';
import { killOne, processesOf, type ProcessKind } from '../../lab/process-faults.ts';
import { groupId } from '../../protocol/ids.ts';
import { nodeCrypto } from '../../protocol/crypto/node.ts';
import { seededRandom } from '../protocol/fuzz/frames.ts';
import { runtime, startInProcess } from './in-process-server.ts';
import { until } from './until.ts';
import { talk, talkInGroup, World } from './world.ts';

/** How often each kind is killed. */
const kills = Number(process.env['STROWGER_TEST_KILLS'] ?? 12);

interface Run {
  readonly kinds: readonly [ProcessKind, ...ProcessKind[]];
  readonly shards?: number;
  readonly kills?: number;
}

/** Kills one process after the other while everybody talks, each time when enough has been accepted since. */
async function killing(t: Test, { kinds, shards = 1, kills: count = kills }: Run): Promise<World> {
  // Sessions die far more often here than a connection's budget allows, by which its socket would be closed.
  const { server } = await startInProcess(t, { shards: String(shards), sessionsRestarts: '1000' });
  const world = new World(t, () => server.url);
  const people = await world.people(12);
  const group = groupId(nodeCrypto.randomBytes(16));
  const [founder] = people;
  await founder!.client.request('group_create', {
    group,
    name: 'all',
    members: people.map(({ user }) => user),
  });
  let over = false;
  const talking = [
    talk(people, () => over, 7),
    talkInGroup(people.slice(0, 3), people, group, () => over),
  ];
  const random = seededRandom(kinds.length * 100 + shards);
  for (let kill = 0; kill < count; kill++) {
    await world.moreAccepted(40);
    const kind = kinds[kill % kinds.length]!;
    // A group has a process once somebody wants it changed; here to what it is already.
    const asked = founder!.client.request('group_add', { group, users: [people[1]!.user] });
    await until(() => processesOf(runtime, kind).length > 0, `a process of kind ${kind}`);
    killOne(runtime, kind, random());
    t.match(await asked, { name: 'all' });
  }
  await world.moreAccepted(40);
  over = true;
  await Promise.all(talking);
  await world.judge();
  return world;
}

const nobodyDisconnected = (t: Test, world: World): void => {
  const gone = world.devices.filter(({ disconnections }) => disconnections > 0);
  t.strictSame(
    gone.map(({ id, statuses }) => [id, statuses]),
    [],
    'no socket was closed',
  );
};

for (const kind of ['session', 'mailbox', 'group', 'store', 'directory', 'housekeeping'] as const)
  void t.test(`${kind} processes are killed under load`, async t => {
    nobodyDisconnected(t, await killing(t, { kinds: [kind] }));
  });

void t.test('links between two shards are killed under load', async t => {
  nobodyDisconnected(t, await killing(t, { kinds: ['link', 'store'], shards: 2 }));
});

for (const kind of ['mailboxes', 'groups', 'stores'] as const)
  void t.test(`the supervisor ${kind} is killed under load`, async t => {
    nobodyDisconnected(t, await killing(t, { kinds: [kind], kills: 3 }));
  });

void t.test(
  'the supervisor sessions is killed under load: the gateway opens them anew',
  async t => {
    nobodyDisconnected(t, await killing(t, { kinds: ['sessions'], kills: 3 }));
  },
);

void t.test('the gateway is killed under load: sockets close, clients come back', async t => {
  const world = await killing(t, { kinds: ['gateway'], kills: 4 });
  t.ok(
    world.devices.every(({ disconnections }) => disconnections >= 4),
    'everybody felt it',
  );
});

void t.test('processes of all kinds are killed under load, on two shards', async t => {
  nobodyDisconnected(
    t,
    await killing(t, {
      kinds: ['session', 'store', 'mailbox', 'link', 'group', 'session', 'directory'],
      shards: 2,
      kills: 2 * kills,
    }),
  );
});

void t.test('all sessions are killed at once', async t => {
  const { server } = await startInProcess(t);
  const world = new World(t, () => server.url);
  const people = await world.people(12);
  let over = false;
  const talking = talk(people, () => over);
  for (let round = 0; round < 3; round++) {
    await world.moreAccepted(100);
    for (const pid of processesOf(runtime, 'session')) runtime.exit(pid, 'kill');
  }
  await world.moreAccepted(100);
  over = true;
  await talking;
  await world.judge();
  nobodyDisconnected(t, world);
});
