/**
 * The binary: made once, then used where there is nothing else. It gets no environment, no home, and a working directory
 * that nobody can write.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { codeOf, jsonLines, Workplace, type Running } from '../cli/strowger.ts';

const builder = fileURLToPath(new URL('../../build/binary.js', import.meta.url));
const binary = fileURLToPath(new URL('../../strowger', import.meta.url));
const readOnly = '/proc';

/** Where the binary writes its addons, to see that none is left. */
const temporary = mkdtempSync(join(tmpdir(), 'strowger-binary-'));
const place = new Workplace({
  command: [binary],
  environment: { TMPDIR: temporary },
  cwd: readOnly,
});

t.before(() => {
  execFileSync(process.execPath, [builder], { stdio: 'ignore', timeout: 60_000 });
});
t.teardown(async () => {
  await place.end();
  rmSync(temporary, { recursive: true });
});

const data = place.path('data');
const home = (user: string): string[] => ['--home', place.path(user)];

async function serve(...args: readonly string[]): Promise<{ server: Running; url: string }> {
  const server = place.start(['serve', '--port', '0', '--data', data, ...args]);
  const [line = ''] = await server.hasPrinted(1);
  return { server, url: /^ready (\S+)$/.exec(line)?.[1] ?? line };
}

void t.test('the observer’s page is inside', async t => {
  const { server, url } = await serve();
  const page = await fetch(`${url}/observer`);
  t.equal(page.status, 200, await page.clone().text());
  t.equal(page.headers.get('content-type'), 'text/html; charset=utf-8');
  const [script = ''] = /\/observer\/assets\/[^"]+\.js/.exec(await page.text()) ?? [];
  const asset = await fetch(`${url}${script}`);
  t.equal(asset.status, 200, script);
  t.equal(asset.headers.get('content-type'), 'text/javascript; charset=utf-8');
  t.equal((await fetch(`${url}/observer/assets/nothing.js`)).status, 404);
  const { stdout, code } = await place.run(['observe', '--once', '--data', data]);
  t.equal(code, 0);
  t.match(stdout, 'most time');
  server.child.kill('SIGTERM');
  t.equal((await server.ended).code, 0);
});

void t.test('the same version, usage and exit codes as the command', async t => {
  const command = new Workplace();
  t.teardown(() => command.end());
  for (const args of [['--version'], ['--help'], ['serve', '--help'], ['lisen'], ['whoami']]) {
    const [inside, beside] = await Promise.all([place.run(args), command.run(args)]);
    t.equal(inside.code, beside.code, args.join(' '));
    t.equal(inside.stdout, beside.stdout, args.join(' '));
  }
  const outcome = await place.run(['serve', '--data', place.path('new'), '--host', '192.0.2.1']);
  t.equal(outcome.code, 1);
  t.equal(codeOf(outcome), 'bad_host', outcome.stderr);
});

void t.test('a server, and clients that talk through it', async t => {
  const { server, url } = await serve();
  for (const handle of ['alice', 'bob']) {
    const args = ['register', '--server', url, '--handle', handle, ...home(handle)];
    const registered = await place.run(args);
    t.equal(registered.code, 0, registered.stderr);
  }
  const input = 'from a pipe\n';
  const sent = await place.run(['send', ...home('alice'), '--to', 'bob'], { input });
  t.equal(sent.code, 0, sent.stderr);
  const heard = await place.run(['listen', ...home('bob'), '--json', '--count', '1']);
  t.equal(heard.code, 0, heard.stderr);
  t.match(jsonLines(heard.stdout), [{ kind: 'message', from: 'alice', body: input }]);
  const copy = await place.run(['backup', '--data', data]);
  t.equal(copy.code, 0, copy.stderr);
  t.strictSame(readdirSync(temporary), [], 'no addon is left');
  server.child.kill('SIGTERM');
  t.equal((await server.ended).code, 0);

  // The copy is looked through in a thread of its own, which needs the database's addon too.
  const from = String(jsonLines(copy.stdout)[0]?.['directory']);
  const restored = await place.run(['restore', '--data', data, '--from', from]);
  t.equal(restored.code, 0, restored.stderr);
  t.type(jsonLines(restored.stdout)[0]?.['era'], 'number');
});

void t.test('a running server is upgraded by another binary, under open connections', async t => {
  const { server, url } = await serve();
  for (const handle of ['carol', 'dave'])
    await place.run(['register', '--server', url, '--handle', handle, ...home(handle)]);
  const listening = place.start(['listen', ...home('carol'), '--json', '--count', '1']);
  await listening.hasSaid('Listening.');
  const upgraded = await place.run(['upgrade', '--data', data]);
  t.equal(upgraded.code, 0, upgraded.stderr);
  t.equal(readdirSync(join(data, 'programs')).length, 1);
  const sender = await place.run(['send', ...home('dave'), '--to', 'carol', '--body', 'after it']);
  t.equal(sender.code, 0, sender.stderr);
  const { stdout, stderr } = await listening.ended;
  t.match(jsonLines(stdout), [{ body: 'after it' }]);
  t.notMatch(stderr, 'Trying again', 'the connection stayed');
  server.child.kill('SIGTERM');
  t.equal((await server.ended).code, 0);
});

void t.test('another thread and another process run what they run without the binary', async t => {
  // The raw relay is the bench's baseline: a program of its own.
  const relay = place.start(['strowger:bench/raw-relay.js']);
  const [line = ''] = await relay.hasPrinted(1);
  t.match(line, /^ready /);
  relay.child.kill('SIGTERM');
  await relay.ended;
});

void t.test('the chaos lab starts its server from the binary', async t => {
  const { code, stdout, stderr } = await place.run([
    ...['chaos', '--duration', '2', '--users', '4', '--rate', '20', '--every', '500'],
    ...['--kill', 'store,server'],
  ]);
  t.equal(code, 0, stderr);
  t.match(stdout, 'The promises held.');
  t.strictSame(readdirSync(temporary), [], 'nothing is left');
});

void t.test('kill -9 of the chaos lab leaves neither its server nor a file', async t => {
  const lab = place.start(['chaos', '--duration', '600', '--users', '4', '--kill', 'sessions']);
  await lab.hasSaid('sessions');
  const [directory = ''] = readdirSync(temporary).filter(name => name.startsWith('strowger-lab'));
  const url = readFileSync(join(temporary, directory, 'url'), 'utf8').trim();
  lab.child.kill('SIGKILL');
  await lab.ended;
  while (readdirSync(temporary).length > 0) await pause(10);
  await t.rejects(fetch(url), 'the server has gone');
});

void t.test('the addons go where something may be run, or a sentence says what to do', async t => {
  const { server } = await serve();
  server.child.kill('SIGINT');
  t.equal((await server.ended).code, 0);
  const elsewhere = place.start(['serve', '--port', '0', '--data', data], {
    environment: { TMPDIR: readOnly },
  });
  t.match(await elsewhere.hasPrinted(1), [/^ready /], 'memory is the next place');
});

void t.test('ready with less processor time than from the sources', async t => {
  // How long that is by the clock depends on the machine and on what else runs there: the README tells what was measured.
  const command = new Workplace();
  t.teardown(() => command.end());
  const start = async (where: Workplace, name: string): Promise<number> => {
    const directory = where.path(name);
    mkdirSync(directory);
    const server = where.start(['serve', '--port', '0', '--data', directory]);
    await server.hasPrinted(1);
    const took = processorMs(server.child.pid ?? 0);
    server.child.kill('SIGKILL');
    await server.ended;
    return took;
  };
  const inside: number[] = [];
  const beside: number[] = [];
  for (let i = 0; i < 3; i++) {
    inside.push(await start(place, `fresh-${i}`));
    beside.push(await start(command, `fresh-${i}`));
  }
  t.ok(
    Math.min(...inside) <= 0.75 * Math.min(...beside),
    `${inside.join(', ')} ms; from the sources ${beside.join(', ')} ms`,
  );
});

/** What a process has used, in all its threads (proc(5): utime and stime, in hundredths of a second). */
function processorMs(pid: number): number {
  const [, fields = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ');
  const [utime, stime] = fields.split(' ').slice(11, 13);
  return 10 * (Number(utime) + Number(stime));
}
