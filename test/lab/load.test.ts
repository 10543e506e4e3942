import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { Flight } from '../../lab/flight.ts';
import { Load } from '../../lab/load.ts';
import { Proxy } from '../../lab/proxy.ts';
import { startServerProcess, type ServerProcess } from '../../lab/server-process.ts';
import { nodeCrypto } from '../../protocol/crypto/node.ts';
import type { Identity } from '../../protocol/device/identity.ts';
import { deviceId, type UserId } from '../../protocol/ids.ts';

const relay = fileURLToPath(new URL('../../bench/raw-relay.js', import.meta.url));

async function startRelay(t: Test): Promise<ServerProcess> {
  const server = await startServerProcess({ program: [relay] });
  t.teardown(() => server.end());
  return server;
}

async function strangers(server: string, count: number): Promise<Identity[]> {
  const keys = await nodeCrypto.generateKeyPair();
  return Array.from({ length: count }, (_, index) => {
    const user = `u${index}` as UserId;
    return { server, user, device: deviceId(user, 1), ...keys, retired: false };
  });
}

void t.test('a closed loop and an open one against a bare relay', async t => {
  const server = await startRelay(t);
  const load = await Load.connect({
    server: server.url,
    identities: await strangers(server.url, 20),
    bodyBytes: 200,
    shape: { kind: 'pairs' },
    window: 4,
  });
  t.teardown(() => load.close());
  const full = await load.run({ seconds: 0.2 });
  t.ok(full.delivered > 100, `${full.delivered} delivered`);
  t.equal(full.latencyMs.count, full.delivered);
  t.ok(full.latencyMs.p50 <= full.latencyMs.p99 && full.latencyMs.p99 <= full.latencyMs.max);
  const paced = await load.run({ seconds: 0.3, ratePerSecond: 1000 });
  t.ok(paced.delivered > 100 && paced.delivered < 700, `${paced.delivered} delivered at 1,000/s`);
});

void t.test('at a given rate a server that stalls cannot hide it', async t => {
  const server = await startRelay(t);
  const proxy = await Proxy.start(server.url);
  t.teardown(() => proxy.end());
  const load = await Load.connect({
    server: proxy.url,
    identities: await strangers(proxy.url, 4),
    bodyBytes: 10,
    shape: { kind: 'pairs' },
    window: 4,
  });
  t.teardown(() => load.close());
  const run = load.run({ seconds: 0.6, ratePerSecond: 1000, burst: 2 });
  proxy.stall();
  // Not a wait for a state: the length of the stall is what is measured.
  setTimeout(() => proxy.resume(), 300);
  const { latencyMs, delivered } = await run;
  t.ok(delivered > 300, `${delivered} delivered`);
  // A closed loop would have had 16 messages that waited; here a third of all was due in that time.
  t.ok(latencyMs.p90 > 150, `p90 ${latencyMs.p90} ms`);
});

void t.test('a server that dies ends the run with the reason', async t => {
  const server = await startRelay(t);
  const load = await Load.connect({
    server: server.url,
    identities: await strangers(server.url, 2),
    bodyBytes: 10,
    shape: { kind: 'pairs' },
    window: 1,
  });
  const run = load.run({ seconds: 60 });
  run.catch(() => undefined);
  await server.kill();
  await t.rejects(run, /lost its connection/);
});

void t.test('what is asked for wrongly', async t => {
  const options = { server: 'http://127.0.0.1:1', bodyBytes: 1, shape: { kind: 'pairs' } } as const;
  await t.rejects(Load.connect({ ...options, identities: [], window: 257 }), RangeError);
  const identities = await strangers(options.server, 1);
  await t.rejects(Load.connect({ ...options, identities, window: 1 }), /unreachable/);
});

void t.test('a message is over when it is accepted and has reached everybody', async t => {
  const flight = new Flight(4);
  for (const seq of [7, 8, 9]) flight.sent(seq, 2, seq * 10);
  t.equal(flight.delivered(8), 80);
  t.equal(flight.delivered(8), 80);
  flight.accepted(8);
  t.equal(flight.underWay, 3, 'the first one still misses its receivers');
  flight.delivered(7);
  flight.delivered(7);
  t.equal(flight.underWay, 1, 'two are over');
  flight.accepted(8);
  flight.accepted(9);
  flight.delivered(9);
  t.equal(flight.underWay, 1);
  flight.delivered(9);
  t.equal(flight.underWay, 0);
  t.throws(() => flight.delivered(9), RangeError, 'once more than it has receivers');
  t.throws(() => flight.delivered(10), RangeError, 'never sent');
});
