/** Messages survive what is cut off: the server by kill -9, the connection after sending, a listener between two lines. */
import t from 'tap';
import { startServerProcess, type ServerProcess } from '../../lab/server-process.ts';
import { firstFrame, StallingProxy } from './stalling-proxy.ts';
import { codeOf, jsonLines, Workplace } from './strowger.ts';

let place: Workplace;
let server: ServerProcess;

t.beforeEach(async () => {
  place = new Workplace();
  server = await startServerProcess();
});
t.afterEach(async () => {
  await place.end();
  await server.end();
});

const bodies = (lines: readonly string[]): unknown[] =>
  jsonLines([...lines, ''].join('\n'))
    .filter(({ kind }) => kind === 'message')
    .map(({ body }) => body);

void t.test(
  'kill -9 of the server between messages: all arrive once, in order, in one listen',
  async t => {
    await place.register(server.url, 'alice', 'bob');
    const listening = place.start([
      'listen',
      '--home',
      'bob',
      '--json',
      '--count',
      '6',
      '--timeout',
      '50',
    ]);
    await listening.hasSaid('Listening.');
    const send = (body: string) =>
      place.run(['send', '--home', 'alice', '--to', 'bob', '--body', body]);
    for (const round of ['1', '2', '3']) {
      t.equal((await send(`${round}a`)).code, 0);
      await server.kill();
      t.equal(codeOf(await send('to nobody at home')), 'unreachable');
      await server.start();
      t.equal((await send(`${round}b`)).code, 0);
    }
    const { code, stderr } = await listening.ended;
    t.equal(code, 0, stderr);
    t.strictSame(bodies(listening.lines), ['1a', '1b', '2a', '2b', '3a', '3b']);
  },
);

void t.test('messages sent while nobody listens survive kill -9', async t => {
  await place.register(server.url, 'alice', 'bob');
  const sent = await place.run(['send', '--home', 'alice', '--to', 'bob', '--body', 'kept']);
  t.equal(sent.code, 0);
  await server.kill();
  await server.start();
  const heard = place.start([
    'listen',
    '--home',
    'bob',
    '--json',
    '--count',
    '1',
    '--timeout',
    '20',
  ]);
  t.equal((await heard.ended).code, 0);
  t.strictSame(bodies(heard.lines), ['kept']);
});

for (const [what, stall] of [
  ['the message is lost on the way', { stallRequestsFrom: firstFrame }],
  ['only the answer is lost', { stallAnswersFrom: firstFrame }],
] as const) {
  for (const next of ['send', 'listen'] as const) {
    void t.test(
      `cut off after sending, ${what}: pending, and the next ${next} finishes it`,
      async t => {
        const proxy = new StallingProxy(server.url);
        t.teardown(() => proxy.close());
        await place.register(await proxy.listen(), 'alice');
        await place.register(server.url, 'bob');
        Object.assign(proxy, stall);
        const cut = await place.run([
          ...['send', '--home', 'alice', '--to', 'bob', '--body', 'first', '--timeout', '1'],
        ]);
        t.equal(cut.code, 1);
        t.equal(codeOf(cut), 'pending', cut.stderr);
        t.equal(cut.stdout, '');
        Object.assign(proxy, { stallRequestsFrom: null, stallAnswersFrom: null });
        const follow = {
          send: ['send', '--home', 'alice', '--to', 'bob', '--body', 'second'],
          listen: ['listen', '--home', 'alice', '--json', '--timeout', '0.5'],
        }[next];
        const followed = await place.run(follow);
        t.equal(followed.code, next === 'send' ? 0 : 3, followed.stderr);
        t.match(followed.stderr, /The earlier message \S+ \(seq 1\) is accepted now\./);
        if (next === 'listen')
          await place.run(['send', '--home', 'alice', '--to', 'bob', '--body', 'second']);
        const heard = await place.run([
          ...['listen', '--home', 'bob', '--json', '--count', '2', '--timeout', '20'],
        ]);
        t.strictSame(bodies(heard.stdout.split('\n').slice(0, -1)), ['first', 'second']);
        const more = await place.run(['listen', '--home', 'bob', '--json', '--timeout', '0.3']);
        t.strictSame(bodies(more.stdout.split('\n').slice(0, -1)), []);
      },
    );
  }
}

void t.test('a message that stays pending and is then refused is said so', async t => {
  const proxy = new StallingProxy(server.url);
  t.teardown(() => proxy.close());
  await place.register(await proxy.listen(), 'alice');
  proxy.stallRequestsFrom = firstFrame;
  const cut = await place.run([
    ...['send', '--home', 'alice', '--to', 'nobody', '--body', 'x', '--timeout', '1'],
  ]);
  t.equal(codeOf(cut), 'pending');
  proxy.stallRequestsFrom = null;
  const next = await place.run(['listen', '--home', 'alice', '--json', '--timeout', '0.5']);
  t.equal(next.code, 3, next.stderr);
  t.match(next.stderr, /The earlier message \S+ \(seq 1\): error unknown_user: .*nobody/);
});

void t.test('a listener that is killed has lost nothing and confirmed what it printed', async t => {
  await place.register(server.url, 'alice', 'bob');
  const send = (body: string) =>
    place.run(['send', '--home', 'alice', '--to', 'bob', '--body', body]);
  const seen: unknown[] = [];
  for (const body of ['1', '2', '3']) {
    const listening = place.start(['listen', '--home', 'bob', '--json']);
    await listening.hasSaid('Listening.');
    await send(body);
    await listening.hasPrinted(1);
    listening.child.kill('SIGKILL');
    await listening.ended;
    seen.push(...bodies(listening.lines));
  }
  // What was printed in the last moment before the end may come again: at least once, and in order.
  t.strictSame([...new Set(seen)], ['1', '2', '3']);
});

void t.test('marks of reading wait in the outbox when the server is away', async t => {
  await place.register(server.url, 'alice', 'bob');
  const sent = await place.run(['send', '--home', 'alice', '--to', 'bob', '--body', 'read me']);
  const [{ seq } = {}] = jsonLines(sent.stdout);
  const reading = place.start([
    ...['listen', '--home', 'bob', '--json', '--mark-read', '--timeout', '30'],
  ]);
  await reading.hasPrinted(1);
  reading.child.kill('SIGINT');
  t.equal((await reading.ended).code, 0);
  const heard = place.start(['listen', '--home', 'alice', '--json', '--timeout', '30']);
  for (let lines = 1; ; lines = heard.lines.length + 1) {
    const last = (await heard.hasPrinted(lines)).at(-1) ?? '';
    if (last.includes(`"read":[{"group":null,"upTo":${String(seq)}}]`)) break;
  }
  heard.child.kill('SIGINT');
  await heard.ended;
});
