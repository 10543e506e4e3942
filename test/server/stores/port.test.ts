import t from 'tap';
import { exit, send, setClock, spawn } from '../../../actors/index.ts';
import { createVirtualClock, settle } from '../../../actors/testing.ts';
import { ack, bulk, decoded, dev, send as message } from '../../contract/shard/fixture.ts';
import { captureLog } from '../../actors/capture-log.ts';
import { StorePort } from '../../../server/stores/port.ts';
import { PortOwner } from '../port-owner.ts';
import { until } from '../../actors/until.ts';
import { TestStore } from './test-store.ts';

const ann = dev('ann');
const bob = dev('bob');

void t.test('what comes while a batch is under way joins the next one', async t => {
  const store = new TestStore(t);
  await store.start();
  const owner = new PortOwner(t);
  const held = store.holdCommit();
  const first = owner.submit(message(ann, 1, [bob]));
  const { release } = await held;
  const others = [2, 3, 4].map(seq => owner.submit(message(ann, seq, [bob])));
  await settle();
  t.equal(store.commits.length, 1);
  t.ok(owner.port.busy);
  release();
  t.match(await Promise.all([first, ...others]), [1, 2, 3, 4].map(upTo => ({ upTo }))); // prettier-ignore
  t.same(store.commits.map(commands => commands.length), [1, 3]); // prettier-ignore
  t.notOk(owner.port.busy);
});

void t.test('a job is committed as one, and gets its own outcomes', async t => {
  const store = new TestStore(t);
  await store.start();
  const owner = new PortOwner(t);
  const outcomes = new Promise(resolve => {
    owner.run(() => {
      owner.port.submitAll([message(ann, 1, [bob]), message(ann, 2, [bob])], resolve, () =>
        t.fail(),
      );
    });
  });
  const state = owner.submit({ kind: 'state', device: ann });
  t.match(await outcomes, [{ upTo: 1 }, { upTo: 2 }]);
  t.match(await state, { upTo: 2, seen: 2 });
});

void t.test('a store killed after the commit gives the same answers again', async t => {
  captureLog(t);
  const store = new TestStore(t);
  await store.start();
  const owner = new PortOwner(t);
  const held = store.holdCommit();
  const answers = [
    owner.submit(message(ann, 1, [bob])),
    owner.submit({ ...message(ann, 2, [bob]), intent: { kind: 'refuse', why: { code: 'unknown_user', user: 'eve' as never } } }), // prettier-ignore
    owner.submit(message(ann, 3, [bob])),
  ];
  await held;
  store.kill();
  await settle();
  t.equal(owner.lost, 1);
  await store.start();
  t.match(await Promise.all(answers), [
    { kind: 'accepted', upTo: 1 },
    { kind: 'rejected', seq: 2, why: { code: 'unknown_user' }, upTo: 1 },
    { kind: 'gap', seq: 3, state: { upTo: 1, seen: 2 } },
  ]);
  const rows = await owner.submit({ kind: 'read_rows', device: bob, after: 0, rows: 9, bytes: 9 });
  if (rows === 'failed') throw new Error('reading failed');
  t.match(decoded(rows.rows), [{ n: 1, seq: 1 }]);
  t.equal(rows.complete, true);
});

void t.test('a store killed before the commit: the batch is given to the next one', async t => {
  captureLog(t);
  const store = new TestStore(t);
  await store.start();
  const owner = new PortOwner(t);
  let asked = false;
  store.intercept = () => {
    asked = true;
    return new Promise(() => {});
  };
  const answer = owner.submit(message(ann, 1, [bob]));
  await until(() => asked);
  store.intercept = undefined;
  store.kill();
  await store.start();
  t.match(await answer, { kind: 'accepted', upTo: 1 });
  t.equal(store.commits.length, 1);
});

void t.test('a store that is not there is looked for until it is', async t => {
  const clock = createVirtualClock();
  const old = setClock(clock);
  t.teardown(() => setClock(old));
  const store = new TestStore(t);
  const owner = new PortOwner(t);
  const answer = owner.submit(message(ann, 1, [bob]));
  await clock.advance(1_000);
  t.equal(clock.pending, 1, 'one timer looks');
  await store.start();
  await clock.advance(20);
  t.match(await answer, { upTo: 1 });
  t.equal(store.commits.length, 1);
  t.equal(clock.pending, 0);
});

void t.test('a batch is given once to each incarnation', async t => {
  captureLog(t);
  const store = new TestStore(t);
  await store.start();
  const owner = new PortOwner(t);
  await owner.submit({ kind: 'state', device: ann });
  // The successor is there before the owner has heard of the death.
  const answer = owner.submit(message(ann, 1, [bob]));
  store.kill();
  await store.start();
  t.match(await answer, { upTo: 1 });
  await settle();
  t.equal(store.commits.flat().filter(({ kind }) => kind === 'decide').length, 1);
  t.equal(owner.lost, 1);
  // And it is watched.
  store.kill();
  await settle();
  t.equal(owner.lost, 2);
});

void t.test('on a full disk a job fails alone', async t => {
  const store = new TestStore(t, { maxPages: 100 });
  await store.start();
  const owner = new PortOwner(t);
  let seq = 1;
  // Once refused it may find what writing the journal out has left of the room.
  for (let refused = 0; refused < 2;) {
    const last = await owner.submit(message(ann, seq, [bob], { body: bulk(10_000) }));
    refused = last === 'failed' ? refused + 1 : 0;
    if (last !== 'failed') seq++;
  }
  const held = store.holdCommit();
  const first = owner.submit({ kind: 'state', device: ann });
  const { release } = await held;
  // One batch: what needs room, what gives it back, what only reads.
  const together = [
    owner.submit(message(ann, seq, [bob], { body: bulk(500_000) })),
    owner.submit(ack(bob, seq - 1)),
    owner.submit({ kind: 'state', device: ann }),
  ];
  await settle();
  release();
  t.match(await first, { upTo: seq - 1 });
  t.match(await Promise.all(together), ['failed', { acked: seq - 1 }, { upTo: seq - 1 }]);
  t.match(await owner.submit(message(ann, seq, [bob])), { kind: 'accepted', upTo: seq });
});

void t.test('an answer comes with the owner’s state as it is by then', async t => {
  const store = new TestStore(t);
  await store.start();
  const port = new StorePort<{ version: number }>(0);
  let state = { version: 1 };
  let told = 0;
  const owner = spawn(message => {
    if (typeof message === 'function') (message as () => void)();
    else port.handle(message as never, state);
  });
  t.teardown(() => exit(owner, 'kill'));
  const held = store.holdCommit();
  send(owner, () => {
    const got = (_: unknown, { version }: typeof state): void => {
      told = version;
    };
    port.submit(message(ann, 1, [bob]), got, () => t.fail('there is room'));
  });
  const { release } = await held;
  // Its code is changed meanwhile: the state is another object.
  state = { version: 2 };
  release();
  await until(() => told > 0);
  t.equal(told, 2);
});

void t.test('messages that are for another port are left to it', t => {
  const owner = new PortOwner(t);
  const others = [
    { kind: 'batch_done', tag: -1, outcomes: [] },
    { kind: 'batch_failed', tag: -1 },
    { kind: 'store_retry', shard: 7 },
    { kind: 'DOWN', ref: -1, pid: owner.pid, reason: 'normal' },
  ];
  for (const other of others) t.notOk(owner.port.handle(other as never), other.kind);
  send(owner.pid, () => {});
  t.end();
});
