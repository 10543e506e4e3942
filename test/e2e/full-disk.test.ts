/** A full disk: nothing is accepted, delivery and acknowledgement go on, and with room everything goes on. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import { startServerProcess } from '../../lab/server-process.ts';
import { until } from './until.ts';
import { World } from './world.ts';

const run = promisify(execFile);

/** A file system with this much room, gone with the test; null where nobody may mount one. */
async function smallDisk(t: Test, megabytes: number): Promise<string | null> {
  const directory = await mkdtemp(join(tmpdir(), 'strowger-disk-'));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', directory]);
  } catch (error) {
    t.comment(`no file system could be mounted: ${String(error)}`);
    return null;
  }
  t.teardown(() => run('umount', ['-l', directory]));
  return directory;
}

const text = 'x'.repeat(48 * 1024);

void t.test('a disk that fills up, and gets room again when messages are fetched', async t => {
  const directory = await smallDisk(t, 40);
  if (directory === null) {
    t.pass('the shard itself is tested with a page limit in test/storage');
    return;
  }
  const server = await startServerProcess({
    directory: join(directory, 'data'),
    // The disk has room for the reserve of one.
    flags: { shards: 1, 'log-level': 'error' },
  });
  t.teardown(() => server.end());
  const world = new World(t, () => server.url);
  const [alice, bob] = await world.people(2);
  await bob!.close();
  const complaints = (): number =>
    alice!.statuses.filter(status => status.kind === 'complaint' && status.code === 'storage_full')
      .length;
  while (complaints() === 0) {
    const { accepted } = await alice!.send({ to: bob!.user }, { targets: [bob!.id] }, text);
    await Promise.race([accepted, until(() => complaints() > 0, 'an answer')]);
  }
  const acceptedWhenFull = world.oracle.counts.accepted;
  t.ok(acceptedWhenFull > 50, `${acceptedWhenFull} messages of 48 KiB fitted`);
  t.equal(world.oracle.undecided, 1, 'the last one is not decided');
  t.equal(
    (await fetch(`${server.url}/readyz`)).status,
    503,
    'the server says that it is not ready',
  );

  await server.kill();
  await server.start();
  await until(() => alice!.client.connected, 'alice back on a full disk');

  await bob!.open();
  await world.judge();
  t.equal(world.oracle.counts.accepted, acceptedWhenFull + 1, 'with room it was accepted');
  await until(
    async () => (await fetch(`${server.url}/readyz`)).status === 200,
    'the server ready again',
  );
});
