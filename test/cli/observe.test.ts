import { EventEmitter } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import picocolors from 'picocolors';
import t from 'tap';
import type { Glance } from '../../cli/observe/look.ts';
import { screen, screenWith, terminalSize } from '../../cli/observe/screen.ts';
import { untilQuit, watch } from '../../cli/observe/watch.ts';
import type { IsolateSummary, Sample } from '../../protocol/observer.ts';
import { codeOf, jsonLines, Workplace } from './strowger.ts';

const place = new Workplace();
t.teardown(() => place.end());

void t.test('one look at a server', async t => {
  const running = place.start(['serve', '--data', 'data', '--port', '0', '--isolates', '1']);
  const [line = ''] = await running.hasPrinted(1);
  const url = line.slice('ready '.length);

  const shown = await place.run(['observe', '--once']);
  t.equal(shown.code, 0, shown.stderr);
  t.match(shown.stdout, /^strowger \d+\.\d+\.\d+ {3}up \d+ s/);
  t.match(shown.stdout, /most time +isolate +queue/);
  t.match(shown.stdout, /\ngateway +0 /);
  t.notMatch(shown.stdout, '\u001b', 'no colours where no terminal is');

  const piped = await place.run(['observe']);
  t.equal(piped.code, 0, 'without a terminal it is once, too');

  const json = await place.run(['observe', '--json', '--data', place.path('data')]);
  t.equal(json.code, 0);
  const [glance, ...more] = jsonLines(json.stdout);
  t.same(more, []);
  t.match(glance, { system: { node: process.version }, byTime: [{ callbacks: Number }] });

  const token = readFileSync(place.path('data/admin-token'), 'utf8').trim();
  const link = await place.run(['observe', '--url']);
  t.equal(link.stdout, `${url}/observer#token=${token}\n`);
  t.notMatch(line, token, 'what `serve` prints may be in a log');

  const { port } = new URL(url);
  const same = await place.run(['observe', '--url', '--server', `http://localhost:${port}`]);
  t.equal(same.stdout, `http://localhost:${port}/observer#token=${token}\n`);
  for (const command of [['observe', '--url'], ['backup'], ['code', 'list'], ['invite']]) {
    const stranger = await place.run([...command, '--server', 'http://127.0.0.1:9']);
    t.equal(stranger.code, 1);
    t.match(stranger.stderr, /The admin token in .*data is not shown to http:\/\/127\.0\.0\.1:9/);
    t.notMatch(stranger.stdout, token);
  }

  const nowhere = await fetch(`${url}/observer/api/nothing`);
  t.equal(nowhere.status, 404);
  t.match(((await nowhere.json()) as { message: string }).message, 'docs/observer.md');

  writeFileSync(place.path('wrong'), `${'x'.repeat(43)}\n`);
  const wrong = await place.run(['observe', '--once', '--token-file', 'wrong']);
  t.equal(wrong.code, 1);
  t.equal(codeOf(wrong), 'not_authorised', wrong.stderr);
});

void t.test('what is in the way is a sentence', async t => {
  const nothing = await place.run(['observe', '--data', 'nowhere']);
  t.equal(codeOf(nothing), 'no_admin_token');
  t.match(nothing.stderr, place.path('nowhere/admin-token'), 'where it was looked for');
  const off = ['--isolates', '0', '--observer', 'false'];
  const running = place.start(['serve', '--data', 'closed', '--port', '0', ...off]);
  await running.hasPrinted(1);
  const closed = await place.run(['observe', '--data', 'closed']);
  t.equal(codeOf(closed), 'no_observer', closed.stderr);
  t.match(closed.stderr, '--observer');
  running.child.kill('SIGTERM');
  const { stdout } = await running.ended;
  const server = stdout.slice('ready '.length).trim();
  const stranger = await place.run(['observe', '--url', '--data', 'closed', '--server', server]);
  t.equal(codeOf(stranger), 'no_admin_token', 'nothing tells that it is this directory’s server');
  const token = ['--token-file', 'closed/admin-token'];
  const away = await place.run(['observe', '--data', 'closed', '--server', server, ...token]);
  t.equal(codeOf(away), 'unreachable', away.stderr);
  t.equal(away.code, 1);
});

void t.test('--observer needs no value', async t => {
  const flags = ['--host', '0.0.0.0', '--isolates', '0', '--observer'];
  const running = place.start(['serve', '--data', 'open', '--port', '0', ...flags]);
  const [line = ''] = await running.hasPrinted(1);
  const url = line.slice('ready '.length).replace('0.0.0.0', '127.0.0.1');
  t.equal((await fetch(`${url}/observer/api/system`)).status, 401);
  t.match((await place.run(['serve', '--observer', 'perhaps'])).stderr, 'true or false');
});

