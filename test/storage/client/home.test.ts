import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { openDatabase } from '../../../storage/mnesia/database.ts';
import { createHome, openHome } from '../../../storage/client/home.ts';
import {
  clientStoreContract,
  someEntry,
  someIdentity,
  someMessage,
} from '../../contract/client-store.ts';

/** A process that has stored into `home` and holds both roles. */
async function holder(t: Test, home: string): Promise<{ readonly kill: () => Promise<void> }> {
  const script = fileURLToPath(new URL('./holder.js', import.meta.url));
  const child = spawn(process.execPath, [script, home], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.teardown(() => child.kill('SIGKILL'));
  const [said] = (await once(child.stdout, 'data')) as [Buffer];
  if (said.toString() !== 'stored\n') throw new Error(`expected stored, got ${said.toString()}`);
  return {
    kill: async () => {
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

void t.test('the file store', t => {
  let homes = 0;
  const base = t.testdir();
  const options = { waitMs: 0, sent: { sentEntries: 3, sentBytes: 100 } };
  const directories = new WeakMap<object, string>();
  return clientStoreContract(t, {
    fresh: () => {
      const directory = join(base, `home-${homes++}`);
      const store = createHome(directory, someIdentity, options);
      directories.set(store, directory);
      return store;
    },
    again: store => openHome(directories.get(store)!, options),
  });
});

void t.test(
  'kill -9 between storing and acknowledging: it is there, and the roles are free',
  async t => {
    const home = join(t.testdir(), 'home');
    createHome(home, someIdentity);
    const { kill } = await holder(t, home);
    const eager = openHome(home, { waitMs: 0 });
    await t.rejects(async () => eager.openOutbox(), { code: 'role_taken', message: /sends/ });
    await t.rejects(async () => eager.openInbox(), { code: 'role_taken', message: /listens/ });
    const patient = openHome(home, { waitMs: 60_000 });
    const waiting = Promise.all([patient.openOutbox(), patient.openInbox()]);
    await kill();
    const [outbox, inbox] = await waiting;
    t.same((await outbox.load()).state.entries, [someEntry(1)]);
    t.match((await outbox.load()).state, { nextSeq: 2, era: 1 });
    const { state, waiting: rows } = await inbox.load();
    t.match(state, { have: 1, era: 1 });
    t.same(rows, [{ place: 1, row: someMessage(1) }]);
    t.same([...state.from], [['bob:1', 1]]);
    await Promise.all([outbox.close(), inbox.close()]);
  },
);

void t.test('the private key is for its owner alone', async t => {
  const home = join(t.testdir(), 'deep', 'home');
  const store = createHome(home, someIdentity);
  const mode = (path: string): number => statSync(path).mode & 0o777;
  t.equal(mode(join(home, 'identity.json')), 0o600);
  t.equal(mode(home), 0o700);
  await store.saveIdentity({ ...someIdentity, retired: true });
  t.equal(mode(join(home, 'identity.json')), 0o600);
});

void t.test('so are the messages, also in a directory that others may read', async t => {
  const home = t.testdir();
  const store = createHome(home, someIdentity);
  const outbox = await store.openOutbox();
  await outbox.commit([{ kind: 'put', entry: someEntry(1) }]);
  for (const name of readdirSync(home).filter(name => name.startsWith('outbox')))
    t.equal(statSync(join(home, name)).mode & 0o777, 0o600, name);
  await outbox.close();
});

void t.test('a home is made once', async t => {
  const home = t.testdir();
  createHome(home, someIdentity);
  t.throws(() => createHome(home, someIdentity), { code: 'home_exists' });
});

void t.test('what is no home is said to be none', async t => {
  const home = t.testdir({ file: 'x' });
  t.throws(() => openHome(home), { code: 'no_home', message: /register/ });
  t.throws(() => openHome(join(home, 'nowhere')), { code: 'no_home' });
  t.throws(() => openHome(join(home, 'file')), { code: 'no_home' });
  t.throws(() => createHome(join(home, 'file', 'x'), someIdentity), { code: 'home_io' });
});

void t.test('a damaged or newer home is said to be so, and left as it is', async t => {
  const home = t.testdir();
  createHome(home, someIdentity);
  const file = join(home, 'identity.json');
  const good = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
  const spoilt: [string, string][] = [
    ['{"format": "stro', 'home_corrupt'],
    ['null', 'home_corrupt'],
    [JSON.stringify({ ...good, format: 'other' }), 'home_corrupt'],
    [JSON.stringify({ ...good, privateKey: 'short' }), 'home_corrupt'],
    [JSON.stringify({ ...good, device: 'bob:1' }), 'home_corrupt'],
    [JSON.stringify({ ...good, version: 2 }), 'home_newer'],
  ];
  for (const [text, code] of spoilt) {
    writeFileSync(file, text);
    t.throws(() => openHome(home), { code }, text);
    t.equal(readFileSync(file, 'utf8'), text);
  }
  writeFileSync(file, JSON.stringify(good));
  t.same(await openHome(home).identity(), someIdentity);
});

void t.test('a damaged database is said to be so, and left as it is', async t => {
  const home = t.testdir();
  const store = createHome(home, someIdentity);
  const garbage = Buffer.alloc(8192, 'no database ');
  for (const name of ['outbox.db', 'inbox.db']) writeFileSync(join(home, name), garbage);
  await t.rejects(async () => store.openOutbox(), { code: 'home_corrupt', message: /outbox\.db/ });
  await t.rejects(async () => store.openInbox(), { code: 'home_corrupt', message: /inbox\.db/ });
  t.same(readFileSync(join(home, 'outbox.db')), garbage);
});

void t.test('databases of a newer program are refused', async t => {
  const home = t.testdir();
  const store = createHome(home, someIdentity);
  for (const name of ['outbox.db', 'inbox.db'])
    openDatabase({ file: join(home, name), tables: [], schemaVersion: 2, reserveBytes: 0 }).close();
  await t.rejects(async () => store.openOutbox(), { code: 'home_newer', message: /update/ });
  await t.rejects(async () => store.openInbox(), { code: 'home_newer' });
});
