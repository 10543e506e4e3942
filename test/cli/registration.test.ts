/** Getting in: handles, homes, invite codes, and what a try that failed leaves behind. */
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { startServerProcess, type ServerProcess } from '../../lab/server-process.ts';
import { StallingProxy } from './stalling-proxy.ts';
import { codeOf, jsonLines, Workplace } from './strowger.ts';

let place: Workplace;
let server: ServerProcess;

t.before(async () => {
  place = new Workplace();
  server = await startServerProcess({ flags: { registration: 'invite' } });
});
t.teardown(async () => {
  await place.end();
  await server.end();
});

const register = (handle: string, home: string, ...more: readonly string[]) =>
  place.run(['register', '--server', server.url, '--handle', handle, '--home', home, ...more]);

const invite = async (...more: readonly string[]) => {
  const { stdout } = await place.run(['invite', '--data', server.directory, ...more]);
  return jsonLines(stdout)[0] ?? {};
};

void t.test('an invite code lets as many in as it says', async t => {
  t.equal(codeOf(await register('alice', 'alice')), 'invite_needed');
  t.equal(codeOf(await register('alice', 'alice', '--invite', 'WRONG')), 'bad_invite');
  t.notOk(existsSync(place.path('alice')), 'a refused home is gone');
  const made = await invite('--uses', '2', '--days', '3');
  t.match(made, { code: String, uses: 2, expiresAt: Number });
  const days = (Number(made['expiresAt']) - Date.now()) / 86_400_000;
  t.ok(days > 2.9 && days <= 3, 'it is good for three days');
  const code = String(made['code']);
  t.equal((await register('alice', 'alice', '--invite', code)).code, 0);
  t.equal((await register('bob', 'bob', '--invite', code)).code, 0);
  t.equal(codeOf(await register('carol', 'carol', '--invite', code)), 'bad_invite');
});

void t.test('an invite needs the token of the server’s directory', async t => {
  const elsewhere = ['invite', '--server', server.url, '--token-file'];
  const token = `${server.directory}/admin-token`;
  t.equal((await place.run([...elsewhere, token])).code, 0);
  writeFileSync(place.path('wrong'), `${'A'.repeat(43)}\n`);
  const refused = await place.run([...elsewhere, 'wrong']);
  t.equal(refused.code, 1);
  t.equal(codeOf(refused), 'not_authorised', refused.stderr);
  t.equal(codeOf(await place.run([...elsewhere, 'missing'])), 'no_admin_token');
  t.equal(codeOf(await place.run(['invite', '--data', '.'])), 'no_admin_token');
});

void t.test('taken and impossible names', async t => {
  const { code } = await invite();
  t.equal(codeOf(await register('alice', 'other', '--invite', String(code))), 'handle_taken');
  t.notOk(existsSync(place.path('other')));
  t.equal(codeOf(await register('Not A Name', 'other')), 'bad_handle');
  t.notOk(existsSync(place.path('other')));
});

void t.test('a home is never made over something else', async t => {
  t.equal(codeOf(await register('dave', 'alice')), 'home_exists');
  mkdirSync(place.path('full'));
  writeFileSync(place.path('full/notes'), 'mine');
  t.equal(codeOf(await register('dave', 'full')), 'home_not_empty');
  t.equal(readFileSync(place.path('full/notes'), 'utf8'), 'mine');
  mkdirSync(place.path('empty'), { mode: 0o755 });
  const { code } = await invite();
  t.equal((await register('dave', 'empty', '--invite', String(code))).code, 0);
  t.equal(statSync(place.path('empty')).mode & 0o777, 0o700);
});

void t.test('a home that cannot be made is a sentence', async t => {
  writeFileSync(place.path('file'), '');
  const outcome = await register('dave', 'file/home');
  t.equal(codeOf(outcome), 'home_io');
  t.match(outcome.stderr, /file\/home cannot be made: E[A-Z]+/);
});

void t.test('a server that cannot be reached leaves nothing behind', async t => {
  const away = await place.run([
    ...['register', '--server', 'http://127.0.0.1:9', '--handle', 'erin', '--home', 'erin'],
  ]);
  t.equal(away.code, 1);
  t.equal(codeOf(away), 'unreachable', away.stderr);
  t.notOk(existsSync(place.path('erin')));
});

void t.test('when only the answer was lost, the same command again gets the name', async t => {
  const proxy = new StallingProxy(server.url);
  t.teardown(() => proxy.close());
  const url = await proxy.listen();
  const { code } = await invite();
  const args = ['register', '--server', url, '--handle', 'frank', '--home', 'frank'];
  proxy.stallAnswersFrom = 1;
  const cut = place.start([...args, '--invite', String(code)]);
  const account = `${server.url}/v1/users/frank/devices?key=${'A'.repeat(43)}`;
  while ((await fetch(account)).status === 404);
  proxy.cut();
  t.equal(codeOf(await cut.ended), 'unreachable');
  proxy.stallAnswersFrom = null;
  const other = await place.run([
    ...['register', '--server', url, '--handle', 'fred', '--home', 'frank'],
  ]);
  t.equal(codeOf(other), 'home_exists', 'the key may be frank’s by now');
  const again = await place.run(args);
  t.equal(again.code, 0, again.stderr);
  t.equal(again.stdout, '{"user":"frank","device":"frank:1"}\n');
});

void t.test('whoami tells what a home is', async t => {
  const { stdout } = await place.run(['whoami', '--home', 'alice']);
  t.match(jsonLines(stdout)[0], {
    user: 'alice',
    device: 'alice:1',
    server: server.url,
    home: place.path('alice'),
    key: /^[A-Za-z0-9_-]{43}$/,
    retired: false,
  });
});
