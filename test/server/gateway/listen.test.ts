import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { dirname, join } from 'node:path';
import t from 'tap';
import { call, start, stop } from '../../../actors/index.ts';
import { gateway, startGateway } from '../../../server/gateway/gateway.ts';
import { gatewayName } from '../../../server/gateway/protocol.ts';
import type { GatewayOptions } from '../../../server/gateway/options.ts';
import { probePort } from '../../../server/gateway/listen.ts';
import { Client, testGateway } from './fake-session.ts';
import { makeCertificate, tlsPair } from './tls-pair.ts';

/** Starts and asks it to listen; the gateway is ended again. */
async function listenWith(options: GatewayOptions): Promise<unknown> {
  const started = await start(gateway, options, { trapExit: true });
  if (started[0] !== 'ok') return started;
  const result = await call(started[1], { kind: 'listen' });
  await stop(started[1]);
  return result;
}

void t.test('a port that another gateway has is refused with what to do', async t => {
  const server = await testGateway(t);
  t.match(await listenWith({ ...server.options, port: server.port }), [
    'error',
    { code: 'port_taken', message: /--port/ },
  ]);
  const client = server.connect();
  await client.opened;
  client.send('the first one has it still');
  await client.next();
});

void t.test('a port that another program has is refused as well', async t => {
  const other = createServer();
  await new Promise<void>(resolve => other.listen(0, '127.0.0.1', resolve));
  t.teardown(() => other.close());
  const { port } = other.address() as AddressInfo;
  const server = await testGateway(t);
  t.match(await listenWith({ ...server.options, port }), ['error', { code: 'port_taken' }]);
});

void t.test('an address of another machine is refused', async t => {
  t.match(await probePort('192.0.2.1', 0), [
    'error',
    { code: 'bad_host', message: /192\.0\.2\.1/ },
  ]);
  t.match(await probePort('no.such.host.invalid', 0), ['error', { code: 'bad_host' }]);
});

void t.test('asked twice to listen, it says where it listens', async t => {
  const server = await testGateway(t);
  t.same(await call(gatewayName, { kind: 'listen' }), [
    'ok',
    { host: '127.0.0.1', port: server.port, url: `http://127.0.0.1:${server.port}` },
  ]);
});

/** A machine, and a container above all, may have no IPv6. */
const hasIPv6 = Object.values(networkInterfaces()).some(addresses =>
  addresses?.some(({ address }) => address === '::1'),
);

void t.test('IPv6', async t => {
  if (!hasIPv6) {
    await t.rejects(testGateway(t, { host: '::1' }), /does not have the address ::1/, 'it says so');
    return;
  }
  const server = await testGateway(t, { host: '::1' });
  t.equal(server.url, `http://[::1]:${server.port}`);
  await server.connect().opened;
  t.equal(server.sessions[0]?.opening.address, '::1');
});

void t.test('an IPv4 client of an IPv6 listener is known by its IPv4 address', async t => {
  const server = await testGateway(t, { host: '::' });
  const client = new Client(`ws://127.0.0.1:${server.port}/v1/alice:1`, ['strowger.v1'], {});
  await client.opened;
  t.equal(server.sessions[0]?.opening.address, '127.0.0.1');
  client.ws.close();
  await client.closed;
});

void t.test('TLS with a key and a certificate', async t => {
  const tls = tlsPair(t);
  makeCertificate(tls, 'localhost');
  const server = await testGateway(t, { tls });
  t.match(server.url, /^https:/);
  const client = server.connect('/v1/alice:1', { rejectUnauthorized: false });
  await client.opened;
  client.send('hello');
  t.equal(await client.nextText(), 'hello');
  await stop(server.pid());

  const directory = dirname(tls.keyFile);
  const broken = join(directory, 'broken.pem');
  writeFileSync(broken, 'not a key');
  for (const [files, why] of [
    [{ ...tls, keyFile: join(directory, 'missing.pem') }, /missing\.pem cannot be read \(ENOENT\)/],
    [{ ...tls, keyFile: broken }, /not a PEM key/],
  ] as const) {
    t.match(await startGateway({ ...server.options, tls: files }), ['error', ['bad_tls', why]]);
  }
});
