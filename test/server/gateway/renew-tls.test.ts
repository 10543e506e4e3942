/** A certificate that is replaced while the gateway runs. */
import { copyFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t from 'tap';
import { call, exit, isAlive, setClock } from '../../../actors/index.ts';
import { createVirtualClock } from '../../../actors/testing.ts';
import { gatewayName } from '../../../server/gateway/protocol.ts';
import { TLS_LOOK_MS } from '../../../server/gateway/tls-files.ts';
import { testGateway } from './fake-session.ts';
import { makeCertificate, nameServed, tlsPair } from './tls-pair.ts';

const insecure = { rejectUnauthorized: false };

void t.test('new connections get the new one, open connections stay', async t => {
  const tls = tlsPair(t);
  makeCertificate(tls, 'first');
  const server = await testGateway(t, { tls });
  const before = server.connect('/v1/alice:1', insecure);
  await before.opened;
  for (const name of ['second', 'third']) {
    makeCertificate(tls, name);
    t.notSame(await nameServed(server.port), name, 'not before it is told');
    t.same(await call(gatewayName, { kind: 'renew_tls' }), ['ok']);
    t.equal(await nameServed(server.port), name);
    before.send(name);
    t.equal(await before.nextText(), name);
  }
  const after = server.connect('/v1/bob:1', insecure);
  await after.opened;
  t.equal(await call(gatewayName, { kind: 'connections' }), 2);
  // Whatever ends the gateway ends what it has opened at any time.
  const pid = server.pid();
  exit(pid, 'kill');
  t.equal((await before.closed).code, 1006);
  t.equal((await after.closed).code, 1006);
  t.notOk(isAlive(pid));
});

void t.test('a bad file is refused with a sentence, and the old one stays', async t => {
  const tls = tlsPair(t);
  makeCertificate(tls, 'good');
  const server = await testGateway(t, { tls });
  const other = tlsPair(t);
  makeCertificate(other, 'other');
  copyFileSync(other.certificateFile, tls.certificateFile);
  const [result, why] = await call(gatewayName, { kind: 'renew_tls' });
  t.equal(result, 'error');
  t.match(why, /not a PEM key and the certificate that fits it/);
  t.equal(await nameServed(server.port), 'good');
  copyFileSync(other.keyFile, tls.keyFile);
  t.same(await call(gatewayName, { kind: 'renew_tls' }), ['ok']);
  t.equal(await nameServed(server.port), 'other');
});

void t.test('changed files are noticed, and a bad one is told of once', async t => {
  const clock = createVirtualClock();
  const realClock = setClock(clock);
  t.teardown(() => setClock(realClock));
  const tls = tlsPair(t);
  makeCertificate(tls, 'first');
  const server = await testGateway(t, { tls });
  await clock.advance(3 * TLS_LOOK_MS);
  t.strictSame([server.errors, server.notices], [[], []], 'nothing is said when nothing happens');

  writeFileSync(tls.certificateFile, 'half a file');
  await clock.advance(3 * TLS_LOOK_MS);
  t.match(server.errors, [{ message: /that fits it: .*The certificate before it stays\.$/ }]);
  t.equal(server.errors.length, 1);
  t.equal(await nameServed(server.port), 'first');

  const next = tlsPair(t);
  makeCertificate(next, 'second');
  renameSync(next.keyFile, tls.keyFile);
  renameSync(next.certificateFile, join(dirname(tls.certificateFile), 'certificate.pem'));
  await clock.advance(TLS_LOOK_MS);
  t.equal(server.notices.length, 1);
  t.equal(await nameServed(server.port), 'second');
  t.equal(server.errors.length, 1);
});

void t.test('without TLS there is nothing to renew', async t => {
  await testGateway(t);
  t.same(await call(gatewayName, { kind: 'renew_tls' }), [
    'error',
    'This server runs without TLS.',
  ]);
});
