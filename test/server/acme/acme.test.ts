/** The server gets its certificate from an authority, renews it, and says what keeps it from that. */
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import acmeClient from 'acme-client';
import t, { type Test } from 'tap';
import { exit, setClock, startLink, stop, type Pid } from '../../../actors/index.ts';
import { createVirtualClock, type VirtualClock } from '../../../actors/testing.ts';
import { acme, LOOK_MS, retryMs } from '../../../server/acme/acme.ts';
import { probePort } from '../../../server/gateway/listen.ts';
import { until } from '../../e2e/until.ts';
import { AcmeServer } from './acme-server.ts';

// What is cut off is not to be asked for again and again after the test.
const { acmeSettings } = acmeClient.axios.defaults as unknown as {
  acmeSettings: { retryMaxAttempts: number };
};
acmeSettings.retryMaxAttempts = 0;

const DAY_MS = 24 * 3600 * 1000;

interface World {
  readonly authority: AcmeServer;
  readonly clock: VirtualClock;
  readonly directory: string;
  readonly errors: Error[];
  readonly notices: string[];
  /** Wall-clock time that has passed for the process. */
  ageMs: number;
  certificate(): X509Certificate;
  start(domains?: readonly string[]): Promise<Pid>;
}

async function world(t: Test): Promise<World> {
  const clock = createVirtualClock();
  const realClock = setClock(clock);
  const authority = new AcmeServer();
  await authority.listen();
  const probe = await probePort('127.0.0.1', 0);
  const port = Number(probe[1]);
  authority.challengePort = port;
  const directory = mkdtempSync(join(tmpdir(), 'strowger-acme-'));
  t.teardown(async () => {
    setClock(realClock);
    await authority.close();
    rmSync(directory, { recursive: true });
  });
  const tls = {
    keyFile: join(directory, 'acme', 'key.pem'),
    certificateFile: join(directory, 'acme', 'certificate.pem'),
  };
  const made: World = {
    authority,
    clock,
    directory: join(directory, 'acme'),
    errors: [],
    notices: [],
    ageMs: 0,
    certificate: () => new X509Certificate(readFileSync(tls.certificateFile)),
    async start(domains = ['chat.example', 'talk.example']) {
      const argument = {
        acme: {
          domains,
          email: 'host@chat.example',
          directory: authority.directory,
          http: { host: '127.0.0.1', port },
        },
        tls,
        now: () => Date.now() + made.ageMs,
        onNotice: (text: string) => made.notices.push(text),
        onError: (error: unknown) => made.errors.push(error as Error),
      };
      const started = await startLink(acme, argument);
      if (started[0] !== 'ok') throw new Error(String(started));
      return started[1];
    },
  };
  return made;
}

void t.test('a placeholder at first, then the authority’s certificate for all names', async t => {
  const w = await world(t);
  const { authority, clock, notices } = w;
  const pid = await w.start();
  t.equal(w.certificate().issuer, 'CN=chat.example', 'the gateway can start');
  const key = readFileSync(join(w.directory, 'key.pem'), 'utf8');
  await clock.advance(0);
  await until(() => notices.length === 2, 'the certificate');
  t.equal(w.certificate().issuer, 'CN=authority of the tests');
  for (const name of ['chat.example', 'talk.example'])
    t.equal(w.certificate().checkHost(name), name);
  t.strictSame(authority.contacts, [['mailto:host@chat.example']]);
  t.match(notices[0], /asking 127\.0\.0\.1:\d+ for a certificate for chat\.example, talk\.example/);
  t.match(notices[1], /is there, good until /);
  t.equal(readFileSync(join(w.directory, 'key.pem'), 'utf8'), key, 'the key stays');
  t.equal(statSync(w.directory).mode & 0o777, 0o700);
  t.strictSame(readdirSync(w.directory).sort(), ['account-key.pem', 'certificate.pem', 'key.pem']);
  for (const file of readdirSync(w.directory))
    t.equal(statSync(join(w.directory, file)).mode & 0o777, 0o600, file);
  t.strictSame(await probePort('127.0.0.1', authority.challengePort), [
    'ok',
    authority.challengePort,
  ]);
  t.strictSame(w.errors, []);
  await stop(pid);
});

