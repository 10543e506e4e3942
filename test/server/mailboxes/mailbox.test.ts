import t from 'tap';
import { exit, isAlive, send, setClock, start, whereis, type Pid } from '../../../actors/index.ts';
import { createVirtualClock, settle } from '../../../actors/testing.ts';
import type { UserId } from '../../../protocol/ids.ts';
import { roles } from '../../../protocol/packets.ts';
import { clearSpeakers, enterSpeaker } from '../../../server/directory/speakers.ts';
import { mailbox } from '../../../server/mailboxes/mailbox.ts';
import { mailboxName, type ToMailbox } from '../../../server/mailboxes/protocol.ts';
import { execute } from '../../../server/stores/execute.ts';
import { StorageError } from '../../../storage/mnesia/storage-error.ts';
import { captureLog } from '../../actors/capture-log.ts';
import { dev, send as message } from '../../contract/shard/fixture.ts';
import { listener, type Heard } from '../listener.ts';
import { PortOwner } from '../port-owner.ts';
import { TestStore } from '../stores/test-store.ts';
import { until } from '../../actors/until.ts';

const ann = dev('ann');
const bob = dev('bob');
const bob2 = dev('bob', 2);
const user = 'bob' as UserId;
const window = { unackedRows: 4, unackedBytes: 1e6 };

interface Test {
  teardown: (undo: () => void) => void;
}

async function startMailbox(t: Test, passivateMs = 30_000): Promise<Pid> {
  const argument = { user, shard: 0, passivateMs, window };
  const result = await start(mailbox, argument, { name: mailboxName(user) });
  if (result[0] !== 'ok') throw new Error('the mailbox did not start', { cause: result });
  const pid = result[1];
  t.teardown(() => {
    if (isAlive(pid)) exit(pid, 'kill');
  });
  return pid;
}

const tell = (to: Pid, what: ToMailbox): void => {
  send(to, what);
};

const attach = (to: Pid, session: Pid, device = bob, acked = 0, committed = acked): void => {
  tell(to, { kind: 'attach_device', device, session, acked, committed });
};

const taken = (to: Pid, session: Pid, upTo: number, again = false): void => {
  tell(to, { kind: 'taken', device: bob, session, upTo, again });
};

/** The numbers pushed so far. */
const pushed = (heard: readonly Heard[]): number[] =>
  heard.flatMap(({ kind, rows }) =>
    kind === 'push' ? (rows as { n: number }[]).map(({ n }) => n) : [],
  );

const sends = async (from: number, to: number, targets = [bob]): Promise<void> => {
  for (let seq = from; seq <= to; seq++) await execute(0, message(ann, seq, targets));
};

void t.test('what waits is pushed, then what comes, within the window', async t => {
  const store = new TestStore(t);
  await store.start();
  await sends(1, 2);
  const pid = await startMailbox(t);
  const session = listener(t);
  attach(pid, session.pid);
  await until(() => session.heard.length === 1);
  await sends(3, 6);
  await until(() => pushed(session.heard).length === 4);
  await settle();
  t.same(pushed(session.heard), [1, 2, 3, 4]);
  taken(pid, session.pid, 4);
  await until(() => pushed(session.heard).length === 6);
  const afters = session.heard.map(({ after, rows }) => [after, (rows as { n: number }[])[0]?.n]);
  for (const [after, first] of afters) t.equal(Number(after) + 1, first);
  await until(() => store.commits.flat().some(({ kind }) => kind === 'acknowledge'));
  t.match(await execute(0, { kind: 'state', device: bob }), { acked: 4 });
});

void t.test('a row that is committed together with the reading is not left out', async t => {
  const store = new TestStore(t);
  await store.start();
  await sends(1, 1);
  const pid = await startMailbox(t);
  const [session, sender] = [listener(t), new PortOwner(t)];
  const held = store.holdCommit();
  const busy = execute(0, { kind: 'state', device: ann });
  const { release } = await held;
  attach(pid, session.pid);
  await settle();
  const answer = sender.submit(message(ann, 2, [bob]));
  await settle();
  release();
  await Promise.all([busy, answer]);
  const kinds = store.commits.map(commands => commands.map(({ kind }) => kind).join());
  t.ok(kinds.includes('read_rows,decide'), 'they were committed together');
  await until(() => pushed(session.heard).length === 2);
  t.same(pushed(session.heard), [1, 2]);
});

