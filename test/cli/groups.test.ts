/** `group …`, and messages to groups. */
import t from 'tap';
import { startServerProcess, type ServerProcess } from '../../lab/server-process.ts';
import { codeOf, jsonLines, Workplace } from './strowger.ts';

let place: Workplace;
let server: ServerProcess;
let id = '';

t.before(async () => {
  place = new Workplace();
  server = await startServerProcess();
  await place.register(server.url, 'alice', 'bob', 'carol');
});
t.teardown(async () => {
  await place.end();
  await server.end();
});

const group = (home: string, ...args: readonly string[]) =>
  place.run(['group', ...args, '--home', home]);

const listen = async (home: string, count: number) =>
  jsonLines(
    (
      await place.run([
        ...['listen', '--home', home, '--json', '--timeout', '20', '--count', String(count)],
      ])
    ).stdout,
  );

void t.test('a group is created with its members', async t => {
  const created = await group('alice', 'create', '--name', 'friends', '--members', 'bob');
  t.equal(created.code, 0, created.stderr);
  const [info = {}] = jsonLines(created.stdout);
  id = String(info['group']);
  t.match(id, /^g_[A-Za-z0-9_-]{22}$/);
  t.match(info, { name: 'friends', version: 1 });
  t.strictSame(info['members'], [
    { user: 'alice', admin: true },
    { user: 'bob', admin: false },
  ]);
  t.strictSame(jsonLines((await group('bob', 'info', id)).stdout), [info]);
  t.strictSame(jsonLines((await group('bob', 'info', `group:${id}`)).stdout), [info]);
});

void t.test('a message to the group reaches its members with the group’s id', async t => {
  const sent = await place.run(['send', '--home', 'alice', '--to', `group:${id}`, '--body', 'hi']);
  t.equal(sent.code, 0, sent.stderr);
  const heard = await listen('bob', 1);
  t.match(heard[0], { kind: 'group', group: id, event: 'created', by: 'alice', version: 1 });
  t.match(heard[1], { kind: 'message', from: 'alice', group: id, body: 'hi' });
});

void t.test('members come and go; only admins decide', async t => {
  t.equal(codeOf(await group('bob', 'add', id, 'carol')), 'not_admin');
  const added = await group('alice', 'add', id, 'carol');
  t.equal((jsonLines(added.stdout)[0]?.['members'] as unknown[]).length, 3, added.stderr);
  await place.run(['send', '--home', 'carol', '--to', `group:${id}`, '--body', 'thanks']);
  const heard = await listen('bob', 1);
  t.match(heard, [
    { kind: 'group', event: 'added', by: 'alice', users: ['carol'] },
    { kind: 'message', from: 'carol', body: 'thanks' },
  ]);
  t.equal((await group('alice', 'remove', id, 'carol')).code, 0);
  const refused = await place.run([
    'send',
    '--home',
    'carol',
    '--to',
    `group:${id}`,
    '--body',
    'x',
  ]);
  t.match(codeOf(refused), /^(not_member|unknown_group)$/, refused.stderr);
  const left = await group('bob', 'leave', id);
  t.equal(left.stdout, `{"group":"${id}","left":true}\n`, left.stderr);
  t.strictSame(jsonLines((await group('alice', 'info', id)).stdout)[0]?.['members'], [
    { user: 'alice', admin: true },
  ]);
});

void t.test('unknown groups and members', async t => {
  t.equal(codeOf(await group('alice', 'info', 'nonsense')), 'unknown_group');
  t.equal(codeOf(await group('alice', 'info', `g_${'A'.repeat(22)}`)), 'unknown_group');
  for (const args of [
    ['add', id, 'bob,nobody,carol'],
    ['create', '--name', 'x', '--members', 'bob,nobody'],
  ]) {
    const outcome = await group('alice', ...args);
    t.equal(outcome.code, 1);
    t.match(outcome.stderr, /^error unknown_user: There is no user nobody: [^\n]+\n$/);
  }
  t.equal(codeOf(await group('alice', 'add', id, 'No Body')), 'bad_handle');
});

void t.test('a group has a name', async t => {
  for (const name of ['', ' ', 'x'.repeat(101)]) {
    const outcome = await group('alice', 'create', '--name', name);
    t.equal(outcome.code, 2);
    t.match(outcome.stderr, 'Give the group a name of 1 to 100 characters.');
  }
  t.equal((await group('alice', 'create', '--name', '🦊'.repeat(100))).code, 0);
});
