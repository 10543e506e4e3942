/** `strowger chaos` as people run it. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { Workplace } from './strowger.ts';

function workplace(t: Test): Workplace {
  const place = new Workplace();
  t.teardown(() => place.end());
  return place;
}

void t.test('what cannot be is told with what can be', async t => {
  const place = workplace(t);
  const refused = async (args: readonly string[], sentence: RegExp): Promise<void> => {
    const { code, stderr } = await place.run(['chaos', ...args]);
    t.equal(code, 2, args.join(' '));
    t.match(stderr, sentence);
  };
  await refused(['--kill', 'mailbox'], /no kind "mailbox"\. Did you mean "mailboxes"\?/);
  await refused(['--kill', 'x,store'], /no kind "x"\. There are sessions, mailboxes, .*, server\./);
  await refused(['--users', '3'], /an even number from 2/);
  await refused(['--every', '99'], /Give 100 or more/);
  await refused(['--seed', '-1'], /whole number below/);
  await refused(['--duration', '0'], /Give seconds/);
  await refused(['--duration', '86401'], /--duration is at most 86400 seconds, a day/);
  await refused(
    ['--report', 'missing/page.html'],
    /--report missing\/page\.html cannot be written/,
  );
  await refused(['--report', '.'], /cannot be written: it is a directory/);
  await refused(['serve'], /unexpected argument 'serve'.*after -- are flags/);
  await refused(['--', '--port', '80'], /--port is the lab's own/);
});

void t.test('a clean run: lines on the way, a verdict, a page, exit code 0', async t => {
  const place = workplace(t);
  const { code, stdout, stderr } = await place.run([
    ...['chaos', '--duration', '3', '--users', '4', '--rate', '40', '--every', '400'],
    ...['--kill', 'sessions,store', '--seed', '5', '--report', 'page.html'],
  ]);
  t.equal(code, 0, stderr);
  t.match(stderr, /^seed 5$/m);
  t.match(stderr, / s {2}(sessions {3}session \d+|store {6}store\.0)$/m);
  t.match(stdout, /seed 5\n\d+ accepted, \d+ delivered, 0 lost, 0 doubled, 0 reordered, 0 without/);
  t.match(stdout, /^0 sockets closed, \d+ restarts?$/m);
  t.match(stdout, /^store +\d+ +\d+ ms +\d+ ms/m);
  t.match(stdout, /The promises held\./);
  t.match(readFileSync(place.path('page.html'), 'utf8'), /The promises held\./);
});

/** Of the messages of pairs every fifth one goes to nobody. */
const LOSING = `import { builtin } from 'strowger/server';
  let count = 0;
  export default function send(state, packet) {
    const lost = packet.to?.kind === 'direct' && ++count % 5 === 0;
    builtin.send(state, lost ? { ...packet, to: { ...packet.to, users: [] } } : packet);
  }`;

void t.test('a server that loses messages: exit code 1, also as JSON', async t => {
  const place = workplace(t);
  mkdirSync(place.path('handlers'));
  writeFileSync(place.path('handlers/send.js'), LOSING);
  const { code, stdout } = await place.run([
    ...[
      'chaos',
      '--duration',
      '2',
      '--users',
      '4',
      '--rate',
      '40',
      '--kill',
      'mailboxes',
      '--json',
    ],
    ...['--drain', '1', '--', '--handlers', place.path('handlers')],
  ]);
  t.equal(code, 1);
  const result = JSON.parse(stdout) as { findings: { lost: number }; complaints: string[] };
  t.match(result, { held: false, findings: { doubled: 0 }, kinds: ['mailboxes'], users: 4 });
  t.ok(result.findings.lost > 0);
  t.match(result.complaints, [/\d+ messages? lost/]);
  t.match(result, { cases: { lost: [{ kind: 'lost', seq: Number }] } });
});

void t.test('Ctrl-C ends it with the verdict so far', async t => {
  const place = workplace(t);
  const running = place.start([
    ...['chaos', '--duration', '600', '--users', '4', '--rate', '20', '--every', '100'],
    ...['--kill', 'sessions'],
  ]);
  await running.hasSaid('sessions');
  running.child.kill('SIGINT');
  const { code, stdout } = await running.ended;
  t.equal(code, 130, 'as a program that SIGINT has ended');
  t.match(stdout, /\(ended early\)[^]*The promises held\./);
});

