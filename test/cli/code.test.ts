/** `strowger code`, `serve --handlers` and `--watch`, SIGHUP: as a host uses them. */
import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import t from 'tap';
import type { Listing } from '../../server/code/listing.ts';
import { codeOf, jsonLines, Workplace, type Running } from './strowger.ts';

let place: Workplace;

t.beforeEach(() => {
  place = new Workplace();
});
t.afterEach(async () => {
  await place.end();
});

const PING = `import { builtin } from 'strowger/server';\nexport default builtin.ping;\n`;

async function serve(...args: readonly string[]): Promise<Running> {
  const running = place.start(['serve', '--port', '0', '--data', 'data', ...args]);
  await running.hasPrinted(1);
  return running;
}

const code = (...args: readonly string[]) => place.run(['code', ...args, '--data', 'data']);

/** Where each version of ping comes from. */
async function ping(): Promise<string> {
  const { stdout, stderr, code: exit } = await code('list', '--json');
  if (exit !== 0) throw new Error(stderr);
  const [listing] = jsonLines(stdout) as unknown as [Listing];
  const row = listing.modules.find(({ name }) => name === 'ping');
  return (['current', 'old', 'canary'] as const)
    .flatMap(slot => {
      const version = row?.[slot];
      return version === undefined
        ? []
        : [`${slot} ${version.filename === undefined ? 'built in' : 'loaded'}`];
    })
    .join(', ');
}

void t.test('list, load, revert, purge', async t => {
  await serve('--isolates', '2');
  t.equal(await ping(), 'current built in');
  place.write('handlers/ping.ts', PING);
  const loaded = await code('load', 'handlers');
  t.equal(loaded.code, 0, loaded.stderr);
  t.match(jsonLines(loaded.stdout), [{ modules: ['ping'], unchanged: [], isolates: [1, 2] }]);
  t.equal(await ping(), 'current loaded, old built in');
  t.match(jsonLines((await code('load')).stdout), [{ modules: [], unchanged: ['ping'] }]);

  const list = await code('list');
  t.match(list.stdout, /^ping +current +[0-9a-f]{16} .*handlers\/ping\.ts$/m);
  t.match(list.stdout, /^on trial until .*: ping, for everybody, 0 crashes$/m);
  t.match(list.stdout, /loaded ping from .*handlers$/m);

  t.match(jsonLines((await code('purge', '--soft', 'ping')).stdout), [
    { purged: ['ping'], lingering: [] },
  ]);
  t.equal(await ping(), 'current loaded');
  t.match(
    (await code('revert')).stderr,
    /^error not_done: There is no version to go back to\. For the built-in ping remove the file and load its directory again\.$/m,
  );
  t.match((await code('revert', 'pong')).stderr, /^error not_done: There is no module pong: /);
  t.match((await code('promote', 'pong')).stderr, /^error not_done: There is no module pong: /);

  place.write('handlers/ping.ts', `${PING}// another one\nexport const more = 1;\n`);
  t.equal((await code('load', 'handlers')).code, 0);
  t.match(jsonLines((await code('revert', 'ping')).stdout), [{ modules: ['ping'] }]);
  t.equal(await ping(), 'current loaded');

  rmSync(place.path('handlers/ping.ts'));
  place.write(
    'handlers/ack.ts',
    `import { builtin } from 'strowger/server';\nexport default builtin.ack;\n`,
  );
  t.match(jsonLines((await code('load')).stdout), [{ modules: ['ack', 'ping'] }]);
  t.equal(
    await ping(),
    'current built in, old loaded',
    'a file that is gone is a built-in module again',
  );
  rmSync(place.path('handlers/ack.ts'));
  t.match(
    jsonLines((await code('load')).stdout),
    [{ modules: ['ack'] }],
    'so it is with the last one',
  );
  t.match((await code('list')).stdout, /^handlers: only those that are built in$/m);
  t.match((await code('load')).stderr, /^error not_done: There are no handlers in /);
});

void t.test('a canary is loaded for a share, and promoted or reverted', async t => {
  await serve();
  place.write('handlers/ping.ts', PING);
  for (const share of ['1', '0%', '100%', 'few'])
    t.equal((await code('load', 'handlers', '--canary', share)).code, 2, share);
  t.equal((await code('load', 'handlers', '--canary', '1%')).code, 0);
  t.equal(await ping(), 'current built in, canary loaded');
  t.match((await code('list')).stdout, /^ping +canary 1 % /m);
  t.equal((await code('revert')).code, 0);
  t.equal(await ping(), 'current built in');
  t.match((await code('promote')).stderr, /^error not_done: There is no canary/);
  t.equal((await code('load', 'handlers', '--canary', '0.5%')).code, 0);
  t.equal((await code('promote')).code, 0);
  t.equal(await ping(), 'current loaded, old built in');
  place.write(
    'handlers/link.ts',
    `import { builtin } from 'strowger/server';\nexport default builtin.link;\n`,
  );
  t.match(
    (await code('load', 'handlers', '--canary', '5%')).stderr,
    /link serves everybody at once/,
  );
});

