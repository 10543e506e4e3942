/** Messages survive kill -9, of the server and of who listens. */
import t from 'tap';
import { startServerProcess, type ServerProcess } from '../../lab/server-process.ts';
import { messagesOf } from './messages-of.ts';
import { codeOf, Workplace } from './strowger.ts';

let place: Workplace;
let server: ServerProcess;

t.before(async () => {
  place = new Workplace();
  server = await startServerProcess();
  await place.register(server.url, 'alice', 'bob');
});
t.teardown(async () => {
  await place.end();
  await server.end();
});

const send = (body: string) =>
  place.run(['send', '--home', 'alice', '--to', 'bob', '--body', body]);
const listen = ['listen', '--home', 'bob', '--json', '--timeout', '50'];

void t.test('kill -9 of the server: all arrives once, in order, in one listen', async t => {
  const listening = place.start([...listen, '--count', '4']);
  await listening.hasSaid('Listening.');
  for (const round of ['1', '2']) {
    t.equal((await send(`${round}a`)).code, 0);
    await server.kill();
    t.equal(codeOf(await send('to nobody at home')), 'unreachable');
    await server.start();
    t.equal((await send(`${round}b`)).code, 0);
  }
  const { code, stdout, stderr } = await listening.ended;
  t.equal(code, 0, stderr);
  t.strictSame(messagesOf(stdout), ['1a', '1b', '2a', '2b']);
});

void t.test('what is accepted while nobody listens survives kill -9', async t => {
  t.equal((await send('kept')).code, 0);
  await server.kill();
  await server.start();
  const { code, stdout, stderr } = await place.run([...listen, '--count', '1']);
  t.equal(code, 0, stderr);
  t.strictSame(messagesOf(stdout), ['kept']);
});

void t.test('kill -9 of a listener loses nothing', async t => {
  const seen: unknown[] = [];
  for (const body of ['1', '2', '3']) {
    const listening = place.start(listen);
    await listening.hasSaid('Listening.');
    await send(body);
    await listening.hasPrinted(1);
    listening.child.kill('SIGKILL');
    seen.push(...messagesOf((await listening.ended).stdout));
  }
  // What was printed in the last moment may come again, and nothing comes before what is older.
  t.strictSame([...new Set(seen)], ['1', '2', '3']);
});

void t.test('a listen that starts before the server waits for it', async t => {
  await server.kill();
  const late = await place.run(['listen', '--home', 'bob', '--json', '--timeout', '0.1']);
  t.equal(late.code, 3, 'the time that it may take counts meanwhile');
  const waiting = place.start([...listen, '--count', '1']);
  await waiting.hasSaid('Trying again.');
  await server.start();
  await waiting.hasSaid('Listening.');
  t.equal((await send('welcome')).code, 0);
  const { code, stdout, stderr } = await waiting.ended;
  t.equal(code, 0, stderr);
  t.strictSame(messagesOf(stdout), ['welcome']);
  t.equal(stderr.match(/Trying again/g)?.length, 1, 'it says so once');
});
