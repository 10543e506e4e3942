import t from 'tap';
import type { LogEvent, LogLevel, Pid, Report } from '../../../actors/index.ts';
import type { NewEvent } from '../../../server/observer/protocol.ts';
import { ReportWatch } from '../../../server/observer/report-watch.ts';

function setup() {
  const told: NewEvent[] = [];
  const clock = { now: 1_000_000 };
  const watch = new ReportWatch(
    event => told.push(event),
    () => clock.now,
  );
  const logged: LogEvent[] = [];
  const sink = watch.sink(event => logged.push(event));
  const report = (report: Report, level: LogLevel = 'error', pid?: Pid): void =>
    sink({ level, report, pid, at: clock.now });
  return { told, clock, watch, logged, report };
}

const pid = 5_120 as Pid;
const offender = (id: string, of: Pid, restartType = 'transient') => ({
  ...{ id, pid: of, restartType, shutdown: 5_000, childType: 'worker', significant: false },
});
const ended = (id: string, of: Pid, reason: unknown = 'killed', restartType?: string): Report => ({
  kind: 'supervisor',
  supervisor: 'mailboxes.3',
  errorContext: 'child_terminated',
  reason,
  offender: offender(id, of, restartType),
});
const started = (id: string, of: Pid): Report => ({
  kind: 'progress',
  supervisor: 'mailboxes.3',
  started: offender(id, of),
});

void t.test('a crash: who, why, where; and the log has it, too', async t => {
  const { told, logged, report } = setup();
  report({
    ...{ kind: 'crash', initialCall: 'mailbox', pid, registeredName: 'mailbox.alice' },
    error: { reason: new RangeError('too far'), stack: 'RangeError: too far\n    at box.ts:7' },
    ...{ ancestors: [], messageQueueLen: 0, links: [], trapExit: false, status: 'running' },
    ...{ handled: 1, behaviour: {} },
  });
  t.match(told, [
    {
      kind: 'crash',
      text: 'mailbox.alice crashed: RangeError: too far',
      process: { pid, name: 'mailbox.alice', label: 'mailbox' },
      reason: 'RangeError: too far',
      stack: /box\.ts:7/,
    },
  ]);
  t.equal(logged.length, 1);
});

void t.test('a child that ends and is there again, with the name that it had', async t => {
  const { told, watch, report } = setup();
  report(started('dynamic', pid), 'info');
  t.same(told, [], 'a start is nothing to tell of');
  watch.noteCalled(pid, { name: 'mailbox.alice', label: 'mailbox' });
  report(ended('dynamic', pid));
  report(started('dynamic', 6_144 as Pid), 'info');
  report(started('dynamic', 7_168 as Pid), 'info');
  t.match(told, [
    { kind: 'child_terminated', text: 'mailbox.alice ended: killed', supervisor: 'mailboxes.3' },
    { kind: 'restarted', process: { pid: 6_144 }, reason: 'killed', child: 'dynamic' },
  ]);
  t.equal(told.length, 2, 'the second start is that of another one');
  t.equal(watch.restarts, 1);
});

void t.test('a temporary child does not come back; a supervisor that gives up', async t => {
  const { told, report } = setup();
  report(ended('task', pid, 'boom', 'temporary'));
  report(started('task', 6_144 as Pid), 'info');
  report({
    ...{ kind: 'supervisor', supervisor: 9_216 as Pid, errorContext: 'shutdown' },
    ...{ reason: 'reached_max_restart_intensity', offender: offender('x', pid) },
  });
  t.match(
    told.map(({ kind }) => kind),
    ['child_terminated', 'gave_up'],
  );
  t.match(told[1], { supervisor: { pid: 9_216 }, reason: 'reached_max_restart_intensity' });
});

void t.test('warnings are told, notices are not', async t => {
  const { told, report } = setup();
  report({ kind: 'message', text: 'nothing to worry about' }, 'notice');
  report({ kind: 'message', text: 'a long turn' }, 'warning', pid);
  t.match(told, [{ kind: 'warning', text: 'a long turn', process: { pid } }]);
});

void t.test('of a storm some are told, and how many were not', async t => {
  const { told, clock, watch, logged, report } = setup();
  for (let i = 0; i < 1_000; i += 1) report({ kind: 'message', text: `w${i}` }, 'warning');
  t.equal(told.length, 200);
  t.equal(logged.length, 1_000, 'the log has all of them');
  watch.settle();
  t.equal(told.length, 200, 'the second is not over');
  clock.now += 1_000;
  watch.settle();
  t.match(told.at(-1), { kind: 'skipped', text: '800 more at that time' });
  watch.settle();
  t.equal(told.length, 201);
  report({ kind: 'message', text: 'later' }, 'warning');
  t.match(told.at(-1), { text: 'later' });
});

void t.test(
  'dynamic children, of which no progress is reported: each with whom it replaces',
  async t => {
    const { told, watch, report } = setup();
    const [other, next, nextOther] = [6_144 as Pid, 7_168 as Pid, 8_192 as Pid];
    const restarted = (predecessor: Pid, now: Pid): void =>
      watch.restartedDynamically({
        supervisor: 'mailboxes.3',
        id: 'dynamic',
        predecessor,
        pid: now,
      });
    watch.noteCalled(pid, { name: undefined, label: 'session' });
    report(ended('dynamic', pid));
    report(ended('dynamic', other));
    restarted(other, nextOther);
    restarted(pid, next);
    restarted(pid, next);
    t.match(told, [
      {
        kind: 'child_terminated',
        text: `session ${pid} ended: killed`,
        process: { label: 'session' },
      },
      { kind: 'child_terminated', text: `process ${other} ended: killed` },
      { kind: 'restarted', predecessor: other, process: { pid: nextOther } },
      { kind: 'restarted', predecessor: pid, process: { pid: next }, reason: 'killed' },
    ]);
    t.equal(told.length, 4, 'told once');
  },
);

void t.test('who comes up long after is another one', async t => {
  const { told, clock, watch, report } = setup();
  report(ended('store.0', pid));
  clock.now += 30_000;
  report(ended('store.1', 6_144 as Pid));
  clock.now += 30_001;
  watch.settle();
  report(started('store.0', 7_168 as Pid), 'info');
  t.equal(told.length, 2);
  report(started('store.1', 8_192 as Pid), 'info');
  t.match(told[2], { kind: 'restarted', child: 'store.1' });
});
