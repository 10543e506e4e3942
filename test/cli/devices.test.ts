/** Several devices of one account: linked with a signature of one that is in, copies for each, removed for good. */
import t from 'tap';
import { startServerProcess, type ServerProcess } from '../../lab/server-process.ts';
import { codeOf, jsonLines, Workplace } from './strowger.ts';

let place: Workplace;
let server: ServerProcess;

t.before(async () => {
  place = new Workplace();
  server = await startServerProcess();
  await place.register(server.url, 'alice', 'bob');
});
t.teardown(async () => {
  await place.end();
  await server.end();
});

const link = (handle: string, home: string, ...more: readonly string[]) =>
  place.start([
    'device',
    'link',
    '--server',
    server.url,
    '--handle',
    handle,
    '--home',
    home,
    ...more,
  ]);

void t.test('a device is linked by showing its code and being approved', async t => {
  const linking = link('alice', 'tablet');
  const [code = ''] = await linking.hasPrinted(1);
  t.match(code, /^alice\/[A-Za-z0-9_-]{43}$/);
  const wrong = await place.run(['device', 'approve', code, '--home', 'bob']);
  t.equal(wrong.code, 1, 'somebody else cannot approve it');
  t.equal(codeOf(wrong), 'bad_field');
  const approved = await place.run(['device', 'approve', code, '--home', 'alice']);
  t.equal(approved.stdout, '{"device":"alice:2"}\n', approved.stderr);
  const { code: exit, stdout } = await linking.ended;
  t.equal(exit, 0);
  t.equal(stdout, `${code}\n{"user":"alice","device":"alice:2"}\n`);
});

void t.test('device list prints a line for each, with who let it in', async t => {
  const listed = jsonLines((await place.run(['device', 'list', '--home', 'alice'])).stdout);
  t.match(listed, [
    { device: 'alice:1', addedBy: null, addedAt: Number, key: String },
    { device: 'alice:2', addedBy: 'alice:1', addedAt: Number, key: String },
  ]);
  const seen = await place.run(['device', 'list', '--user', 'alice', '--home', 'bob']);
  t.strictSame(jsonLines(seen.stdout), listed, 'others see the same');
  const unknown = await place.run(['device', 'list', '--user', 'nobody', '--home', 'bob']);
  t.equal(codeOf(unknown), 'unknown_user');
});

void t.test('every device gets a message, the sender’s own others too', async t => {
  await place.run(['send', '--home', 'alice', '--to', 'bob', '--body', 'from the first']);
  await place.run(['send', '--home', 'bob', '--to', 'alice', '--body', 'to both']);
  const listen = ['listen', '--json', '--timeout', '20', '--count'];
  const tablet = jsonLines((await place.run([...listen, '2', '--home', 'tablet'])).stdout);
  const messages = tablet.filter(({ kind }) => kind === 'message');
  t.match(messages[0], {
    from: 'alice',
    fromDevice: 'alice:1',
    body: 'from the first',
    to: ['bob'],
  });
  t.match(messages[1], { from: 'bob', body: 'to both' });
  t.notOk('to' in (messages[1] ?? {}));
  const first = jsonLines((await place.run([...listen, '1', '--home', 'alice'])).stdout);
  t.match(
    first.find(({ kind }) => kind === 'message'),
    { body: 'to both' },
  );
});

void t.test('a removed device is out, and says so', async t => {
  const listening = place.start(['listen', '--home', 'tablet', '--json']);
  await listening.hasSaid('Listening.');
  const removed = await place.run(['device', 'remove', 'alice:2', '--home', 'alice']);
  t.equal(removed.stdout, '{"device":"alice:2","removed":true}\n', removed.stderr);
  const told = await listening.ended;
  t.equal(told.code, 1);
  t.equal(codeOf(told), 'device_removed', told.stderr);
  const sent = await place.run(['send', '--home', 'tablet', '--to', 'bob', '--body', 'x']);
  t.equal(sent.code, 1);
  t.match(codeOf(sent), /^(device_removed|unknown_device)$/, sent.stderr);
  const last = await place.run(['device', 'remove', 'alice:1', '--home', 'alice']);
  t.equal(codeOf(last), 'last_device');
});

void t.test('what cannot be linked, approved or removed', async t => {
  const stranger = await link('nobody', 'phone').ended;
  t.equal(stranger.code, 1);
  t.equal(codeOf(stranger), 'unknown_user', stranger.stderr);
  const waiting = await link('alice', 'phone', '--timeout', '0.5').ended;
  t.equal(waiting.code, 1);
  t.equal(codeOf(waiting), 'approval_timeout', waiting.stderr);
  const again = link('alice', 'phone');
  const [code] = await again.hasPrinted(1);
  t.equal(code, waiting.stdout.trim(), 'the code stays the same');
  const early = await place.run(['send', '--home', 'phone', '--to', 'bob', '--body', 'x']);
  t.equal(codeOf(early), 'not_registered');
  t.equal(codeOf(await place.run(['device', 'approve', 'x', '--home', 'alice'])), 'bad_field');
  for (const [id, sentence] of [
    ['x', '"x" is no device id'],
    ['alice:9', 'alice has no device alice:9: `strowger device list` prints those there are.'],
    ['bob:1', 'bob:1 is not a device of alice: an account removes its own devices only.'],
  ] as const) {
    const outcome = await place.run(['device', 'remove', id, '--home', 'alice']);
    t.equal(codeOf(outcome), 'unknown_device');
    t.match(outcome.stderr, sentence);
  }
});
