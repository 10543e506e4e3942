import { EventEmitter } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import picocolors from 'picocolors';
import t from 'tap';
import type { Glance } from '../../cli/observe/look.ts';
import { screen } from '../../cli/observe/screen.ts';
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

  writeFileSync(place.path('wrong'), `${'x'.repeat(43)}\n`);
  const wrong = await place.run(['observe', '--once', '--token-file', 'wrong']);
  t.equal(wrong.code, 1);
  t.equal(codeOf(wrong), 'not_authorised', wrong.stderr);
});

void t.test('what is in the way is a sentence', async t => {
  const nothing = await place.run(['observe', '--data', 'nowhere']);
  t.equal(codeOf(nothing), 'no_admin_token');
  const off = ['--isolates', '0', '--observer', 'false'];
  const running = place.start(['serve', '--data', 'closed', '--port', '0', ...off]);
  await running.hasPrinted(1);
  const closed = await place.run(['observe', '--data', 'closed']);
  t.equal(codeOf(closed), 'no_observer', closed.stderr);
  t.match(closed.stderr, '--observer');
  running.child.kill('SIGTERM');
  const { stdout } = await running.ended;
  const server = stdout.slice('ready '.length).trim();
  const away = await place.run(['observe', '--data', 'closed', '--server', server]);
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
      ...{ process: null, supervisor: null, child: null, reason: 'boom', stack: null },
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
  const narrow = screen(glance, { styles: picocolors.createColors(true), columns: 20 });
  for (const line of narrow.split('\n')) {
    t.ok(line.replaceAll(/\u001b\[\d+m/g, '').length <= 20, line);
  }
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