void t.test('renewed when a third of its life is left, by the same account', async t => {
  const w = await world(t);
  const { authority, clock, notices } = w;
  let pid = await w.start();
  await clock.advance(0);
  await until(() => notices.length === 2, 'the first certificate');
  const { serialNumber } = w.certificate();
  w.ageMs = 59 * DAY_MS;
  await clock.advance(LOOK_MS);
  t.equal(authority.orders.length, 1, 'there is time left');
  w.ageMs = 61 * DAY_MS;
  await clock.advance(LOOK_MS);
  await until(() => notices.length === 4, 'the next certificate');
  t.not(w.certificate().serialNumber, serialNumber);
  t.equal(authority.contacts.length, 1, 'it is the same account');
  w.ageMs = 0;

  // A restarted server keeps what it has, unless it is to serve another name.
  await stop(pid);
  pid = await w.start();
  await clock.advance(0);
  t.equal(authority.orders.length, 2);
  await stop(pid);
  pid = await w.start(['chat.example', 'new.example']);
  await clock.advance(0);
  await until(() => notices.length === 6, 'a certificate for the new name');
  t.equal(w.certificate().checkHost('new.example'), 'new.example');
  await stop(pid);
});

void t.test('a failure says what to do, and is repeated later and later', async t => {
  const w = await world(t);
  const { authority, clock, errors, notices } = w;
  const port = authority.challengePort;
  // The names lead somewhere else.
  authority.challengePort = Number(new URL(authority.url).port);
  const pid = await w.start();
  await clock.advance(0);
  await until(() => errors.length === 1, 'a failure');
  t.match(
    errors[0]!.message,
    /gave no certificate for chat\.example, talk\.example: \S+\.example answers/,
  );
  t.match(
    errors[0]!.message,
    `Each name must lead to this machine, and port 80 of it to port ${port}`,
  );
  t.match(errors[0]!.message, 'The next try is in 5 minutes.');
  t.equal(w.certificate().issuer, 'CN=chat.example', 'what there was is used on');

  // Somebody else has the port.
  const taken = createServer();
  await new Promise<void>(resolve => taken.listen(port, '127.0.0.1', resolve));
  t.equal((taken.address() as AddressInfo).port, port);
  await clock.advance(retryMs(1));
  await until(() => errors.length === 2, 'another failure');
  t.match(errors[1]!.message, `Port ${port} on 127.0.0.1 is taken`);
  t.match(errors[1]!.message, '--acme-http-port');
  t.match(errors[1]!.message, 'in 10 minutes');
  await new Promise(resolve => taken.close(resolve));

  authority.challengePort = port;
  await clock.advance(retryMs(2) - 1);
  t.equal(notices.length, 2, 'not before its time');
  await clock.advance(1);
  await until(() => notices.length === 4, 'the certificate');
  t.equal(w.certificate().issuer, 'CN=authority of the tests');
  await stop(pid);
  t.same(
    [1, 2, 8, 9, 100].map(retryMs),
    [5, 10, 640, 720, 720].map(minutes => minutes * 60_000),
  );
});

void t.test('when its process ends while it asks, the port is free at once', async t => {
  const w = await world(t);
  const { authority, clock } = w;
  const { challengePort } = authority;
  // An authority that takes its time: it connects, and gets no answer from here.
  const silent = createServer();
  await new Promise<void>(resolve => silent.listen(0, '127.0.0.1', resolve));
  t.teardown(() => silent.close());
  authority.challengePort = (silent.address() as AddressInfo).port;
  const connected = new Promise<void>(resolve =>
    silent.once('connection', socket => {
      t.teardown(() => socket.destroy());
      resolve();
    }),
  );
  const pid = await w.start(['chat.example']);
  await clock.advance(0);
  await connected;
  t.match(await probePort('127.0.0.1', challengePort), ['error', { code: 'port_taken' }]);
  exit(pid, 'kill');
  // Closing a socket takes a turn of the loop or two.
  while ((await probePort('127.0.0.1', challengePort))[0] !== 'ok');
});