const sample: Sample = {
  ...{ at: 0, tookMs: 1_000, processes: 12_345, heapBytes: 2 ** 24, externalBytes: 0 },
  ...{ lagMs: { p50: 0, p99: 1.25, max: 250 }, busy: 0.5, messages: 1_000_000 },
  ...{ accepted: 10, pushed: 20, sessions: 3, restarts: 7 },
};
const isolate = (number: number, more: Partial<IsolateSummary> = {}): IsolateSummary => ({
  ...{ isolate: number, role: 'shards', startedAt: 0, answers: true, last: sample },
  ...more,
});
const glance: Glance = {
  system: {
    ...{ now: 90_061_000, startedAt: 0, version: '1.2.3', node: 'v20', platform: 'linux' },
    ...{ processors: 2, residentBytes: 2 ** 27, shards: 2, lastEvent: 1 },
    isolates: [isolate(1), isolate(2, { answers: false })],
  },
  processes: 24_690,
  byQueue: [
    {
      ...{ pid: 5_000, isolate: 1, name: 'mailbox.alice', label: 'mailbox', status: 'idle' },
      ...{ queue: 1_234, callbacks: 5, micros: 1_500_000 },
    },
  ],
  byTime: [],
  events: [
    {
      ...{ n: 1, at: 3_723_000, isolate: 1, kind: 'crash', text: 'mailbox.alice crashed: boom' },
      ...{
        process: null,
        supervisor: null,
        child: null,
        predecessor: null,
        reason: 'boom',
        stack: null,
      },
    },
  ],
  unanswered: [2],
};

void t.test('the screen', async t => {
  const plain = screen(glance, { styles: picocolors.createColors(false) });
  t.match(plain, 'up 1 d 1 h');
  t.match(plain, /20 accepted\/s {3}40 pushed\/s {3}silent: isolate 2/);
  t.match(plain, /1 shards +50 % +1\.3 ms +250\.0 ms +16 MiB +12,345 +1,000,000 +10 +7/);
  t.match(plain, /2 silent/);
  t.match(plain, /mailbox\.alice +1 +1,234 +5 +1\.500 s/);
  t.match(plain, /01:02:03 {2}crash +mailbox\.alice crashed: boom \(isolate 1\)/);
  const narrow = screen(glance, {
    styles: picocolors.createColors(true),
    size: { rows: 99, columns: 20 },
  });
  for (const line of narrow.split('\n')) {
    t.ok(line.replaceAll(/\u001b\[\d+m/g, '').length <= 20, line);
  }
});

void t.test('the screen fits the terminal: its top stays, what is lowest goes', async t => {
  const styles = picocolors.createColors(false);
  const [row] = glance.byQueue;
  const [event] = glance.events;
  if (row === undefined || event === undefined) throw new Error('expected a row and an event');
  const long = { ...row, name: `mailbox.${'long'.repeat(20)}` };
  const full: Glance = {
    ...glance,
    byQueue: Array.from({ length: 8 }, () => long),
    byTime: Array.from({ length: 8 }, () => row),
    events: Array.from({ length: 8 }, (_, n) => ({ ...event, text: `boom ${n}` })),
  };
  for (const rows of [23, 10, 3]) {
    const shown = screen(full, { styles, size: { rows, columns: 80 } });
    const lines = shown.split('\n');
    t.equal(lines.length, rows);
    t.ok(
      lines.every(line => line.length <= 80),
      shown,
    );
    t.match(lines[0], /^strowger/);
  }
  const shown = screen(full, { styles, size: { rows: 23, columns: 80 } });
  t.match(shown, /^isolate .* restarts$/m);
  t.match(shown, /^1 shards .* 7$/m, 'the last column is whole');
  t.match(shown, /^longest queues .* time\nmailbox\.long.*… .*1\.500 s$/m);
  t.match(shown, /^most time .* time\n/m);
  t.match(shown, /boom 7/, 'the newest event');
  const failed = screenWith(shown, 'away', { rows: 23, columns: 80 }).split('\n');
  t.equal(failed.length, 23);
  t.same(failed.slice(-2), ['', 'away']);
  t.same(terminalSize({ rows: 0, columns: 0 }), { rows: 24, columns: 80 }, 'it does not know');
  t.same(terminalSize({ rows: 50, columns: 200 }), { rows: 50, columns: 200 });
});

void t.test(
  'it looks again and again, also when the server is away, until it is enough',
  async t => {
    const controller = new AbortController();
    const told: string[] = [];
    let looks = 0;
    await watch({
      look: async () => {
        looks += 1;
        if (looks === 2) throw new Error('away');
        return looks;
      },
      show: seen => {
        told.push(`saw ${seen}`);
        if (seen === 3) controller.abort();
      },
      isPassing: error => (error as Error).message === 'away',
      showFailure: error => told.push((error as Error).message),
      everyMs: 1,
      enough: controller.signal,
    });
    t.same(told, ['saw 1', 'away', 'saw 3']);
    const failing = watch({
      look: async () => {
        throw new Error('a defect');
      },
      show: () => undefined,
      isPassing: () => false,
      showFailure: () => undefined,
      everyMs: 1,
      enough: new AbortController().signal,
    });
    await t.rejects(failing, /a defect/);
  },
);

void t.test('q, Ctrl-C and SIGTERM end it, and the terminal is as before', async t => {
  for (const end of ['q', '\u0003', 'SIGINT', 'SIGTERM']) {
    const modes: (boolean | 'paused')[] = [];
    const input = Object.assign(new EventEmitter(), {
      isTTY: true,
      setRawMode: (on: boolean) => modes.push(on),
      pause: () => modes.push('paused'),
    });
    const signals = new EventEmitter();
    const enough = untilQuit(input as unknown as NodeJS.ReadStream, signals as never);
    input.emit('data', Buffer.from('x'));
    t.notOk(enough.aborted);
    if (end.startsWith('SIG')) signals.emit(end);
    else input.emit('data', Buffer.from(end));
    t.ok(enough.aborted, JSON.stringify(end));
    t.same(modes, [true, false, 'paused']);
  }
});