void t.test('serve --handlers: before the port is open; SIGHUP loads them again', async t => {
  place.write('handlers/ping.ts', PING);
  const running = await serve('--handlers', 'handlers');
  t.equal(await ping(), 'current loaded, old built in');
  place.write('handlers/ping.ts', 'export default 3;');
  running.child.kill('SIGHUP');
  await running.hasSaid('code: refused what is in');
  await running.hasSaid(
    'its default export is to be a function, as ping is a handler; it is number',
  );
  t.equal(await ping(), 'current loaded, old built in');
  place.write('handlers/ping.ts', 'export default () => {\n  throw new Error("no");\n};\n');
  running.child.kill('SIGHUP');
  await running.hasSaid('handlers/ping.ts:2: no (Error)');
  place.write('handlers/ping.ts', `${PING}export const more = 1;\n`);
  running.child.kill('SIGHUP');
  await running.hasSaid('code: loaded ping');
});

const from = (name: 'ping' | 'ack' | 'request', mark: number): string =>
  `import { builtin } from 'strowger/server';\nexport const mark = ${mark};\nexport default builtin.${name};\n`;

void t.test('SIGHUP means the directory of --handlers, load the one that was named', async t => {
  place.write('base/ping.ts', from('ping', 1));
  place.write('other/ack.ts', from('ack', 1));
  const running = await serve('--handlers', 'base');
  t.match((await code('list')).stdout, /^handlers: \S+base$/m);
  t.equal((await code('load', 'other')).code, 0);
  t.match((await code('list')).stdout, /^handlers: \S+base, \S+other$/m);

  place.write('base/ping.ts', 'export default 3;');
  running.child.kill('SIGHUP');
  await running.hasSaid(`code: refused what is in ${place.path('base')}`);
  t.match(jsonLines((await code('load')).stdout), [{ modules: [], unchanged: ['ack'] }]);

  place.write('other/request.ts', from('request', 1));
  t.match(jsonLines((await code('load')).stdout), [{ modules: ['request'] }]);
  t.match(jsonLines((await code('revert')).stdout), [{ modules: ['request'] }]);
  t.match(
    (await code('revert')).stderr,
    /loaded last is not in force .* old version of ping, ack: .*`code revert ping ack`/,
    'nothing that has proved itself goes',
  );
  t.equal((await code('revert', 'ack')).code, 0);
  place.write('base/ping.ts', from('ping', 3));
  t.match(jsonLines((await code('load')).stdout), [{ modules: ['ping'] }]);

  rmSync(place.path('base/ping.ts'));
  running.child.kill('SIGHUP');
  await running.hasSaid('code: back to the built-in ping, of which the file is gone from');
  t.equal(await ping(), 'current built in, old loaded');
});

void t.test('a packet handler that waits is refused', async t => {
  await serve();
  place.write('handlers/ping.ts', `export default async () => { throw new Error('late'); };\n`);
  t.match(
    (await code('load', 'handlers')).stderr,
    /returns a promise: a packet handler must not wait/,
  );
});

void t.test('serve --handlers with what cannot be loaded does not start, and says why', async t => {
  place.write('handlers/pong.ts', PING);
  const args = ['serve', '--port', '0', '--data', 'data', '--handlers', 'handlers'];
  const outcome = await place.run(args);
  t.equal(outcome.code, 1);
  t.equal(codeOf(outcome), 'bad_handlers');
  t.match(outcome.stderr, /pong\.ts is for no module .* Did you mean "ping\.ts"\?/);
  rmSync(place.path('handlers'), { recursive: true });
  t.match((await place.run(args)).stderr, /handlers cannot be read: there is no such directory/);
  const watching = await place.run(['serve', '--port', '0', '--data', 'data', '--watch']);
  t.match(watching.stderr, /watch is given without handlers/);
});

void t.test(
  'a directory that is empty, vanishes or has a bad link: what runs goes on, and the log says why',
  async t => {
    const directory = place.path('handlers');
    mkdirSync(directory);
    const running = await serve('--handlers', 'handlers', '--watch');
    await running.hasSaid(`code: there are no handlers in ${directory}: nothing of it is in force`);
    place.write('handlers/ping.ts', PING);
    await running.hasSaid('code: loaded ping');
    symlinkSync('nothing.ts', place.path('handlers/ack.ts'));
    await running.hasSaid('ack.ts cannot be read: it is a link that leads nowhere');
    rmSync(directory, { recursive: true });
    await running.hasSaid(`${directory} cannot be read: there is no such directory`);
    t.equal(await ping(), 'current loaded, old built in');
    mkdirSync(directory);
    running.child.kill('SIGHUP');
    await running.hasSaid('code: back to the built-in ping');
    t.equal(await ping(), 'current built in, old loaded');
    const other = await place.run([
      'serve',
      '--port',
      '0',
      '--data',
      'other',
      '--handlers',
      'none',
    ]);
    t.match(other.stderr, /none cannot be read: there is no such directory/);
    symlinkSync('ack.ts', place.path('handlers/ack.ts'));
    const looping = await place.run([
      'serve',
      '--port',
      '0',
      '--data',
      'other',
      '--handlers',
      'handlers',
    ]);
    t.equal(codeOf(looping), 'bad_handlers');
    t.match(looping.stderr, /ack\.ts cannot be read: it is a link that leads back to itself/);
  },
);

void t.test('serve --watch loads what is saved', async () => {
  place.write('handlers/ping.ts', PING);
  const running = await serve('--handlers', 'handlers', '--watch');
  place.write('handlers/ping.ts', 'export default (');
  await running.hasSaid('is no TypeScript');
  place.write('handlers/ping.ts', `${PING}export const saved = 1;\n`);
  await running.hasSaid('code: loaded ping');
});