void t.test('a mailbox attached in the middle begins there', async t => {
  const store = new TestStore(t);
  await store.start();
  await sends(1, 5);
  const pid = await startMailbox(t);
  const session = listener(t);
  attach(pid, session.pid, bob, 3);
  await until(() => session.heard.length > 0);
  t.match(session.heard, [{ kind: 'push', after: 3, rows: [{ n: 4 }, { n: 5 }] }]);
});

void t.test('each device has its own window', async t => {
  const store = new TestStore(t);
  await store.start();
  await sends(1, 6, [bob, bob2]);
  const pid = await startMailbox(t);
  const [one, two] = [listener(t), listener(t)];
  attach(pid, one.pid, bob);
  attach(pid, two.pid, bob2);
  await until(() => pushed(one.heard).length === 4 && pushed(two.heard).length === 4);
  taken(pid, one.pid, 4);
  await until(() => pushed(one.heard).length === 6);
  await settle();
  t.equal(pushed(two.heard).length, 4);
});

void t.test('a store that dies with the word of a commit: nothing is left out', async t => {
  captureLog(t);
  const store = new TestStore(t);
  await store.start();
  const pid = await startMailbox(t);
  const session = listener(t);
  const sender = new PortOwner(t);
  attach(pid, session.pid);
  await sends(1, 1);
  await until(() => pushed(session.heard).length === 1);

  // Row 2 is committed; nobody is told. Row 3 comes by the next incarnation.
  const held = store.holdCommit();
  const second = sender.submit(message(ann, 2, [bob]));
  await held;
  store.kill();
  await store.start();
  const third = sender.submit(message(ann, 3, [bob]));
  await Promise.all([second, third]);
  await until(() => pushed(session.heard).length >= 3);
  t.same(pushed(session.heard), [1, 2, 3]);
});

void t.test('and what nothing comes after is pushed too', async t => {
  captureLog(t);
  const store = new TestStore(t);
  await store.start();
  const pid = await startMailbox(t);
  const session = listener(t);
  const sender = new PortOwner(t);
  attach(pid, session.pid);
  await sends(1, 1);
  await until(() => pushed(session.heard).length === 1);
  const held = store.holdCommit();
  void sender.submit(message(ann, 2, [bob]));
  await held;
  store.kill();
  await store.start();
  await until(() => pushed(session.heard).length === 2);
  t.same(pushed(session.heard), [1, 2]);
});

void t.test('a store killed again and again loses nothing and repeats nothing', async t => {
  captureLog(t);
  const store = new TestStore(t);
  await store.start();
  const pid = await startMailbox(t);
  const session = listener(t);
  const sender = new PortOwner(t);
  attach(pid, session.pid);
  const answers = [];
  for (let seq = 1; seq <= 40; seq++) {
    answers.push(sender.submit(message(ann, seq, [bob])));
    if (seq % 4 === 0) {
      if (seq % 8 === 0) await store.holdCommit();
      store.kill();
      await store.start();
    }
    await until(() => pushed(session.heard).length >= seq - 3);
    taken(pid, session.pid, pushed(session.heard).at(-1) ?? 0);
  }
  t.match(await Promise.all(answers), answers.map(() => ({ kind: 'accepted' }))); // prettier-ignore
  await until(() => pushed(session.heard).length >= 40);
  taken(pid, session.pid, 40);
  t.same(pushed(session.heard), Array.from({ length: 40 }, (_, i) => i + 1)); // prettier-ignore
  await until(() => store.commits.flat().some(c => c.kind === 'acknowledge' && c.upTo === 40));
  t.match(await execute(0, { kind: 'state', device: bob }), { acked: 40 });
});

void t.test('an acknowledgement that died with a mailbox is made by the next', async t => {
  captureLog(t);
  const store = new TestStore(t);
  await store.start();
  await sends(1, 3);
  const first = await startMailbox(t);
  const session = listener(t);
  attach(first, session.pid);
  await until(() => pushed(session.heard).length === 3);
  taken(first, session.pid, 3);
  exit(first, 'kill');
  const second = await startMailbox(t);
  // As the session does it: it has told 3, and knows of nothing that was committed.
  attach(second, session.pid, bob, 3, 0);
  await until(() => store.commits.flat().some(({ kind }) => kind === 'acknowledge'));
  t.match(await execute(0, { kind: 'state', device: bob }), { acked: 3 });
  await settle();
  t.equal(pushed(session.heard).length, 3, 'and nothing is pushed twice');
});

