/** Of one death the server tells several times; the time line has one line, with what came of it. */
import t from 'tap';
import type { ObservedEvent, ProcessRef } from '../../../protocol/observer.ts';
import { foldTimeline, isMoreThanWarning } from '../../../web/model/timeline.ts';

let n = 0;

const tell = (kind: ObservedEvent['kind'], told: Partial<ObservedEvent> = {}): ObservedEvent => {
  n += 1;
  const empty = {
    ...{ process: null, supervisor: null, child: null, predecessor: null, reason: null },
    stack: null,
  };
  return { n, at: n * 10, isolate: 1, kind, text: `event ${n}`, ...empty, ...told };
};

const ref = (pid: number, name: string | null = null, label: string | null = null): ProcessRef => ({
  pid,
  isolate: 1,
  name,
  label,
});

const supervisor = ref(2_049, 'mailboxes');
const alice = { process: ref(5_121, 'mailbox.alice', 'mailbox'), supervisor };
const nextAlice = { process: ref(9_217, 'mailbox.alice', 'mailbox'), supervisor };

t.beforeEach(() => {
  n = 0;
});

void t.test('crash, report and restart are one line', async t => {
  const told = [
    tell('crash', { process: alice.process, reason: 'TypeError: x', stack: 'at x' }),
    tell('child_terminated', alice),
    tell('restarted', nextAlice),
  ];
  const [incident, ...others] = foldTimeline(told);
  t.same(others, []);
  t.equal(incident?.kind, 'crash');
  t.equal(incident?.reason, 'TypeError: x');
  t.equal(incident?.stack, 'at x');
  t.same(incident?.supervisor, supervisor);
  t.same(incident?.outcome, { kind: 'restarted', afterMs: 20, process: nextAlice.process });
  t.same(
    incident?.events.map(event => event.n),
    [1, 2, 3],
  );
});

void t.test('a killed process has no crash report: its supervisor tells alone', async t => {
  const told = [
    tell('child_terminated', { ...alice, reason: 'killed' }),
    tell('restarted', nextAlice),
  ];
  const [incident, ...others] = foldTimeline(told);
  t.same(others, []);
  t.equal(incident?.kind, 'child_terminated');
  t.equal(incident?.outcome.kind, 'restarted');
});

void t.test(
  'the next death of the same child is another line, and the newest comes first',
  async t => {
    const told = [
      tell('child_terminated', alice),
      tell('restarted', nextAlice),
      tell('child_terminated', nextAlice),
      tell('restarted', { ...nextAlice, process: ref(10_241, 'mailbox.alice', 'mailbox') }),
    ];
    const incidents = foldTimeline(told);
    t.same(
      incidents.map(incident => [incident.n, incident.outcome.kind]),
      [
        [3, 'restarted'],
        [1, 'restarted'],
      ],
    );
  },
);

void t.test(
  'children with ids are told apart by them, whatever their processes are called',
  async t => {
    const a = { supervisor, child: 'a', process: ref(5_121, null, 'worker') };
    const b = { supervisor, child: 'b', process: ref(6_145, null, 'worker') };
    const told = [
      tell('child_terminated', a),
      tell('child_terminated', b),
      tell('restarted', { ...b, process: ref(7_169, null, 'worker') }),
    ];
    t.same(
      foldTimeline(told).map(incident => [incident.n, incident.outcome.kind]),
      [
        [2, 'restarted'],
        [1, 'none'],
      ],
    );
  },
);

void t.test('dynamic children are told apart by name: their id is one for all', async t => {
  const bob = { supervisor, child: 'dynamic', process: ref(6_145, 'mailbox.bob') };
  const told = [
    tell('child_terminated', { ...alice, child: 'dynamic' }),
    tell('child_terminated', bob),
    tell('restarted', { ...bob, process: ref(7_169, 'mailbox.bob') }),
  ];
  t.same(
    foldTimeline(told).map(incident => [incident.n, incident.outcome.kind]),
    [
      [2, 'restarted'],
      [1, 'none'],
    ],
  );
});

void t.test(
  'children without id and name: the first that died is the first that is up',
  async t => {
    const told = [
      tell('child_terminated', { supervisor, process: ref(5_121, null, 'session') }),
      tell('child_terminated', { supervisor, process: ref(6_145, null, 'session') }),
      tell('restarted', { supervisor, process: ref(7_169, null, 'session') }),
    ];
    const first = foldTimeline(told).find(incident => incident.n === 1);
    t.equal(first?.outcome.kind, 'restarted');
  },
);

void t.test('who says whom it replaces belongs to that one, and says what that was', async t => {
  const told = [
    tell('child_terminated', { supervisor, child: 'dynamic', process: ref(5_121) }),
    tell('child_terminated', { supervisor, child: 'dynamic', process: ref(6_145) }),
    tell('restarted', {
      ...{ supervisor, child: 'dynamic', predecessor: 6_145 },
      process: ref(7_169, null, 'session'),
    }),
  ];
  const [second, first] = foldTimeline(told);
  t.match(second, {
    n: 2,
    outcome: { kind: 'restarted' },
    process: { pid: 6_145, label: 'session' },
  });
  t.match(first, { n: 1, outcome: { kind: 'none' } });
  const stranger = tell('restarted', { supervisor, child: 'dynamic', predecessor: 9_217 });
  t.equal(foldTimeline([...told, stranger]).length, 3, 'of whom nothing was told: by itself');
});

void t.test('retries that fail, then one that does not; or the supervisor gives up', async t => {
  const store = { supervisor: 'stores', child: 'store.0', process: ref(5_121, 'store.0') };
  const failing = [tell('child_terminated', store), tell('start_error', store)];
  t.same(foldTimeline(failing)[0]?.outcome, { kind: 'failed' });
  const mended = [...failing, tell('start_error', store), tell('restarted', store)];
  t.equal(foldTimeline(mended).length, 1);
  t.equal(foldTimeline(mended)[0]?.outcome.kind, 'restarted');
  const given = [...failing, tell('gave_up', store)];
  t.same(foldTimeline(given)[0]?.outcome, { kind: 'gave_up' });
});

void t.test('what was told late, from another thread, stands where it happened', async t => {
  const told = [
    tell('child_terminated', { ...alice, at: 500 }),
    tell('action', { at: 499 }),
    tell('crash', { at: 499 }),
  ];
  t.same(
    foldTimeline(told).map(incident => incident.n),
    [1, 3, 2],
  );
});

void t.test('a restart long after is told by itself', async t => {
  const told = [
    tell('child_terminated', { ...alice, at: 0 }),
    tell('restarted', { ...nextAlice, at: 60_000 }),
  ];
  t.same(
    foldTimeline(told).map(({ kind }) => kind),
    ['restarted', 'child_terminated'],
  );
});

void t.test('whatever belongs to nothing stands alone', async t => {
  const told = [
    tell('crash', { process: null }),
    tell('isolate_down'),
    tell('isolate_up'),
    tell('warning'),
    tell('action'),
    tell('skipped'),
    tell('shutdown_error', { supervisor, child: 'a' }),
    tell('restarted', { supervisor, child: 'never told of' }),
  ];
  t.equal(foldTimeline(told).length, told.length);
});

void t.test('warnings may be left out', async t => {
  const told = [tell('warning'), tell('crash'), tell('skipped'), tell('action')];
  t.same(
    foldTimeline(told)
      .filter(isMoreThanWarning)
      .map(({ kind }) => kind),
    ['action', 'crash'],
  );
});
