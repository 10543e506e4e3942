import t from 'tap';
import {
  call,
  cast,
  exit,
  glanceAt,
  glanceAtAll,
  glanceAtNamed,
  lookAtProcess,
  monitor,
  processCounts,
  self,
  send,
  sendAfter,
  spawn,
  spawnLink,
  startLink,
  trapExit,
  type Pid,
} from '../../actors/index.ts';
import { until } from './until.ts';

void t.test('all processes are gone through while they come and go', async t => {
  const before = processCounts();
  const pids = Array.from({ length: 50 }, () => spawn(() => undefined));
  const named = spawn(() => undefined, { name: 'observed' });
  t.same(processCounts(), { living: before.living + 51, named: before.named + 1 });
  const seen: Pid[] = [];
  for (const { pid, label, mailbox } of glanceAtAll()) {
    if (seen.length === 10) exit(pids[40] as Pid, 'kill');
    seen.push(pid);
    t.equal(typeof label, 'string');
    t.equal(mailbox.length, 0);
  }
  t.ok(seen.includes(pids[49] as Pid));
  t.notOk(seen.includes(pids[40] as Pid), 'who died before its turn');
  t.ok([...glanceAtNamed()].some(({ pid, name }) => pid === named && name === 'observed'));
  t.equal(glanceAt(pids[40] as Pid), undefined);
  for (const pid of [...pids, named]) exit(pid, 'kill');
});

void t.test('a look tells what a process holds, each list no longer than asked for', async t => {
  const server = {
    init: () => {
      for (const delayMs of [60_000, 30_000, 90_000]) {
        sendAfter(delayMs, self(), { kind: delayMs === 30_000 ? 'soon' : 'late' });
      }
      return ['ok', undefined] as const;
    },
    // Never comes back, so that messages wait behind it.
    handleCast: () => new Promise<never>(() => undefined),
  };
  const started = await startLink(server, undefined, { name: 'held', label: 'holder' });
  const pid = started[1] as Pid;
  cast(pid, { kind: 'stick' });
  await until(() => glanceAt(pid)?.phase === 'awaiting');
  cast(pid, { kind: 'next' });
  void call(pid, { kind: 'ask' }).catch(() => undefined);
  send(pid, { kind: 'told' });
  send(pid, 'text');
  const watcher = spawn(() => void monitor(pid));
  const linked = spawn(() => {
    trapExit(true);
    for (let i = 0; i < 8; i += 1) spawnLink(() => undefined);
  });
  send(watcher, 'go');
  send(linked, 'go');
  await until(() => lookAtProcess(linked, 0)?.links.total === 8);
  await until(() => lookAtProcess(pid, 9)?.monitoredBy.items.includes(watcher) === true);

  const look = lookAtProcess(pid, 3);
  t.match(look, {
    pid,
    name: 'held',
    label: 'holder',
    behaviour: 'gen_server',
    phase: 'awaiting',
    suspended: false,
    lastMessage: 'cast stick',
  });
  t.same(look?.messages, { total: 4, items: ['cast next', 'call ask', 'told'] });
  t.equal(look?.timers.total, 3);
  t.same(
    look?.timers.items.map(({ message }) => message),
    ['soon', 'late', 'late'],
  );
  t.equal(look?.monitoredBy.total, 2, 'the caller outside of any process is counted');
  t.same(look?.monitoredBy.items, [watcher]);
  t.same(lookAtProcess(watcher, 5)?.monitors, { total: 1, items: [pid] });
  t.equal(lookAtProcess(watcher, 5)?.behaviour, undefined, 'a bare process');
  const links = lookAtProcess(linked, 3)?.links;
  t.equal(links?.total, 8);
  t.equal(links?.items.length, 3);
  for (const each of [pid, watcher, linked]) exit(each, 'kill');
  t.equal(lookAtProcess(pid, 3), undefined, 'a dead one');
});
