import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import { Proxy } from '../../lab/proxy.ts';

/** Unlike `once` it does not mind the error before it. */
const closing = (socket: Socket): Promise<unknown> =>
  new Promise(resolve => socket.once('close', resolve));

/** A server that echoes, behind a proxy, and one connection through it. */
async function connected(t: Test) {
  const peers: Socket[] = [];
  const server = createServer(peer => {
    peers.push(peer);
    peer.on('error', () => undefined);
    peer.on('data', data => peer.write(data));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const proxy = await Proxy.start(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const client = connect(Number(new URL(proxy.url).port), '127.0.0.1');
  client.on('error', () => undefined);
  t.teardown(async () => {
    client.destroy();
    await proxy.end();
    server.close();
  });
  client.write('one');
  const [echo] = (await once(client, 'data')) as [Buffer];
  t.equal(echo.toString(), 'one');
  return { proxy, client, peer: peers[0]! };
}

void t.test('cut: both sides hear of it', async t => {
  const { proxy, client, peer } = await connected(t);
  const closed = Promise.all([closing(client), closing(peer)]);
  proxy.cut();
  await closed;
  t.equal(proxy.connections, 0);
});

void t.test('strand: the client hears of it, the server does not', async t => {
  const { proxy, client, peer } = await connected(t);
  const closed = closing(client);
  proxy.strand();
  await closed;
  t.notOk(peer.destroyed);
  t.equal(proxy.stranded, 1);
  const gone = closing(peer);
  peer.end();
  await gone;
});

void t.test('stall and resume: nothing is lost', async t => {
  const { proxy, client } = await connected(t);
  proxy.stall();
  client.write('two');
  const echo = once(client, 'data') as Promise<[Buffer]>;
  proxy.resume();
  t.equal((await echo)[0].toString(), 'two');
});

void t.test('swallow: both sides stay open and hear nothing', async t => {
  const { proxy, client, peer } = await connected(t);
  proxy.swallow();
  client.on('data', () => t.fail('nothing passes'));
  peer.on('data', () => t.fail('nothing passes'));
  client.write('two');
  peer.write('three');
  // A second connection passes, so by the time its echo is there the first one's bytes had their chance.
  const other = connect(Number(new URL(proxy.url).port), '127.0.0.1');
  other.write('four');
  t.equal(((await once(other, 'data')) as [Buffer])[0].toString(), 'four');
  t.notOk(client.destroyed || peer.destroyed);
  other.destroy();
});
