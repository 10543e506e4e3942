/** stop: what it waits for, and with what it exits. */
import t from 'tap';
import { call, isAlive, setClock, start, stop, sys } from '../../../actors/index.ts';
import type { GenServer, Pid, Request } from '../../../actors/index.ts';
import { createVirtualClock } from '../../../actors/testing.ts';
import { captureLog } from '../capture-log.ts';
import { exitOf } from '../exit-of.ts';

async function begin(terminate: (reason: unknown) => unknown, name?: string): Promise<Pid> {
  const module = { init: () => ['ok', null], terminate } as unknown as GenServer;
  return (await start(module, null, name === undefined ? {} : { name }))[1] as Pid;
}

void t.test('it waits for the end, with the reason that was asked for', async t => {
  captureLog(t);
  const reasons: unknown[] = [];
  for (const reason of ['normal', 'shutdown', ['shutdown', 1], 'other', { a: [1] }]) {
    const pid = await begin(async why => {
      await Promise.resolve();
      reasons.push(why);
    });
    await stop(pid, reason);
    t.notOk(isAlive(pid));
    t.same(reasons.pop(), reason);
  }
  await begin(() => undefined, 'by.name');
  await stop('by.name');
});

void t.test('noproc, another reason, timeout, calling_self', async t => {
  captureLog(t);
  const dead = await begin(() => undefined);
  await stop(dead);
  t.equal(await exitOf(stop(dead)), 'noproc');
  t.equal(await exitOf(stop('nobody.of.this.name')), 'noproc');
  const failing = await begin(() => {
    throw new Error('in terminate');
  });
  t.match(await exitOf(stop(failing)), { reason: { message: 'in terminate' } });
  const clock = createVirtualClock();
  const old = setClock(clock);
  t.teardown(() => {
    setClock(old);
  });
  const slow = await begin(() => new Promise(() => undefined));
  const stopping = exitOf(stop(slow, 'normal', 50));
  await clock.advance(50);
  t.equal(await stopping, 'timeout');
  t.ok(isAlive(slow));
  const selfish: GenServer<null, null, Request<'stop', object, unknown>> = {
    init: () => ['ok', null],
    handleCall: async (_request, _from, state) => ['reply', await exitOf(stop('selfish')), state],
  };
  await start(selfish, null, { name: 'selfish' });
  t.match(await call('selfish', { kind: 'stop' }), ['calling_self', ['system', 'selfish', 'stop']]);
  t.equal(await sys.getState('selfish'), null);
});
