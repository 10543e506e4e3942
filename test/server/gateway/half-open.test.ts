import t from 'tap';
import { limits } from '../../../protocol/limits.ts';
import { rawSocket, testGateway, until } from './fake-session.ts';

void t.test('a socket whose peer is silent is found out; one that answers pings stays', async t => {
  // The shortest that uWebSockets.js knows, in real time: its timers are native.
  const server = await testGateway(t, {
    limits: {
      frameBytes: limits.frameBytes,
      socketBackpressureBytes: limits.socketBackpressureBytes,
      idleTimeoutMs: 8000,
      connections: 10,
      connectionsPerAddress: 10,
    },
  });
  const alive = server.connect('/v1/bob:1');
  await alive.opened;
  // It answers nothing, as a machine that lost its network.
  const silent = await rawSocket(server.port);
  const session = () => server.sessions.find(({ opening }) => opening.device === 'alice:1');
  await until(() => session()?.messages.at(-1)?.kind === 'closed', 'closed', 20_000);
  t.equal(alive.ws.readyState, alive.ws.OPEN);
  alive.send('here');
  t.equal(await alive.nextText(), 'here');
  silent.destroy();
});
