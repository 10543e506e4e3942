import t from 'tap';
import { testGateway } from './fake-session.ts';

void t.test('frames come and go in order', async t => {
  const server = await testGateway(t);
  const client = server.connect();
  await client.opened;
  for (let i = 0; i < 200; i++) client.send(`frame ${i}`);
  for (let i = 0; i < 200; i++) t.equal(await client.nextText(), `frame ${i}`);
  const [session] = server.sessions;
  t.match(session?.opening, { device: 'alice:1', address: '127.0.0.1', remembered: undefined });
  t.equal(server.metrics.gateway.framesIn.value, 200);
  t.equal(server.metrics.gateway.framesOut.value, 200);
  client.ws.close();
  await client.closed;
});
