import t from 'tap';
import { exit, send, setClock, spawn } from '../../../actors/index.ts';
import type { Pid } from '../../../actors/index.ts';
import { createVirtualClock } from '../../../actors/testing.ts';
import { echo, startSession, testGateway, until } from './fake-session.ts';
import type { Behaviour, SessionMessage } from './fake-session.ts';

/** Remembers each frame's text, and echoes. */
const remembering: Behaviour = (message, session) => {
  if (message.kind === 'frame') session.remember(new TextDecoder().decode(message.data));
  void echo(message, session);
};

void t.test(
  'a session that is killed leaves its socket to the next one, with its state',
  async t => {
    const server = await testGateway(t, { behaviour: remembering });
    const client = server.connect();
    await client.opened;
    client.send('one');
    t.equal(await client.nextText(), 'one');
    const [first] = server.sessions;
    if (first === undefined) throw new Error('no session');

    exit(first.pid, 'kill');
    // What comes while nobody is there waits for the next session.
    client.send('two');
    await until(() => server.metrics.gateway.framesIn.value === 2, 'the second frame');
    t.equal(server.metrics.gateway.sessionsLost.value, 1);
    startSession(first.opening, remembering, server.sessions);

    t.equal(await client.nextText(), 'two');
    t.same(server.sessions[1]?.messages[0], { kind: 'attached', remembered: 'one' });
    client.send('three');
    t.equal(await client.nextText(), 'three');
  },
);

void t.test('other sockets notice nothing when a session dies', async t => {
  const server = await testGateway(t);
  const [one, other] = [server.connect('/v1/alice:1'), server.connect('/v1/bob:1')];
  await Promise.all([one.opened, other.opened]);
  await until(() => server.sessions.length === 2, 'both sessions');
  const ofOne = server.sessions.find(session => session.opening.device === 'alice:1');
  if (ofOne === undefined) throw new Error('no session');
  exit(ofOne.pid, 'kill');
  other.send('hello');
  t.equal(await other.nextText(), 'hello');
  startSession(ofOne.opening, echo, server.sessions);
  one.send('still here');
  t.equal(await one.nextText(), 'still here');
});

void t.test('the gateway opens a session itself when none attached within a second', async t => {
  const clock = createVirtualClock();
  const realClock = setClock(clock);
  t.teardown(() => setClock(realClock));
  const server = await testGateway(t, { behaviour: remembering });
  const client = server.connect();
  await client.opened;
  client.send('one');
  await client.nextText();
  exit(server.sessions[0]?.pid as Pid, 'kill');
  await until(() => server.metrics.gateway.sessionsLost.value === 1, 'the loss');
  await clock.advance(999);
  t.equal(server.sessions.length, 1, 'its supervisor has a second');
  await clock.advance(1);
  t.equal(server.sessions.length, 2);
  t.equal(server.sessions[1]?.opening.remembered, 'one');
  client.send('two');
  t.equal(await client.nextText(), 'two');
});

void t.test(
  'a session that went with its supervisor is opened again at once, for one restart',
  async t => {
    const clock = createVirtualClock();
    const realClock = setClock(clock);
    t.teardown(() => setClock(realClock));
    const server = await testGateway(t, {
      behaviour: remembering,
      sessionRestarts: { intensity: 2, periodMs: 60_000 },
    });
    const client = server.connect();
    await client.opened;
    for (const round of [1, 2]) {
      await until(() => server.sessions.length === round, 'the session');
      client.send(`${round}`);
      await client.nextText();
      exit(server.sessions[round - 1]?.pid as Pid, 'shutdown');
      await until(() => server.metrics.gateway.sessionsLost.value === round, 'the loss');
      await clock.advance(20);
    }
    await until(() => server.sessions.length === 3, 'the last session');
    client.send('still open');
    t.equal(await client.nextText(), 'still open');
  },
);

void t.test(
  'a session that cannot be started is tried again until the budget is spent',
  async t => {
    const clock = createVirtualClock();
    const realClock = setClock(clock);
    t.teardown(() => setClock(realClock));
    let tries = 0;
    const server = await testGateway(t, {
      sessionRestarts: { intensity: 2, periodMs: 60_000 },
      openSession: () => {
        tries += 1;
        if (tries === 1) throw new Error('no supervisor');
        if (tries === 2) return Promise.reject(new Error('noproc'));
        return ['error', 'max_children'];
      },
    });
    const client = server.connect();
    await client.opened;
    await clock.advance(3000);
    const { code, reason } = await client.closed;
    t.equal(code, 4013);
    t.match(reason, /^internal: /);
    t.equal(tries, 3);
    t.match(server.errors, [/no supervisor/, /noproc/, /max_children/]);
  },
);

void t.test('a connection whose sessions keep dying is closed with internal', async t => {
  const poisoned: Behaviour = (message, session) => {
    if (message.kind === 'frame') exit('poison');
    void echo(message, session);
  };
  const server = await testGateway(t, {
    behaviour: poisoned,
    sessionRestarts: { intensity: 3, periodMs: 60_000 },
  });
  const [client, neighbour] = [server.connect('/v1/alice:1'), server.connect('/v1/bob:1')];
  await Promise.all([client.opened, neighbour.opened]);
  const opening = server.sessions.find(session => session.opening.device === 'alice:1')?.opening;
  if (opening === undefined) throw new Error('no session');
  for (let loss = 1; loss <= 4; loss++) {
    t.equal(client.ws.readyState, client.ws.OPEN);
    client.send('poison');
    await until(() => server.metrics.gateway.sessionsLost.value === loss, `loss ${loss}`);
    if (loss <= 3) startSession(opening, poisoned, server.sessions);
  }
  t.equal((await client.closed).code, 4013);
  t.equal(neighbour.ws.readyState, neighbour.ws.OPEN);
});