/** A lab that waits for messages which a handler has lost, for ten minutes. */
async function labThatDrains(t: Test) {
  const place = workplace(t);
  for (const name of ['tmp', 'handlers']) mkdirSync(place.path(name));
  writeFileSync(place.path('handlers/send.js'), LOSING);
  const running = place.start(
    [
      ...['chaos', '--duration', '2', '--users', '4', '--rate', '40', '--kill', 'mailboxes'],
      ...['--drain', '600', '--', '--handlers', place.path('handlers')],
    ],
    { environment: { TMPDIR: place.path('tmp') } },
  );
  await running.hasSaid('draining');
  return { running, left: () => readdirSync(place.path('tmp')) };
}

void t.test('Ctrl-C while it drains: what is under way is neither waited for nor lost', async t => {
  const { running, left } = await labThatDrains(t);
  running.child.kill('SIGINT');
  const { code, stdout } = await running.ended;
  t.equal(code, 130);
  t.match(stdout, /\(ended early\)[^]* 0 doubled, 0 reordered/);
  t.match(stdout, /^Cut short: 0 messages without an answer, [1-9]\d* not delivered and the reco/m);
  t.match(stdout, /^The promises held so far\.$/m);
  t.same(left(), []);
});

void t.test('a second Ctrl-C ends it at once, and nothing is left', async t => {
  const { running, left } = await labThatDrains(t);
  const pressing = setInterval(() => running.child.kill('SIGINT'), 20);
  const { code, stdout } = await running.ended;
  clearInterval(pressing);
  t.equal(code, 130);
  t.equal(stdout, '');
  while (left().length > 0) await pause(10);
});

/** A lab that kills, the address of its server, and what there is in its temporary directory. */
async function labAtWork(t: Test) {
  const place = workplace(t);
  mkdirSync(place.path('tmp'));
  const running = place.start(
    [
      ...['chaos', '--duration', '600', '--users', '4', '--rate', '20', '--every', '100'],
      ...['--kill', 'sessions'],
    ],
    { environment: { TMPDIR: place.path('tmp') } },
  );
  await running.hasSaid('sessions');
  const [directory = ''] = readdirSync(place.path('tmp'));
  const url = readFileSync(place.path(`tmp/${directory}/url`), 'utf8').trim();
  return { running, url, left: () => readdirSync(place.path('tmp')) };
}

void t.test('a closed terminal (SIGHUP) ends it too, and nothing is left of it', async t => {
  const { running, url, left } = await labAtWork(t);
  running.child.kill('SIGHUP');
  const { code, stdout } = await running.ended;
  t.equal(code, 129);
  t.match(stdout, /\(ended early\)/);
  t.same(left(), []);
  await t.rejects(fetch(url), 'the server has gone');
});

void t.test('kill -9 of the lab leaves nothing of it either', async t => {
  const { running, url, left } = await labAtWork(t);
  running.child.kill('SIGKILL');
  await running.ended;
  while (left().length > 0) await pause(10);
  await t.rejects(fetch(url), 'the server has gone');
});

void t.test('Ctrl-C while it starts: at once, and nothing is left', async t => {
  const place = workplace(t);
  mkdirSync(place.path('tmp'));
  const running = place.start(['chaos', '--users', '400', '--kill', 'all'], {
    environment: { TMPDIR: place.path('tmp') },
  });
  await running.hasSaid('registering');
  running.child.kill('SIGINT');
  const { code, stdout } = await running.ended;
  t.equal(code, 130);
  t.match(stdout, /\(ended early\)[^]*Nothing was tested: nothing was killed; no message was acc/);
  t.same(readdirSync(place.path('tmp')), []);
});

void t.test('a report that cannot be written takes no verdict with it', async t => {
  const place = workplace(t);
  const { code, stdout, stderr } = await place.run([
    ...['chaos', '--duration', '1', '--users', '2', '--rate', '20', '--every', '400'],
    ...['--kill', 'mailboxes', '--report', '/dev/full'],
  ]);
  t.equal(code, 1);
  t.match(stdout, /The promises held\./);
  t.match(stderr, /^error report_not_written: \/dev\/full cannot be written: ENOSPC/m);
});

void t.test('nowhere to put a server', async t => {
  const { code, stderr } = await workplace(t).run(['chaos'], {
    environment: { TMPDIR: '/proc' },
  });
  t.equal(code, 1);
  t.match(stderr, /^error server_not_started: no directory can be made there: name .* TMPDIR \(/m);
});

void t.test('nothing was killed: neither held nor broken, exit code 1', async t => {
  const place = workplace(t);
  const { code, stdout } = await place.run([
    ...['chaos', '--duration', '1', '--users', '2', '--rate', '20', '--every', '5000'],
    ...['--kill', 'store', '--json'],
  ]);
  t.equal(code, 1);
  t.match(JSON.parse(stdout), {
    ...{ outcome: 'untested', held: false, complaints: [] },
    ...{ untested: ['nothing was killed'], notKilled: ['store'] },
  });
});
