/** What goes from home to home: `register`, `send`, `listen`, their output to the letter and their exit codes. */
import t from 'tap';
import { CommandError } from '../../cli/failure.ts';
import { startServerProcess, type ServerProcess } from '../../lab/server-process.ts';
import { codeOf, jsonLines, Workplace } from './strowger.ts';

let place: Workplace;
let server: ServerProcess;

t.before(async () => {
  place = new Workplace();
  server = await startServerProcess();
});
t.teardown(async () => {
  await place.end();
  await server.end();
});

void t.test('register prints user and device and makes a home for its owner alone', async t => {
  const args = ['register', '--server', server.url, '--handle', 'alice', '--home', 'alice'];
  const outcome = await place.run(args);
  t.equal(outcome.code, 0, outcome.stderr);
  t.equal(outcome.stdout, '{"user":"alice","device":"alice:1"}\n');
  const { statSync } = await import('node:fs');
  t.equal(statSync(place.path('alice')).mode & 0o777, 0o700);
  t.equal(statSync(place.path('alice/identity.json')).mode & 0o777, 0o600);
  await place.register(server.url, 'bob', 'carol');
});

void t.test(
  'a message arrives as it was sent, and send and listen print what is promised',
  async t => {
    const sent = await place.run([
      'send',
      '--home',
      'alice',
      '--to',
      'bob',
      '--body',
      'hello “bob”',
    ]);
    t.equal(sent.code, 0, sent.stderr);
    t.match(sent.stdout, /^\{"id":"[A-Za-z0-9_-]{22}","seq":1,"acceptedAt":\d{13}\}\n$/);
    const [{ id } = {}] = jsonLines(sent.stdout);
    const heard = await place.run([
      'listen',
      '--home',
      'bob',
      '--json',
      '--count',
      '1',
      '--timeout',
      '20',
    ]);
    t.equal(heard.code, 0, heard.stderr);
    const [message = {}] = jsonLines(heard.stdout);
    const { sentAt, ...rest } = message;
    t.strictSame(rest, {
      kind: 'message',
      id,
      from: 'alice',
      fromDevice: 'alice:1',
      group: null,
      body: 'hello “bob”',
    });
    t.type(sentAt, 'number');
    t.strictSame(Object.keys(message), [
      ...['kind', 'id', 'from', 'fromDevice', 'group', 'body', 'sentAt'],
    ]);
  },
);

void t.test(
  'standard input is one message, text or bytes, nothing added and nothing taken away',
  async t => {
    const bodies = ['two\nlines\n', '\ufeffmarked', Buffer.from([0xff, 0xfe, 0, 0x0a]), ''];
    for (const input of bodies) {
      const { code, stderr } = await place.run(['send', '--home', 'alice', '--to', 'bob'], {
        input,
      });
      t.equal(code, 0, stderr);
    }
    const heard = await place.run([
      ...['listen', '--home', 'bob', '--json', '--count', String(bodies.length), '--timeout', '20'],
    ]);
    const messages = jsonLines(heard.stdout);
    t.strictSame(
      messages.map(({ body }) => body),
      ['two\nlines\n', '\ufeffmarked', undefined, ''],
    );
    t.equal(messages[2]?.['bodyBase64'], '//4ACg==');
  },
);

void t.test('a body over the limit is refused before anything is sent', async t => {
  for (const length of [65_536, 200_000]) {
    const input = Buffer.alloc(length, 0x61);
    const outcome = await place.run(['send', '--home', 'alice', '--to', 'bob'], { input });
    t.equal(outcome.code, 1);
    t.equal(codeOf(outcome), 'field_too_large', outcome.stderr);
  }
});

void t.test('one message to several; listen gives each its own', async t => {
  const sent = await place.run(['send', '--home', 'alice', '--to', 'bob,carol', '--body', 'all']);
  t.equal(sent.code, 0, sent.stderr);
  for (const home of ['bob', 'carol']) {
    const heard = await place.run([
      'listen',
      '--home',
      home,
      '--json',
      '--count',
      '1',
      '--timeout',
      '20',
    ]);
    t.equal(jsonLines(heard.stdout)[0]?.['body'], 'all');
  }
});

void t.test(
  'listen ends with 3 when its time is over, and with 0 on SIGINT and SIGTERM',
  async t => {
    const late = await place.run(['listen', '--home', 'carol', '--json', '--timeout', '0.2']);
    t.equal(late.code, 3, late.stderr);
    t.equal(late.stdout, '');
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      const listening = place.start(['listen', '--home', 'carol', '--json']);
      await listening.hasSaid('Listening.');
      listening.child.kill(signal);
      t.equal((await listening.ended).code, 0);
    }
  },
);

void t.test('listen --count takes that many and leaves the rest for the next', async t => {
  for (const body of ['1', '2', '3'])
    await place.run(['send', '--home', 'alice', '--to', 'carol', '--body', body]);
  const args = ['listen', '--home', 'carol', '--json', '--timeout', '20', '--count'];
  const first = jsonLines((await place.run([...args, '2'])).stdout);
  const second = jsonLines((await place.run([...args, '1'])).stdout);
  t.strictSame(
    [...first, ...second].map(({ body }) => body),
    ['1', '2', '3'],
  );
});

