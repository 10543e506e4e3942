/** Who is started without a link is its own parent: its starter's exit is a message like any other. */
import t from 'tap';
import {
  exit,
  genEvent,
  genStatem,
  isAlive,
  link,
  processInfo,
  procLib,
  self,
  send,
  spawn,
  start,
  startLink,
  sys,
} from '../../actors/index.ts';
import type { GenServer, Pid } from '../../actors/index.ts';
import { settle } from '../../actors/testing.ts';
import { captureLog } from './capture-log.ts';

type Start = () => Promise<unknown>;

/** Starts it in a process, which links it and exits. */
async function startedAndLeft(begin: Start): Promise<{ child: Pid; starter: Pid }> {
  let child: Pid | undefined;
  const starter = spawn(async message => {
    if (message === 'exit') exit('boom');
    [, child] = (await begin()) as [string, Pid];
    link(child);
  });
  send(starter, 'begin');
  await settle();
  return { child: child as Pid, starter };
}

const seen: unknown[] = [];
const server = {
  init: () => ['ok', null],
  handleInfo: (message: unknown, state: null) => {
    seen.push(message);
    return ['noreply', state];
  },
} as unknown as GenServer;
const machine = {
  callbackMode: () => 'handle_event_function',
  init: () => ['ok', 'only', null],
  handleEvent: (type: unknown, content: unknown) => {
    if (type === 'info') seen.push(content);
    return 'keep_state_and_data';
  },
};
const trapExit = { trapExit: true };
const special = { handle: () => undefined, systemTerminate: () => undefined };

const unlinked: Record<string, Start> = {
  gen_server: () => start(server, undefined, trapExit),
  gen_statem: () => genStatem.start(machine as never, undefined, trapExit),
  gen_event: () => genEvent.start(),
  proc_lib: () =>
    procLib.start(() => {
      procLib.initAck(['ok', self()]);
      return special;
    }, trapExit),
};

for (const [what, begin] of Object.entries(unlinked)) {
  void t.test(`${what}: an unlinked start outlives its starter's exit`, async t => {
    captureLog(t);
    const { child, starter } = await startedAndLeft(begin);
    t.equal(processInfo(child)?.parent, starter);
    t.same(processInfo(child)?.ancestors, [starter]);
    t.match(await sys.getStatus(child), { parent: child });
    // A suspended one obeys its parent at once.
    await sys.suspend(child);
    send(starter, 'exit');
    await settle();
    t.ok(isAlive(child));
    await sys.resume(child);
    await settle();
    t.ok(isAlive(child));
    if (what === 'gen_server' || what === 'gen_statem') {
      t.same(seen.splice(0), [{ kind: 'EXIT', pid: starter, reason: 'boom' }]);
    }
    exit(child, 'kill');
  });
}

void t.test('a linked start obeys its starter', async t => {
  captureLog(t);
  const { child, starter } = await startedAndLeft(() => startLink(server, undefined, trapExit));
  t.match(await sys.getStatus(child), { parent: starter });
  send(starter, 'exit');
  await settle();
  t.notOk(isAlive(child));
});
