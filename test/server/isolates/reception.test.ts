/** Who is started for others: sessions that nobody waits for, groups whose answer is passed on. */
import t, { type Test } from 'tap';
import {
  call,
  cast,
  Exit,
  exit,
  isAlive,
  reply,
  spawn,
  start,
  type From,
  type GenServer,
  type Pid,
  type StartResult,
} from '../../../actors/index.ts';
import { deviceId, type GroupId, type UserId } from '../../../protocol/ids.ts';
import type { Opening } from '../../../server/gateway/port.ts';
import type { GroupAnswer } from '../../../server/groups/protocol.ts';
import { reception, type ReceptionArgument } from '../../../server/isolates/reception.ts';
import { receptionName } from '../../../server/isolates/protocol.ts';
import { captureLog } from '../../actors/capture-log.ts';
import { until } from '../../e2e/until.ts';

const id = 'g_AAAAAAAAAAAAAAAAAAAAAA' as GroupId;
const by = 'alice' as UserId;
const answer = { error: 'not_member' } as unknown as GroupAnswer;

interface Scene {
  readonly pid: Pid;
  readonly opening: (connection: number) => Opening;
  /** What the gateway was told. */
  readonly told: unknown[];
}

async function scene(t: Test, argument: Partial<ReceptionArgument>): Promise<Scene> {
  captureLog(t);
  const told: unknown[] = [];
  const gateway = spawn(message => {
    told.push(message);
  });
  const unexpected = (): never => {
    throw new Error('nobody asked for this');
  };
  const result = await start(
    reception,
    { openSession: unexpected, groupOf: unexpected, ...argument },
    { name: receptionName },
  );
  if (result[0] !== 'ok') throw new Error('it did not start', { cause: result });
  const [, pid] = result;
  t.teardown(() => {
    for (const each of [pid, gateway]) if (isAlive(each)) exit(each, 'kill');
  });
  const opening = (connection: number): Opening => ({
    ...{ gateway, connection, device: deviceId(by, 1), address: '127.0.0.1' },
    ...{ mayLogIn: true, remembered: undefined, first: true },
  });
  return { pid, opening, told };
}

const open = (opening: Opening): void => cast(receptionName, { kind: 'open_session', opening });
const change = () =>
  call(receptionName, { kind: 'change_group', group: id, by, change: { kind: 'leave' } as never });

/** A group's process that does this with a change. */
async function group(t: Test, handle: (from: From<GroupAnswer>) => void): Promise<Pid> {
  const behaviour: GenServer<undefined, undefined> = {
    init: () => ['ok', undefined],
    handleCall(_request, from, state) {
      handle(from);
      return ['noreply', state];
    },
  };
  const result = await start(behaviour, undefined);
  if (result[0] !== 'ok') throw new Error('it did not start', { cause: result });
  t.teardown(() => {
    if (isAlive(result[1])) exit(result[1], 'kill');
  });
  return result[1];
}

void t.test('a session that starts says the rest itself', async t => {
  const asked: number[] = [];
  const { opening, told } = await scene(t, {
    openSession({ connection }) {
      asked.push(connection);
      return Promise.resolve(['ok', 1 as Pid]);
    },
  });
  open(opening(7));
  await until(() => asked.length === 1, 'it is asked for');
  t.same([asked, told], [[7], []]);
});

for (const result of [['ignore'], ['error', 'why']] as const satisfies readonly StartResult[])
  void t.test(`of one that does not start (${result[0]}) the gateway hears`, async t => {
    const { opening, told } = await scene(t, { openSession: () => Promise.resolve(result) });
    open(opening(7));
    await until(() => told.length === 1, 'the gateway is told');
    t.same(told, [{ kind: 'session_failed', connection: 7 }]);
  });

void t.test(
  'a supervisor that is being restarted is no failure: the gateway asks again',
  async t => {
    let asked = 0;
    const { pid, opening, told } = await scene(t, {
      openSession: ({ connection }) =>
        ++asked === 1
          ? Promise.reject(new Exit('noproc'))
          : Promise.resolve(connection === 8 ? ['ignore'] : ['ok', 1 as Pid]),
    });
    open(opening(7));
    open(opening(8));
    await until(() => told.length === 1, 'the second one fails');
    t.same(told, [{ kind: 'session_failed', connection: 8 }]);
    t.ok(isAlive(pid));
  },
);

void t.test('a bug in starting ends it', async t => {
  const { pid, opening } = await scene(t, {
    openSession: () => Promise.reject(new TypeError('a bug')),
  });
  open(opening(7));
  await until(() => !isAlive(pid), 'it ends');
});

void t.test('a session that is slow to start holds nobody up', async t => {
  let finish: (result: StartResult) => void = () => undefined;
  const { opening, told } = await scene(t, {
    openSession: ({ connection }) =>
      connection === 7 ? new Promise(resolve => (finish = resolve)) : Promise.resolve(['ignore']),
    groupOf: async () => group(t, from => reply(from, answer)),
  });
  open(opening(7));
  open(opening(8));
  t.same(await change(), answer);
  t.same(told, [{ kind: 'session_failed', connection: 8 }]);
  finish(['ignore']);
  await until(() => told.length === 2, 'it has failed, too');
});

void t.test('a change is answered by the group', async t => {
  await scene(t, { groupOf: async () => group(t, from => reply(from, answer)) });
  t.same(await change(), answer);
});

void t.test('two changes wait for their groups, not for each other', async t => {
  const waiting: From<GroupAnswer>[] = [];
  await scene(t, {
    groupOf: async () =>
      group(t, from => {
        waiting.push(from);
      }),
  });
  const both = Promise.all([change(), change()]);
  await until(() => waiting.length === 2, 'both are asked');
  for (const from of waiting.toReversed()) reply(from, answer);
  t.same(await both, [answer, answer]);
});

void t.test('a group that dies over it, or cannot be started, is unavailable', async t => {
  const pids: Pid[] = [];
  let starts = 0;
  const { pid } = await scene(t, {
    groupOf: async () => {
      if (++starts === 2) throw new Exit('noproc');
      const dying = await group(t, () => {
        for (const each of pids) exit(each, 'kill');
      });
      pids.push(dying);
      return dying;
    },
  });
  t.same(await change(), { error: 'unavailable' });
  t.same(await change(), { error: 'unavailable' });
  t.ok(isAlive(pid));
});
