/** The XMPP client next to a server of a few lines that plays its part from a script. */
import { createServer, type Server, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import { XmppDevice } from '../../../lab/xmpp/xmpp-device.ts';
import { StanzaReader } from '../../../lab/xmpp/stanza-reader.ts';

const features = (inner: string) =>
  `<stream:stream id='1'><stream:features>${inner}</stream:features>`;
const plain = '<mechanisms><mechanism>PLAIN</mechanism></mechanisms>';

interface Played {
  readonly port: number;
  readonly heard: string[];
  /** Resolves when an element of this name was heard so many times. */
  readonly when: (name: string, times: number) => Promise<string>;
}

/** Answers each element by its name; an array is played one after the other, its last answer again and again. */
async function play(t: Test, script: Readonly<Record<string, readonly string[]>>): Promise<Played> {
  const heard: string[] = [];
  const counts = new Map<string, number>();
  const waiting: { name: string; times: number; resolve: (text: string) => void }[] = [];
  const server: Server = createServer((socket: Socket) => {
    socket.setEncoding('latin1');
    const reader = new StanzaReader((name, text) => {
      heard.push(name);
      const count = (counts.get(name) ?? 0) + 1;
      counts.set(name, count);
      const answers = script[name] ?? [];
      const answer = answers[Math.min(count, answers.length) - 1];
      if (answer !== undefined) socket.write(answer);
      for (const each of waiting)
        if (each.name === name && each.times === count) each.resolve(text);
    });
    socket.on('data', chunk => reader.push(String(chunk)));
    socket.on('error', () => undefined);
    t.teardown(() => socket.destroy());
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('expected a port');
  return {
    port: address.port,
    heard,
    when: (name, times) => new Promise(resolve => waiting.push({ name, times, resolve })),
  };
}

const account = (port: number) => ({
  host: '127.0.0.1',
  port,
  domain: 'localhost',
  user: 'alice',
  password: 'secret',
});

const welcome = {
  'stream:stream': [features(plain), features('<bind/>')],
  auth: ['<success/>'],
  iq: [`<iq type='result' id='bind'/>`],
};

function recorder() {
  const events: unknown[] = [];
  const failed: ((error: Error) => void)[] = [];
  return {
    events,
    failure: new Promise<Error>(resolve => failed.push(resolve)),
    handlers: {
      onAccepted: (_: XmppDevice, upTo: number) => events.push(['accepted', upTo]),
      onMessage: (_: XmppDevice, from: string, seq: number) => events.push(['message', from, seq]),
      onTurnEnd: () => undefined,
      onFailure: (error: Error) => failed.forEach(resolve => resolve(error)),
    },
  };
}

void t.test('logs in, sends, is told what the server has handled, and what arrives', async t => {
  const played = await play(t, {
    ...welcome,
    enable: ['<enabled/>'],
    r: [
      // The presence and two messages.
      `<a h='3'/><message from='bob@localhost/load' id='9' type='chat'><body>hi</body></message><r/>`,
    ],
  });
  const { events, handlers } = recorder();
  const answered = played.when('a', 1);
  const device = await XmppDevice.connect(account(played.port), true, handlers);
  t.teardown(() => device.close());
  const to = XmppDevice.addressOf('bob', 'localhost');
  t.equal(device.send(to, 'one'), 1);
  t.equal(device.send(to, 'two'), 2);
  t.match(await answered, /h='1'/, 'one stanza has come since stream management began');
  t.same(events, [
    ['accepted', 2],
    ['message', 'bob', 9],
  ]);
  t.equal(played.heard.filter(name => name === 'r').length, 1, 'both messages share one request');
});

void t.test('what a run without faults does not bring ends it', async t => {
  const { handlers } = recorder();
  const connect = async (script: Readonly<Record<string, readonly string[]>>) =>
    XmppDevice.connect(account((await play(t, script)).port), false, handlers);
  await t.rejects(connect({ 'stream:stream': [features('')] }), /may not log in with SASL PLAIN/);
  await t.rejects(
    connect({ ...welcome, auth: [`<failure><not-authorized/></failure>`] }),
    /alice was told: .*not-authorized/,
  );
  await t.rejects(connect({ ...welcome, iq: [`<iq type='error'/>`] }), /could not bind/);
  await t.rejects(XmppDevice.connect(account(1), false, handlers), /lost its connection/);
});

void t.test('a message that comes back as an error ends the run', async t => {
  const played = await play(t, {
    ...welcome,
    message: [`<message from='bob@localhost/load' id='1' type='error'><error/></message>`],
  });
  const { handlers, failure } = recorder();
  const device = await XmppDevice.connect(account(played.port), false, handlers);
  device.send(XmppDevice.addressOf('bob', 'localhost'), 'one');
  t.match((await failure).message, /alice was told: .*error/);
});
