/** `serve`: one line on stdout, JSON lines on stderr, an end in good order, sentences for what keeps it from starting. */
import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import t from 'tap';
import { codeOf, Workplace } from './strowger.ts';
import { makeCertificate, nameServed, tlsPair } from '../server/gateway/tls-pair.ts';

let place: Workplace;

t.beforeEach(() => {
  place = new Workplace();
});
t.afterEach(async () => {
  await place.end();
});

const serve = (...args: readonly string[]) => ['serve', '--port', '0', ...args];

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  void t.test(`prints exactly one line, ready and the URL; ends with 0 on ${signal}`, async t => {
    const running = place.start(serve('--data', 'data'));
    const [line = ''] = await running.hasPrinted(1);
    const url = /^ready (http:\/\/127\.0\.0\.1:\d+)$/.exec(line)?.[1] ?? '';
    t.equal((await fetch(`${url}/healthz`)).status, 200, 'it accepts connections');
    t.ok(existsSync(place.path('data/url')));
    t.equal(statSync(place.path('data/admin-token')).mode & 0o777, 0o600);
    running.child.kill(signal);
    const { code, stdout, stderr } = await running.ended;
    t.equal(code, 0, stderr);
    t.equal(stdout, `${line}\n`);
    for (const text of stderr.split('\n').slice(0, -1)) t.type(JSON.parse(text), 'object');
    t.notOk(existsSync(place.path('data/url')));
  });
}

void t.test('drains: a device that listens is told, and is back with the next server', async t => {
  const first = place.start(serve('--data', 'data'));
  const [line = ''] = await first.hasPrinted(1);
  const url = line.slice('ready '.length);
  await place.register(url, 'alice');
  const listening = place.start(['listen', '--home', 'alice', '--json']);
  await listening.hasSaid('Listening.');
  first.child.kill('SIGTERM');
  t.equal((await first.ended).code, 0);
  await listening.hasSaid('Trying again');
  const second = place.start(['serve', '--port', new URL(url).port, '--data', 'data']);
  await second.hasPrinted(1);
  const sent = await place.run(['send', '--home', 'alice', '--to', 'alice', '--body', 'x']);
  t.equal(sent.code, 0, sent.stderr);
  listening.child.kill('SIGINT');
  t.equal((await listening.ended).code, 0);
});

void t.test('a taken port is a sentence and exit code 1', async t => {
  const taken = createServer();
  await new Promise<void>(resolve => taken.listen(0, '127.0.0.1', resolve));
  t.teardown(() => taken.close());
  const { port } = taken.address() as AddressInfo;
  const outcome = await place.run(['serve', '--data', 'data', '--port', String(port)]);
  t.equal(outcome.code, 1);
  t.equal(outcome.stdout, '');
  t.equal(codeOf(outcome), 'port_taken', outcome.stderr);
  t.match(outcome.stderr, /^[^\n]+\n$/, 'one sentence, no crash reports around it');
  t.match(outcome.stderr, String(port));
});

void t.test(
  'a taken directory is a sentence and exit code 1, and the first server goes on',
  async t => {
    const first = place.start(serve('--data', 'data'));
    const [line = ''] = await first.hasPrinted(1);
    const outcome = await place.run(serve('--data', 'data'));
    t.equal(outcome.code, 1);
    t.equal(outcome.stdout, '');
    t.equal(codeOf(outcome), 'locked', outcome.stderr);
    t.match(outcome.stderr, /^[^\n]+\n$/, 'one sentence, no crash reports around it');
    t.equal((await fetch(`${line.slice('ready '.length)}/readyz`)).status, 200);
  },
);

void t.test('a damaged store is a sentence and exit code 1', async t => {
  mkdirSync(place.path('data'));
  writeFileSync(place.path('data/shard-0.db'), 'this is no database at all '.repeat(100));
  const outcome = await place.run(serve('--data', 'data'));
  t.equal(outcome.code, 1);
  t.equal(codeOf(outcome), 'corrupt', outcome.stderr);
});

void t.test('options come from flags, the environment and a file', async t => {
  writeFileSync(place.path('strowger.toml'), 'data = "from-file"\nregistration = "closed"\n');
  const running = place.start(['serve', '--config', 'strowger.toml'], {
    environment: { STROWGER_PORT: '0', STROWGER_HOME: place.path('home') },
  });
  const [line = ''] = await running.hasPrinted(1);
  t.ok(existsSync(place.path('from-file')));
  const outcome = await place.run([
    ...['register', '--server', line.slice('ready '.length), '--handle', 'a', '--home', 'a'],
  ]);
  t.equal(codeOf(outcome), 'invite_needed', outcome.stderr);
});

void t.test('SIGHUP renews the certificate, under open connections', async t => {
  const tls = tlsPair(t);
  makeCertificate(tls, 'first');
  const files = ['--tls-key', tls.keyFile, '--tls-certificate', tls.certificateFile];
  const running = place.start(serve('--data', 'data', ...files));
  const [line = ''] = await running.hasPrinted(1);
  t.match(line, /^ready https:/);
  const port = Number(new URL(line.slice('ready '.length)).port);
  t.equal(await nameServed(port), 'first');
  makeCertificate(tls, 'second');
  running.child.kill('SIGHUP');
  await running.hasSaid('new connections get the new certificate');
  t.equal(await nameServed(port), 'second');
});

void t.test('wrong options are a sentence and exit code 2', async t => {
  for (const [args, sentence] of [
    [['--prot', '8081'], '--port'],
    [['--port', 'many'], 'from --port'],
    [['--config', 'missing.toml'], 'missing.toml'],
    [['surplus'], 'too many arguments'],
  ] as const) {
    const outcome = await place.run(['serve', ...args]);
    t.equal(outcome.code, 2, args.join(' '));
    t.match(outcome.stderr, sentence);
    t.equal(outcome.stdout, '');
  }
});
