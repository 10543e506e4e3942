/** A running server is copied, loses what came afterwards, and gets it back from the devices. */
import { writeFileSync } from 'node:fs';
import t from 'tap';
import { startServerProcess } from '../../lab/server-process.ts';
import { messagesOf } from './messages-of.ts';
import { codeOf, jsonLines, Workplace } from './strowger.ts';

void t.test('backup, restore, and what only the sender still has', async t => {
  const place = new Workplace();
  const server = await startServerProcess({ flags: { shards: '2' } });
  t.teardown(async () => {
    await place.end();
    await server.end();
  });
  await place.register(server.url, 'alice', 'bob');
  const send = (body: string) =>
    place.run(['send', '--home', 'alice', '--to', 'bob', '--body', body]);
  t.equal((await send('before')).code, 0);

  // Started by the lab the server has no url file: it is named.
  const token = ['--token-file', `${server.directory}/admin-token`];
  const backup = await place.run(['backup', '--server', server.url, ...token]);
  t.equal(backup.code, 0, backup.stderr);
  const [{ directory, shards } = {}] = jsonLines(backup.stdout);
  t.equal(shards, 2);
  t.equal((await send('after')).code, 0);

  const restore = ['restore', '--data', server.directory, '--from', String(directory)];
  t.equal(codeOf(await place.run(restore)), 'locked', 'a running server is left alone');
  t.equal(await server.stop(), 0);
  t.equal(codeOf(await place.run([...restore.slice(0, 4), server.directory + '-x'])), 'no_backup');
  const restored = await place.run(restore);
  t.equal(restored.code, 0, restored.stderr);

  await server.start();
  t.equal((await send('later')).code, 0);
  const listen = ['listen', '--home', 'bob', '--json', '--timeout', '50', '--count', '3'];
  const { code, stdout, stderr } = await place.run(listen);
  t.equal(code, 0, stderr);
  t.strictSame(messagesOf(stdout), ['before', 'after', 'later']);
});

void t.test('who does not show the admin token makes no backup', async t => {
  const place = new Workplace();
  const server = await startServerProcess();
  t.teardown(async () => {
    await place.end();
    await server.end();
  });
  const wrong = place.path('token');
  writeFileSync(wrong, 'x'.repeat(43));
  const outcome = await place.run(['backup', '--server', server.url, '--token-file', wrong]);
  t.equal(codeOf(outcome), 'not_authorised');
});