void t.test('a session that ends normally closes its socket', async t => {
  const server = await testGateway(t, {
    behaviour: message => {
      if (message.kind === 'frame') exit('normal');
    },
  });
  const client = server.connect();
  await client.opened;
  client.send('bye');
  t.equal((await client.closed).code, 1000);
});

void t.test('a session says why it closes, after what it sent', async t => {
  const server = await testGateway(t, {
    behaviour: (message, session) => {
      if (message.kind === 'frame') {
        session.say(new TextEncoder().encode('last words'));
        session.close('replaced');
        session.say(new TextEncoder().encode('too late'));
      } else void echo(message, session);
    },
  });
  const client = server.connect();
  await client.opened;
  client.send('hello');
  t.equal(await client.nextText(), 'last words');
  t.same(await client.closed, { code: 4006, reason: 'replaced: replaced' });
  await until(() => server.sessions[0]?.messages.at(-1)?.kind === 'closed', 'closed');
  t.same(server.sessions[0]?.messages.at(-1), { kind: 'closed', code: 4006 });
});

void t.test('a newer session takes the socket over; the older one is out', async t => {
  const server = await testGateway(t);
  const client = server.connect();
  await client.opened;
  await until(() => server.sessions[0]?.messages[0]?.kind === 'attached', 'attached');
  const [first] = server.sessions;
  if (first === undefined) throw new Error('no session');
  const { gateway, connection } = first.opening;
  startSession(first.opening, echo, server.sessions);
  await until(() => first.messages.at(-1)?.kind === 'closed', 'the older one is told');
  // Whatever the older one still says goes nowhere.
  send(gateway, { kind: 'send', connection, session: first.pid, frame: new Uint8Array([1]) });
  send(gateway, { kind: 'remember', connection, session: first.pid, state: 'stale' });
  send(gateway, { kind: 'close', connection, session: first.pid, code: 'replaced', message: '' });
  client.send('hello');
  t.equal(await client.nextText(), 'hello');
  startSession(first.opening, echo, server.sessions);
  await until(() => server.sessions[2]?.messages[0]?.kind === 'attached', 'attached');
  t.same(server.sessions[2]?.messages[0], { kind: 'attached', remembered: undefined });
});

void t.test('a first session begins unless another one was faster', async t => {
  const server = await testGateway(t);
  const client = server.connect();
  await client.opened;
  await until(() => server.sessions[0]?.messages[0]?.kind === 'attached', 'attached');
  const [first] = server.sessions;
  if (first === undefined) throw new Error('no session');
  const { gateway, connection } = first.opening;
  t.equal(first.opening.first, true);
  const late: unknown[] = [];
  const session = spawn(message => {
    late.push(message);
  });
  send(gateway, { kind: 'attach', connection, session, remembered: 'too late' });
  await until(() => late.length > 0, 'it is told');
  t.match(late, [{ kind: 'closed' }]);
  client.send('hello');
  t.equal(await client.nextText(), 'hello', 'the other one serves the socket');

  exit(first.pid, 'shutdown');
  await until(() => server.sessions.length === 2, 'another session');
  t.match(server.sessions[1]?.opening, { first: false, remembered: undefined });
});

void t.test('what a first session has begun is remembered for the one that follows', async t => {
  const begun: SessionMessage[] = [];
  const server = await testGateway(t, {
    openSession: opening => {
      if (!opening.first) return startSession(opening, echo, server.sessions);
      const { gateway, connection } = opening;
      const session = spawn(message => {
        begun.push(message as SessionMessage);
        exit('shutdown');
      });
      send(gateway, { kind: 'attach', connection, session, remembered: 'begun' });
      return ['ok', session];
    },
  });
  const client = server.connect();
  await client.opened;
  client.send('one');
  await until(() => server.sessions.length === 1, 'another session');
  t.match(begun, [{ kind: 'frame' }], 'no `attached` came before the frame');
  t.equal(server.sessions[0]?.opening.remembered, 'begun');
});

void t.test('a session that attaches to a socket that is gone is told so', async t => {
  const server = await testGateway(t);
  const client = server.connect();
  await client.opened;
  const [first] = server.sessions;
  if (first === undefined) throw new Error('no session');
  client.ws.close(1000);
  await until(() => first.messages.at(-1)?.kind === 'closed', 'closed');
  t.same(first.messages.at(-1), { kind: 'closed', code: 1000 });
  startSession(first.opening, echo, server.sessions);
  await until(() => server.sessions[1]?.messages.length === 1, 'an answer');
  t.match(server.sessions[1]?.messages[0], { kind: 'closed' });
});

void t.test('a session that does not get through its mailbox loses its socket', async t => {
  let release = (): void => undefined;
  const stuck = new Promise<void>(resolve => {
    release = resolve;
  });
  const server = await testGateway(t, {
    openSession: opening =>
      startSession(
        opening,
        async message => (message.kind === 'frame' ? stuck : undefined),
        server.sessions,
      ),
  });
  const client = server.connect();
  await client.opened;
  for (let i = 0; i < 40; i++) client.send('x'.repeat(1_000_000));
  t.equal((await client.closed).code, 4007);
  release();
});

void t.test('too many frames that no session takes close the socket', async t => {
  const server = await testGateway(t, { openSession: () => ['ignore'] });
  const client = server.connect();
  await client.opened;
  // 32 MiB, each frame counted with 8 KiB on top.
  for (let i = 0; i <= 4 * 1024; i++) client.send('x');
  t.equal((await client.closed).code, 4013);
});
