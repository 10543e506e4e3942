import t from 'tap';
import { exit } from '../../../actors/index.ts';
import { rawSocket, testGateway, until } from './fake-session.ts';
import type { Behaviour, FakeSession } from './fake-session.ts';

const FRAME_BYTES = 16 * 1024;
const chunk = new Uint8Array(FRAME_BYTES);

const limits = {
  frameBytes: 4 * FRAME_BYTES,
  socketBackpressureBytes: 256 * 1024,
  idleTimeoutMs: 120_000,
  connections: 100,
  connectionsPerAddress: 100,
};

/** Pushes while it may, as long as it is told to. */
function pusher(): { behaviour: Behaviour; sent: () => number; go: () => void; obey: boolean } {
  let session: FakeSession | undefined;
  let paused = false;
  let frames = 0;
  const control = {
    obey: true,
    sent: () => frames,
    go: () => {
      for (let i = 0; i < 4 && !(paused && control.obey); i++) {
        session?.say(chunk);
        frames += 1;
      }
    },
    behaviour: ((message, own) => {
      session = own;
      if (message.kind === 'congested') paused = true;
      if (message.kind === 'drained') paused = false;
      if (message.kind === 'closed') exit('normal');
    }) satisfies Behaviour,
  };
  return control;
}

void t.test('a client that does not read pauses its session, and reading resumes it', async t => {
  const push = pusher();
  const server = await testGateway(t, { behaviour: push.behaviour, limits });
  const socket = await rawSocket(server.port);
  socket.pause();
  await until(() => server.sessions[0]?.messages[0]?.kind === 'attached', 'attached');
  const [session] = server.sessions;
  const kinds = () => session?.messages.map(message => message.kind);

  await until(() => {
    push.go();
    return kinds()?.includes('congested') ?? false;
  }, 'congested');
  t.ok(push.sent() * FRAME_BYTES > limits.socketBackpressureBytes);
  t.ok(server.metrics.gateway.congested.value >= 1);

  let received = 0;
  socket.on('data', (data: Buffer) => {
    received += data.length;
  });
  socket.resume();
  await until(() => session?.messages.at(-1)?.kind === 'drained', 'drained');
  await until(() => received >= push.sent() * FRAME_BYTES, 'all of it');
  socket.destroy();
});

void t.test(
  'a session that pushes on all the same loses the socket; memory stays bounded',
  async t => {
    const push = pusher();
    push.obey = false;
    const server = await testGateway(t, { behaviour: push.behaviour, limits });
    const socket = await rawSocket(server.port);
    socket.pause();
    await until(() => server.sessions[0]?.messages[0]?.kind === 'attached', 'attached');
    await until(() => {
      push.go();
      return server.sessions[0]?.messages.at(-1)?.kind === 'closed';
    }, 'closed');
    const { bytesOut } = server.metrics.gateway;
    // What the system's own buffers took, and the limit with its room, but no more.
    t.ok(bytesOut.value < 32 * 1024 * 1024, `${bytesOut.value} bytes were handed out`);
    const closed = await server.metrics.print();
    t.match(closed.text, /strowger_closed_total\{code="slow_consumer"\} 1/);
    socket.destroy();
  },
);

void t.test('what one turn says to one socket arrives whole and in order', async t => {
  const server = await testGateway(t, {
    behaviour: (message, session) => {
      if (message.kind !== 'frame') return;
      for (let i = 0; i < 100; i++) session.say(new Uint8Array(1000).fill(i));
    },
  });
  const client = server.connect();
  await client.opened;
  client.send('go');
  for (let i = 0; i < 100; i++) t.same(await client.next(), new Uint8Array(1000).fill(i));
});
