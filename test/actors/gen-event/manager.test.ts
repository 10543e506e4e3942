/** A manager's life, from `gen_event.erl` and its suite: starts, stops, messages that are no events. */
import t from 'tap';
import {
  call as callServer,
  cast,
  exit,
  genEvent,
  isAlive,
  processInfo,
  registry,
  send,
  via,
  whereis,
} from '../../../actors/index.ts';
import type { GenEvent, Pid } from '../../../actors/index.ts';
import { settle } from '../../../actors/testing.ts';
import { supervisor } from '../../../supervisors/index.ts';
import { captureLog } from '../capture-log.ts';
import { exitOf } from '../exit-of.ts';
import { hand } from '../hand.ts';
import { heard, one, started, two } from './scribes.ts';

void t.test('start, startLink, startMonitor, stop', async t => {
  captureLog(t);
  const pid = await started({ name: 'manager' });
  t.equal(whereis('manager'), pid);
  t.same(await genEvent.start({ name: 'manager' }), ['error', ['already_started', pid]]);
  t.ok(processInfo(pid)?.trapExit, 'it traps exits');
  await genEvent.stop('manager');
  t.notOk(isAlive(pid));
  t.equal(await exitOf(genEvent.stop('manager')), 'noproc');

  const starter = hand({ trapExit: true });
  const linked = await starter.run(() => genEvent.startLink());
  t.same(processInfo(linked[1] as Pid)?.links, [starter.pid]);
  const monitored = await starter.run(() => genEvent.startMonitor());
  if (monitored[0] !== 'ok') throw new Error('did not start');
  const [watched, ref] = monitored[1];
  exit(watched, 'kill');
  await settle();
  t.same(starter.got, [{ kind: 'DOWN', ref, pid: watched, reason: 'killed' }]);
  t.same(
    await starter
      .run(() => genEvent.startMonitor({ name: 'x' }))
      .then(async () => starter.run(() => genEvent.startMonitor({ name: 'x' }))),
    ['error', ['already_started', whereis('x')]],
  );
  await t.rejects(genEvent.startMonitor(), /needs a calling process/);
});

void t.test('under a via name, and as a supervisor’s child', async t => {
  captureLog(t);
  await registry.startLink({ keys: 'unique', name: 'managers' });
  const name = via('managers', 'mine');
  const root = hand({ trapExit: true });
  await root.run(() =>
    supervisor.startLink(() => [{}, [{ id: 'events', start: () => genEvent.startLink({ name }) }]]),
  );
  const first = whereis(name);
  t.equal(await genEvent.addHandler(name, one, 1), 'ok');
  t.equal(genEvent.notify(name, 'event'), 'ok');
  exit(first as Pid, 'kill');
  await settle();
  t.not(whereis(name), first);
  t.same(await genEvent.whichHandlers(name), [], 'a new manager begins without handlers');
});

void t.test('the end of a manager: stop, its parent’s exit, a kill', async t => {
  const events = captureLog(t);
  const pid = await started();
  await genEvent.addHandler(pid, one, 1);
  await genEvent.addHandler(pid, two, 2);
  heard.length = 0;
  await genEvent.stop(pid, 'shutdown', 1_000);
  const stopped = [
    ['two', 'terminate', 'stop', 2],
    ['one', 'terminate', 'stop', 1],
  ];
  t.same(heard, stopped);
  const parent = hand();
  const child = (await parent.run(() => genEvent.startLink()))[1] as Pid;
  await genEvent.addHandler(child, one, 1);
  heard.length = 0;
  exit(parent.pid, 'parents reason');
  await settle();
  t.notOk(isAlive(child));
  t.same(heard, [['one', 'terminate', 'stop', 1]]);
  t.match(events.at(-1)?.report, {
    kind: 'crash',
    error: 'parents reason',
    behaviour: { behaviour: 'gen_event' },
  });
  const killed = await started();
  await genEvent.addHandler(killed, one, 1);
  heard.length = 0;
  exit(killed, 'kill');
  await settle();
  t.same(heard, [], 'no terminate on a kill');
});

void t.test('other messages are handleInfo’s; without it a warning', async t => {
  const events = captureLog(t);
  const pid = await started();
  const deaf: GenEvent = { name: 'deaf', init: s => ['ok', s], handleEvent: (_, s) => ['ok', s] };
  await genEvent.addHandler(pid, one, 1);
  await genEvent.addHandler(pid, deaf, 2);
  heard.length = 0;
  send(pid, ['info', 'secret']);
  cast(pid, 'a cast');
  t.match(await exitOf(callServer(pid, { kind: 'unknown' }, 1)), ['timeout', []]);
  await settle();
  t.same(heard.slice(0, 2), [
    ['one', ['info', 'secret']],
    ['one', ['$gen_cast', 'a cast']],
  ]);
  t.match(heard[2], ['one', ['$gen_call', {}, { kind: 'unknown' }]]);
  t.same(await genEvent.whichHandlers(pid), [deaf, one]);
  const warning = events.find(({ level }) => level === 'warning');
  t.match(warning?.report, { kind: 'message', module: 'deaf', message: 'info' });
  t.notMatch(JSON.stringify(warning), /secret/, 'contents stay out of logs');
});

void t.test('a manager that is killed while a handler waits does no more', async t => {
  captureLog(t);
  const pid = await started();
  let let_go = (): void => undefined;
  const slow: GenEvent = {
    init: state => ['ok', state],
    handleEvent: async (_event, state) => {
      await new Promise<void>(resolve => (let_go = resolve));
      return ['ok', state];
    },
  };
  await genEvent.addHandler(pid, one, 1);
  await genEvent.addHandler(pid, slow, 2);
  heard.length = 0;
  genEvent.notify(pid, 'event');
  await settle();
  exit(pid, 'kill');
  let_go();
  await settle();
  t.same(heard, [], 'the next handler is not called');
});
