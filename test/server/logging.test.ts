import { Writable } from 'node:stream';
import t from 'tap';
import type { LogEvent, LogLevel, Pid } from '../../actors/index.ts';
import { loggable } from '../../server/loggable.ts';
import { createLogger, logError, logSink } from '../../server/logging.ts';
import { countRestarts } from '../../server/metrics/count-restarts.ts';
import { createMetrics } from '../../server/metrics/metrics.ts';

function setup(level: LogLevel) {
  const lines: Record<string, unknown>[] = [];
  const destination = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(JSON.parse(chunk.toString()) as Record<string, unknown>);
      done();
    },
  });
  return { lines, logger: createLogger({ level, destination }) };
}

const event = (level: LogLevel, report: LogEvent['report']): LogEvent => ({
  level,
  report,
  pid: 1024 as Pid,
  at: 0,
});

const crash = (error: unknown): LogEvent['report'] => ({
  kind: 'crash',
  initialCall: 'session',
  pid: 1024 as Pid,
  registeredName: undefined,
  error,
  ancestors: ['sessions'],
  messageQueueLen: 3,
  links: [],
  trapExit: false,
  status: 'running',
  handled: 7,
  behaviour: { behaviour: 'gen_server', lastMessage: { kind: 'frame', data: Buffer.from('body') } },
});

void t.test('a report that is not written is not gone through', async t => {
  const { lines, logger } = setup('warning');
  const report = {
    kind: 'message',
    text: 'nobody reads this',
    get costly(): string {
      throw new Error('it was read');
    },
  } as const;
  logSink(logger)(event('info', report));
  t.same(lines, []);
  t.throws(() => logSink(logger)(event('warning', report)), /it was read/);
});

void t.test('reports become lines with OTP’s fields', async t => {
  const { lines, logger } = setup('info');
  const sink = logSink(logger);
  sink(event('error', crash('poison')));
  sink(event('notice', { kind: 'message', text: 'something happened', count: 3 }));
  sink(event('debug', { kind: 'message', text: 'not written' }));
  t.match(lines, [
    {
      level: 'error',
      time: /^\d{4}-\d\d-\d\dT/,
      report: 'crash',
      about: 1024,
      initialCall: 'session',
      error: 'poison',
      messageQueueLen: 3,
      behaviour: { behaviour: 'gen_server', lastMessage: '<frame>' },
      msg: 'session crashed',
    },
    { level: 'notice', count: 3, msg: 'something happened' },
  ]);
  t.equal(lines.length, 2);
});

void t.test('no content of a message and no key gets into a line', async t => {
  const { lines, logger } = setup('debug');
  const sink = logSink(logger);
  const secret = { kind: 'send', body: 'SECRET', key: Buffer.from('SECRET') };
  const reasons = [
    ['timeout', ['call', 'store', secret]],
    { reason: secret, stack: 'at …' },
    ['bad_return_value', { SECRET: 'SECRET' }],
    [secret, [[[['SECRET']]]]],
    new Map([['SECRET', 'SECRET']]),
    Object.assign(new Error('wrong'), { packet: secret }),
    new TextEncoder().encode('SECRET'),
  ];
  for (const reason of reasons) {
    sink(event('error', crash(reason)));
    sink(event('warning', { kind: 'message', text: 'a text', detail: reason }));
    logError(logger, reason, 'somewhere');
  }
  t.equal(lines.length, reasons.length * 3);
  t.notMatch(JSON.stringify(lines), /SECRET/);
});

void t.test('what a value may tell', async t => {
  t.same(loggable(['noproc', 3, true, null, undefined, 10n, Symbol('s'), () => 0]), [
    'noproc',
    3,
    true,
    null,
    undefined,
    '<bigint>',
    '<symbol>',
    '<function>',
  ]);
  t.equal((loggable('x'.repeat(5000)) as string).length, 1001);
  t.equal((loggable(new Array(1000).fill(0)) as unknown[]).length, 16);
  t.equal(loggable(new ArrayBuffer(7)), '<7 bytes>');
  const cause = Object.assign(new Error('inner'), { code: 'ENOSPC' });
  t.match(loggable(new TypeError('outer', { cause })), {
    name: 'TypeError',
    message: 'outer',
    stack: /outer/,
    cause: { name: 'Error', message: 'inner', code: 'ENOSPC' },
  });
  const circle: { cause?: unknown } & Error = new Error('circle');
  circle.cause = circle;
  t.match(loggable(circle), { message: 'circle', cause: { message: 'circle' } });
});

void t.test('restarts are counted on their way', async t => {
  const metrics = createMetrics();
  const passed: LogEvent[] = [];
  const sink = countRestarts(metrics.server, got => passed.push(got));
  const report = (supervisor: string | Pid, errorContext: 'child_terminated' | 'shutdown') =>
    event('error', {
      kind: 'supervisor',
      supervisor,
      errorContext,
      reason: 'killed',
      offender: {
        pid: 2048 as Pid,
        id: 'x',
        restartType: 'permanent',
        shutdown: 5000,
        childType: 'worker',
        significant: false,
      },
    });
  sink(report('sessions', 'child_terminated'));
  sink(report('sessions', 'shutdown'));
  sink(report(4096 as Pid, 'child_terminated'));
  t.equal(passed.length, 3);
  const { text } = await metrics.print();
  t.match(text, /strowger_restarts_total\{supervisor="sessions"\} 1/);
  t.match(text, /strowger_restarts_total\{supervisor="unnamed"\} 1/);
});