void t.test('an acknowledgement is repeated until there is room for it', async t => {
  const clock = createVirtualClock();
  const old = setClock(clock);
  t.teardown(() => setClock(old));
  const store = new TestStore(t);
  await store.start();
  await sends(1, 2);
  const pid = await startMailbox(t);
  const session = listener(t);
  attach(pid, session.pid);
  await until(() => pushed(session.heard).length === 2);
  let refused = 0;
  store.intercept = (commit, commands) => {
    if (!commands.some(({ kind }) => kind === 'acknowledge')) return commit();
    refused++;
    throw new StorageError('disk_full', 'as the test wants it');
  };
  taken(pid, session.pid, 2);
  await clock.advance(1_000);
  t.ok(refused > 2, `refused ${refused} times`);
  store.intercept = undefined;
  await clock.advance(500);
  t.match(await execute(0, { kind: 'state', device: bob }), { acked: 2 });
  t.ok(isAlive(pid));
});

void t.test('a device that misses rows is pushed them again', async t => {
  const store = new TestStore(t);
  await store.start();
  await sends(1, 4);
  const pid = await startMailbox(t);
  const session = listener(t);
  attach(pid, session.pid);
  await until(() => pushed(session.heard).length === 4);
  taken(pid, session.pid, 1, true);
  await until(() => pushed(session.heard).length === 7);
  t.match(session.heard.at(-1), { after: 1, rows: [{ n: 2 }, { n: 3 }, { n: 4 }] });
});

void t.test('a congested socket pauses its own device only', async t => {
  const store = new TestStore(t);
  await store.start();
  const pid = await startMailbox(t);
  const [one, two] = [listener(t), listener(t)];
  attach(pid, one.pid, bob);
  attach(pid, two.pid, bob2);
  await settle();
  tell(pid, { kind: 'pause', device: bob, session: one.pid, paused: true });
  await sends(1, 2, [bob, bob2]);
  await until(() => pushed(two.heard).length === 2);
  await settle();
  t.same(pushed(one.heard), []);
  tell(pid, { kind: 'pause', device: bob, session: one.pid, paused: false });
  await until(() => pushed(one.heard).length === 2);
});

void t.test('the newest session of a device is served, the one before is not heard', async t => {
  const store = new TestStore(t);
  await store.start();
  await sends(1, 2);
  const pid = await startMailbox(t);
  const [older, newer] = [listener(t), listener(t)];
  attach(pid, older.pid);
  await until(() => pushed(older.heard).length === 2);
  attach(pid, newer.pid);
  await until(() => pushed(newer.heard).length === 2);
  taken(pid, older.pid, 2);
  tell(pid, { kind: 'pause', device: bob, session: older.pid, paused: true });
  exit(older.pid, 'kill');
  await sends(3, 3);
  await until(() => pushed(newer.heard).length === 3);
  t.equal(store.commits.flat().filter(({ kind }) => kind === 'acknowledge').length, 0);
});

void t.test('it stops when it has had nothing to do for a while', async t => {
  const clock = createVirtualClock();
  const old = setClock(clock);
  t.teardown(() => setClock(old));
  const store = new TestStore(t);
  await store.start();
  const pid = await startMailbox(t, 1_000);
  const session = listener(t);
  await clock.advance(999);
  attach(pid, session.pid);
  await clock.advance(999);
  t.ok(isAlive(pid), 'somebody has come');
  await sends(1, 1);
  await until(() => pushed(session.heard).length === 1);
  await clock.advance(10_000);
  t.ok(isAlive(pid), 'a row is under way');
  taken(pid, session.pid, 1);
  await until(() => store.commits.flat().some(({ kind }) => kind === 'acknowledge'));
  await clock.advance(999);
  t.ok(isAlive(pid));
  await clock.advance(1_001);
  t.notOk(isAlive(pid), 'also with a device connected: its session rests');
  t.equal(whereis(mailboxName(user)), undefined);
});

void t.test('one that starts wakes the sessions of its user that rest', async t => {
  t.teardown(clearSpeakers);
  const store = new TestStore(t);
  await store.start();
  const [one, two, sender, other] = [listener(t), listener(t), listener(t), listener(t)];
  enterSpeaker({ device: bob, roles: roles.receive, connection: 1, session: one.pid });
  enterSpeaker({ device: bob, roles: roles.send, connection: 2, session: sender.pid });
  enterSpeaker({ device: bob2, roles: roles.receive, connection: 3, session: two.pid });
  enterSpeaker({ device: ann, roles: roles.receive, connection: 4, session: other.pid });
  await startMailbox(t);
  await settle();
  const woken = [one, two, sender, other].map(({ heard }) => heard.map(({ kind }) => kind));
  t.same(woken, [['rows_wait'], ['rows_wait'], [], []]);
});