void t.test('send and listen side by side on one home; receipts come to the listener', async t => {
  const listening = place.start(['listen', '--home', 'alice', '--json']);
  await listening.hasSaid('Listening.');
  const sent = await place.run(['send', '--home', 'alice', '--to', 'bob', '--body', 'beside']);
  t.equal(sent.code, 0, sent.stderr);
  const [{ seq } = {}] = jsonLines(sent.stdout);
  const read = [
    'listen',
    '--home',
    'bob',
    '--json',
    '--mark-read',
    '--count',
    '1',
    '--timeout',
    '20',
  ];
  t.equal((await place.run(read)).code, 0);
  // Receipts only rise: the last one tells all.
  let seen = 1;
  for (;;) {
    const last = JSON.parse((await listening.hasPrinted(seen)).at(-1) ?? '') as ReceiptLine;
    t.equal(last.kind, 'receipt');
    if (last.device === 'bob:1' && last.delivered === seq && last.read[0]?.upTo === seq) {
      t.strictSame(last.read, [{ group: null, upTo: seq }]);
      break;
    }
    seen = listening.lines.length + 1;
  }
  listening.child.kill('SIGINT');
  t.equal((await listening.ended).code, 0);
});

interface ReceiptLine {
  readonly kind: string;
  readonly device: string;
  readonly delivered: number;
  readonly read: readonly { group: string | null; upTo: number }[];
}

void t.test('several sends at once on one home wait for each other', async t => {
  const bodies = ['a', 'b', 'c'];
  const outcomes = await Promise.all(
    bodies.map(body => place.run(['send', '--home', 'alice', '--to', 'carol', '--body', body])),
  );
  for (const { code, stderr } of outcomes) t.equal(code, 0, stderr);
  const heard = await place.run([
    'listen',
    '--home',
    'carol',
    '--json',
    '--count',
    '3',
    '--timeout',
    '20',
  ]);
  t.strictSame(
    jsonLines(heard.stdout)
      .map(({ body }) => body)
      .sort(),
    bodies,
  );
});

void t.test('a second listener on a home is told why it cannot listen', async t => {
  const listening = place.start(['listen', '--home', 'alice', '--json']);
  await listening.hasSaid('Listening.');
  const second = await place.run(['listen', '--home', 'alice', '--json', '--timeout', '0.2']);
  t.equal(second.code, 1);
  t.equal(codeOf(second), 'role_taken', second.stderr);
  listening.child.kill('SIGINT');
  await listening.ended;
});

void t.test(
  'without --json people read lines, and no message plays with their terminal',
  async t => {
    const body = 'red \u001b[31mcode\u0007\nnext';
    await place.run(['send', '--home', 'alice', '--to', 'carol', '--body', body]);
    await place.run(['send', '--home', 'alice', '--to', 'carol'], { input: Buffer.from([0xff]) });
    const heard = await place.run(['listen', '--home', 'carol', '--count', '2', '--timeout', '20']);
    const [first, second, third] = heard.stdout.split('\n');
    t.match(first, /^\d\d:\d\d alice: red \\x1b\[31mcode\\x07$/);
    t.equal(second, 'next');
    t.match(third, /^\d\d:\d\d alice: \(1 bytes that are no text\)$/);
  },
);

void t.test('what a reader of the output did not take comes again', async t => {
  await place.run(['send', '--home', 'alice', '--to', 'carol', '--body', 'again']);
  const cut = place.start([
    'listen',
    '--home',
    'carol',
    '--json',
    '--count',
    '1',
    '--timeout',
    '20',
  ]);
  cut.child.stdout?.destroy();
  const outcome = await cut.ended;
  t.equal(outcome.code, 1);
  t.equal(codeOf(outcome), 'output_closed', outcome.stderr);
  t.match(outcome.stderr, /It comes again with the next `listen`\./);
  t.notMatch(new CommandError('output_closed').message, /listen/, 'others do not speak of that');
  const heard = await place.run([
    'listen',
    '--home',
    'carol',
    '--json',
    '--count',
    '1',
    '--timeout',
    '20',
  ]);
  t.equal(jsonLines(heard.stdout)[0]?.['body'], 'again');
});

void t.test('unknown names, strange names, blocked senders', async t => {
  const to = (name: string) => ['send', '--home', 'alice', '--to', name, '--body', 'x'];
  const unknown = await place.run(to('nobody'));
  t.equal(unknown.code, 1);
  t.equal(codeOf(unknown), 'unknown_user');
  t.match(unknown.stderr, 'nobody');
  t.equal(unknown.stdout, '');
  t.equal(codeOf(await place.run(to('No Body'))), 'bad_handle');
  t.equal(codeOf(await place.run(to('group:nonsense'))), 'unknown_group');
  t.equal(codeOf(await place.run(to(`group:g_${'A'.repeat(22)}`))), 'unknown_group');
  const nobody = await place.run(['block', 'nobody', '--home', 'bob']);
  t.match(nobody.stderr, /^error unknown_user: There is no user nobody: /);
  const block = await place.run(['block', 'alice', '--home', 'bob']);
  t.equal(block.stdout, '{"user":"alice","blocked":true}\n');
  t.equal(codeOf(await place.run(to('bob'))), 'blocked');
  await place.run(['unblock', 'alice', '--home', 'bob']);
  t.equal((await place.run(to('bob'))).code, 0);
});

void t.test('a home with a wrong key is refused with a code', async t => {
  const { cpSync, readFileSync, writeFileSync } = await import('node:fs');
  cpSync(place.path('carol'), place.path('forged'), { recursive: true });
  const file = place.path('forged/identity.json');
  const identity = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
  const other = JSON.parse(
    readFileSync(place.path('bob/identity.json'), 'utf8'),
  ) as typeof identity;
  writeFileSync(file, JSON.stringify({ ...identity, privateKey: other['privateKey'] }));
  const outcome = await place.run(['send', '--home', 'forged', '--to', 'bob', '--body', 'x']);
  t.equal(outcome.code, 1);
  t.equal(codeOf(outcome), 'login_failed', outcome.stderr);
});
