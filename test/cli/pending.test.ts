/** Cut off after sending: `pending`, and the next command on that home finishes it. */
import t from 'tap';
import { startServerProcess, type ServerProcess } from '../../lab/server-process.ts';
import { messagesOf } from './messages-of.ts';
import { firstFrame, StallingProxy } from './stalling-proxy.ts';
import { codeOf, jsonLines, Workplace } from './strowger.ts';

let server: ServerProcess;
let place: Workplace;
let proxy: StallingProxy;
/** The users of a test, whose homes have their names; the server is that of all tests. */
let alice: string;
let bob: string;
let tests = 0;

t.before(async () => {
  server = await startServerProcess();
});
t.teardown(() => server.end());

/** Alice reaches the server through the proxy, Bob does without. */
t.beforeEach(async () => {
  tests += 1;
  [alice, bob] = [`alice${tests}`, `bob${tests}`];
  place = new Workplace();
  proxy = new StallingProxy(server.url);
  await place.register(await proxy.listen(), alice);
  await place.register(server.url, bob);
});
t.afterEach(async () => {
  await place.end();
  await proxy.close();
});

const send = (body: string, ...more: readonly string[]) =>
  place.run(['send', '--home', alice, '--to', bob, '--body', body, ...more]);
const listen = (home: string, ...more: readonly string[]) =>
  place.run(['listen', '--home', home, '--json', ...more]);
/** Seconds in which a `send` connects even on a busy machine; then it gives up. */
const patience = '3';
const finished = (seq: number) =>
  new RegExp(`The earlier message \\S+ \\(seq ${seq}\\) is accepted now\\.`);
/** The first message to somebody is refused, and repaired, because the sender does not know their devices yet. */
const getAcquainted = async () => {
  await send('hello');
  await listen(bob, '--count', '1', '--timeout', '20');
};

void t.test('the message is lost on the way: the next send finishes it first', async t => {
  proxy.stallRequestsFrom = firstFrame;
  const cut = await send('first', '--timeout', patience);
  t.equal(cut.code, 1);
  t.equal(codeOf(cut), 'pending', cut.stderr);
  t.equal(cut.stdout, '');
  proxy.stallRequestsFrom = null;
  const next = await send('second');
  t.equal(next.code, 0, next.stderr);
  t.match(next.stderr, finished(1));
  t.equal(jsonLines(next.stdout)[0]?.['seq'], 2);
  t.strictSame(messagesOf((await listen(bob, '--count', '2', '--timeout', '20')).stdout), [
    'first',
    'second',
  ]);
});

void t.test('only the answer is lost: the next listen finishes it, and it came once', async t => {
  await getAcquainted();
  proxy.stallAnswersFrom = firstFrame;
  t.equal(codeOf(await send('first', '--timeout', patience)), 'pending');
  proxy.stallAnswersFrom = null;
  const next = await listen(alice, '--timeout', '0.2');
  t.equal(next.code, 3, next.stderr);
  t.match(next.stderr, finished(2));
  t.equal((await send('second')).code, 0);
  t.strictSame(messagesOf((await listen(bob, '--count', '2', '--timeout', '20')).stdout), [
    'first',
    'second',
  ]);
  t.strictSame(messagesOf((await listen(bob, '--timeout', '0.2')).stdout), []);
});

void t.test(
  'the connection is cut while it waits: send itself comes back and finishes',
  async t => {
    await getAcquainted();
    proxy.stallAnswersFrom = firstFrame;
    const sending = place.start(['send', '--home', alice, '--to', bob, '--body', 'once']);
    t.strictSame(messagesOf((await listen(bob, '--count', '1', '--timeout', '20')).stdout), [
      'once',
    ]);
    proxy.stallAnswersFrom = null;
    proxy.cut();
    const { code, stdout, stderr } = await sending.ended;
    t.equal(code, 0, stderr);
    t.match(jsonLines(stdout)[0], { seq: 2 });
    t.strictSame(messagesOf((await listen(bob, '--timeout', '0.2')).stdout), []);
  },
);

void t.test('a pending message that is refused later is told with the reason', async t => {
  proxy.stallRequestsFrom = firstFrame;
  const args = ['send', '--home', alice, '--to', 'nobody', '--body', 'x', '--timeout', patience];
  t.equal(codeOf(await place.run(args)), 'pending');
  proxy.stallRequestsFrom = null;
  const next = await listen(alice, '--timeout', '0.2');
  t.equal(next.code, 3, next.stderr);
  t.match(next.stderr, /The earlier message \S+ \(seq 1\): error unknown_user: .*nobody/);
});

void t.test('marks of reading wait in the outbox too', async t => {
  const reading = place.start(['listen', '--home', alice, '--json', '--mark-read']);
  await reading.hasSaid('Listening.');
  // What is connected hears on; nobody else gets further than connecting.
  proxy.stallRequestsFrom = firstFrame - 1;
  const toAlice = ['send', '--home', bob, '--to', alice, '--body', 'read me'];
  const [{ seq } = {}] = jsonLines((await place.run(toAlice)).stdout);
  await reading.hasPrinted(1);
  reading.child.kill('SIGINT');
  t.equal((await reading.ended).code, 0);
  proxy.stallRequestsFrom = null;
  const receipts = async () => jsonLines((await listen(bob, '--timeout', '0.3')).stdout);
  t.notOk(JSON.stringify(await receipts()).includes('upTo'), 'not told yet');
  t.equal((await send('done')).code, 0);
  const told = (await receipts()).find(({ kind }) => kind === 'receipt');
  t.strictSame(told?.['read'], [{ group: null, upTo: seq }]);
});

void t.test(
  'a listen that starts before the server finishes the outbox when it is there',
  async t => {
    await getAcquainted();
    proxy.stallRequestsFrom = firstFrame;
    t.equal(codeOf(await send('first', '--timeout', patience)), 'pending');
    proxy.stallRequestsFrom = null;
    await server.kill();
    const waiting = place.start(['listen', '--home', alice, '--json']);
    await waiting.hasSaid('Trying again.');
    await server.start();
    await waiting.hasSaid('Listening.');
    waiting.child.kill('SIGINT');
    const { code, stderr } = await waiting.ended;
    t.equal(code, 0);
    t.match(stderr, finished(2));
    t.equal(stderr.match(/Trying again/g)?.length, 1, stderr);
    const heard = await listen(bob, '--count', '1', '--timeout', '20');
    t.strictSame(messagesOf(heard.stdout), ['first']);
  },
);
