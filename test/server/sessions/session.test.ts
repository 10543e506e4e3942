/** A session between a gateway that only listens and a real store: what it says when something dies or is full. */
import t from 'tap';
import { Registry } from 'prom-client';
import {
  exit,
  isAlive,
  send,
  setClock,
  spawn,
  start,
  sys,
  type Pid,
} from '../../../actors/index.ts';
import { createVirtualClock, settle } from '../../../actors/testing.ts';
import { decodeServerFrame, encodeFrame } from '../../../protocol/codec/frame.ts';
import { limits } from '../../../protocol/limits.ts';
import { roles, type ClientPacket, type ServerPacket } from '../../../protocol/packets.ts';
import type { UserId } from '../../../protocol/ids.ts';
import { clearSpeakers } from '../../../server/directory/speakers.ts';
import { mailboxName } from '../../../server/mailboxes/protocol.ts';
import { createServerMetrics } from '../../../server/metrics/server-metrics.ts';
import { defineModules } from '../../../server/code/swappable.ts';
import { session, type SessionArgument } from '../../../server/sessions/session.ts';
import type { SessionServices } from '../../../server/sessions/state.ts';
import { Tickets } from '../../../server/sessions/tickets.ts';
import { execute } from '../../../server/stores/execute.ts';
import { StorageError } from '../../../storage/mnesia/storage-error.ts';
import { captureLog } from '../../actors/capture-log.ts';
import { dev, send as sendOf } from '../../contract/shard/fixture.ts';
import { listener, type Heard } from '../listener.ts';
import { PortOwner } from '../port-owner.ts';
import { TestStore } from '../stores/test-store.ts';
import { until } from '../../actors/until.ts';

defineModules();

const ann = dev('ann');
const bob = dev('bob');
type Test = ConstructorParameters<typeof TestStore>[0];

class TestSession {
  readonly gateway;
  readonly mailbox;
  private readonly options: Partial<SessionServices>;
  pid: Pid | undefined;
  argument: SessionArgument | undefined;

  constructor(t: Test, options: Partial<SessionServices> = {}) {
    this.gateway = listener(t);
    this.mailbox = listener(t);
    this.options = options;
    t.teardown(clearSpeakers);
    t.teardown(() => {
      if (this.pid !== undefined && isAlive(this.pid)) exit(this.pid, 'kill');
    });
  }

  /** A session of a connection that has logged in; also the one that follows it. */
  async start({
    begins = false,
    begun = false,
    rolesBefore = roles.send | roles.receive,
  } = {}): Promise<Pid> {
    const services = {
      shards: 1,
      tickets: new Tickets(Buffer.alloc(32), 1_000),
      limits: { ...limits, connections: 10 },
      metrics: createServerMetrics(new Registry()),
      mayLogIn: () => true,
      retryAfterMs: () => 1,
      mailboxOf: async () => this.mailbox.pid,
      ...this.options,
    } as unknown as SessionServices;
    const opening = {
      gateway: this.gateway.pid,
      connection: 1,
      device: ann,
      address: '127.0.0.1',
      mayLogIn: true,
      remembered: undefined,
      first: begins,
    };
    this.argument = { opening, services, begun };
    const result = await start(session, this.argument);
    if (result[0] !== 'ok') throw new Error('the session did not start', { cause: result });
    this.pid = result[1];
    if (begins) return this.pid;
    const remembered = { nonce: Buffer.alloc(32), roles: rolesBefore };
    send(this.pid, { kind: 'attached', remembered });
    return this.pid;
  }

  say(...packets: ClientPacket[]): void {
    send(this.pid!, { kind: 'frame', data: encodeFrame(packets) });
  }

  /** What it has said so far. */
  said(): ServerPacket[] {
    return this.gateway.heard.flatMap(({ kind, frame }) =>
      kind === 'send' ? (decodeServerFrame(frame as Uint8Array) as ServerPacket[]) : [],
    );
  }

  count(kind: ServerPacket['kind']): number {
    return this.said().filter(packet => packet.kind === kind).length;
  }

  acceptedUpTo(): number {
    const last = this.said().at(-1);
    return last?.kind === 'accepted' ? last.upTo : 0;
  }

  attachments(): Heard[] {
    return this.mailbox.heard.filter(({ kind }) => kind === 'attach_device');
  }
}

async function accounts(): Promise<void> {
  for (const user of ['ann', 'bob'] as UserId[])
    await execute(0, { kind: 'register', user, key: Buffer.alloc(32), at: 1 });
}

/** So that its session needs a mailbox process. */
const aRowWaits = (seq = 1): Promise<unknown> => execute(0, sendOf(bob, seq, [ann]));

const message = (seq: number, prev = seq - 1): ClientPacket => ({
  kind: 'send',
  seq,
  prev,
  rev: 0,
  to: { kind: 'direct', users: [['bob' as UserId, 1]], own: 1 },
  body: Buffer.from([seq]),
});

void t.test('the first session of a socket challenges without waiting for the gateway', async t => {
  const served = new TestSession(t);
  await served.start({ begins: true });
  await until(() => served.count('challenge') === 1);
  const [attach, send] = served.gateway.heard;
  const [challenge] = served.said();
  t.match(attach, { kind: 'attach', session: served.pid });
  t.equal(send?.kind, 'send', 'nothing in between');
  if (challenge?.kind !== 'challenge') throw new Error('no challenge');
  // A session that follows it says the same nonce again.
  t.same(attach?.['remembered'], { nonce: challenge.nonce, roles: 0 });
  t.equal(challenge.nonce.length, 32);
  t.equal(served.argument?.begun, true, 'what its supervisor starts it with again says so');
});

void t.test(
  'the first session of a socket, restarted, asks the gateway what it had begun',
  async t => {
    const served = new TestSession(t);
    await served.start({ begins: true, begun: true });
    await settle();
    t.match(served.gateway.heard, [{ kind: 'attach', session: served.pid, remembered: undefined }]);
  },
);

void t.test(
  'a session that follows one that died before the login challenges again; two answers are as good as one',
  async t => {
    const store = new TestStore(t);
    await store.start();
    await accounts();
    const session = new TestSession(t);
    await session.start({ rolesBefore: 0 });
    await until(() => session.count('challenge') === 1);
    t.match(session.said()[0], { kind: 'challenge', nonce: Buffer.alloc(32) });
    const { ticket } = new Tickets(Buffer.alloc(32), 60_000).issue(ann, Date.now());
    const proof = { kind: 'ticket', ticket } as const;
    const login: ClientPacket = { kind: 'login', version: 1, roles: 3, proof, agent: 'test' };
    session.say(login);
    session.say(login);
    await until(() => session.count('state') === 1);
    t.equal(session.count('welcome'), 1);
    t.equal(session.count('error'), 0);
  },
);

void t.test('a session that follows another says the committed state, and goes on', async t => {
  captureLog(t);
  const store = new TestStore(t);
  await store.start();
  await accounts();
  await aRowWaits();
  const session = new TestSession(t);
  await session.start();
  session.say(message(1), message(2));
  await until(() => session.acceptedUpTo() === 2);
  exit(session.pid!, 'kill');
  await session.start();
  await until(() => session.count('state') === 2);
  t.match(session.said().at(-1), { kind: 'state', upTo: 2, seen: 2, acked: 0 });
  session.say(message(2), message(3));
  await until(() => session.acceptedUpTo() === 3);
  await until(() => session.attachments().length === 2);
});

void t.test('all sends of a frame are one batch, and have one answer', async t => {
  await new TestStore(t).start();
  await accounts();
  const session = new TestSession(t);
  await session.start();
  await until(() => session.count('state') === 1);
  session.say(message(1), message(2), message(3));
  await until(() => session.acceptedUpTo() === 3);
  t.equal(session.count('accepted'), 1);
});

void t.test('of a run of gaps one state is said', async t => {
  const store = new TestStore(t);
  await store.start();
  await accounts();
  const session = new TestSession(t);
  await session.start();
  await until(() => session.count('state') === 1);
  session.say(message(5), message(6), message(7));
  await until(() => session.count('state') === 2);
  session.say({ kind: 'ping', token: 1 });
  await until(() => session.count('pong') === 1);
  t.equal(session.count('state'), 2);
  t.match(
    session.said().findLast(({ kind }) => kind === 'state'),
    { upTo: 0, seen: 0 },
  );
});

void t.test('a store that dies under a send: it is answered all the same', async t => {
  captureLog(t);
  const store = new TestStore(t);
  await store.start();
  await accounts();
  const session = new TestSession(t);
  await session.start();
  await until(() => session.count('state') === 1);
  const held = store.holdCommit('decide');
  session.say(message(1));
  await held;
  store.kill();
  await store.start();
  await until(() => session.count('accepted') === 1);
  t.equal(session.count('state'), 1);
});

void t.test('on a full disk nothing is decided; there is room: state, and on it goes', async t => {
  const clock = createVirtualClock();
  const old = setClock(clock);
  t.teardown(() => setClock(old));
  const store = new TestStore(t);
  await store.start();
  await accounts();
  const session = new TestSession(t);
  await session.start();
  await until(() => session.count('state') === 1);
  store.intercept = (commit, commands) => {
    if (!commands.some(({ kind }) => kind === 'decide')) return commit();
    throw new StorageError('disk_full', 'as the test wants it');
  };
  session.say(message(1), message(2));
  await until(() => session.count('error') === 1);
  t.match(session.said().at(-1), { kind: 'error', code: 'storage_full', retryAfterMs: 1_000 });
  session.say(message(3));
  store.intercept = undefined;
  await clock.advance(1_000);
  t.equal(session.count('state'), 2);
  t.match(
    session.said().at(-1),
    { kind: 'state', upTo: 0, seen: 0 },
    'what came meanwhile is not taken',
  );
  session.say(message(1), message(2), message(3));
  await until(() => session.acceptedUpTo() === 3);
});

void t.test(
  'a mailbox that dies is replaced, from what is taken and what is committed',
  async t => {
    captureLog(t);
    const store = new TestStore(t);
    await store.start();
    await accounts();
    await aRowWaits();
    const [first, second] = [listener(t), listener(t)];
    const session = new TestSession(t, {
      mailboxOf: async () => (isAlive(first.pid) ? first.pid : second.pid),
    });
    await session.start();
    await until(() => first.heard.length === 1);
    t.match(first.heard, [{ kind: 'attach_device', device: ann, acked: 0, committed: 0 }]);
    session.say({ kind: 'ack', upTo: 7, again: false });
    await until(() => first.heard.length === 2);
    t.match(first.heard[1], { kind: 'taken', upTo: 7, again: false });
    exit(first.pid, 'kill');
    await until(() => second.heard.length === 1);
    t.match(second.heard, [{ kind: 'attach_device', acked: 7, committed: 0 }]);
  },
);

void t.test('a session that was replaced does not attach again', async t => {
  captureLog(t);
  const store = new TestStore(t);
  await store.start();
  await accounts();
  await aRowWaits();
  let answer: ((mailbox: Pid) => void) | undefined;
  const session = new TestSession(t, {
    mailboxOf: () =>
      new Promise(resolve => {
        answer = resolve;
      }),
  });
  const pid = await session.start();
  await until(() => answer !== undefined);
  send(pid, { kind: 'replaced' });
  await until(() => session.gateway.heard.some(({ kind }) => kind === 'close'));
  answer?.(session.mailbox.pid);
  send(pid, { kind: 'find_mailbox' });
  await settle();
  send(pid, { kind: 'closed', code: 1000 });
  await until(() => !isAlive(pid));
  t.same(session.mailbox.heard, []);
  t.match(session.said().at(-1), { kind: 'close', code: 'replaced', retryAfterMs: null });
});

void t.test('more sends under way than two windows close the connection', async t => {
  const store = new TestStore(t);
  await store.start();
  await accounts();
  const session = new TestSession(t);
  await session.start();
  await until(() => session.count('state') === 1);
  const held = store.holdCommit('decide');
  const all = Array.from({ length: 2 * limits.unacceptedSends + 1 }, (_, i) => message(i + 1));
  session.say(...all.slice(0, -1));
  const { release } = await held;
  t.equal(session.count('close'), 0);
  session.say(...all.slice(-1));
  await until(() => session.count('close') === 1);
  t.match(session.said().at(-1), { kind: 'close', code: 'window_exceeded' });
  release();
});

void t.test('what a removed device still sends is not taken', async t => {
  const store = new TestStore(t);
  await store.start();
  await accounts();
  const added = { by: ann, key: Buffer.alloc(32, 1), signature: Buffer.alloc(64), at: 1 };
  await execute(0, { kind: 'add_device', ...added });
  const session = new TestSession(t);
  await session.start();
  await until(() => session.count('state') === 1);
  await execute(0, { kind: 'remove_device', device: ann });
  session.say(message(1));
  await until(() => session.count('close') === 1);
  t.match(session.said().at(-1), { kind: 'close', code: 'device_removed' });
  t.match(await execute(0, { kind: 'state', device: ann }), { upTo: 0 });
});

/** A session that has logged in, with a store of its own, for which nothing waits. */
async function rested(t: Test, options: Partial<SessionServices> = {}) {
  captureLog(t);
  const store = new TestStore(t);
  await store.start();
  await accounts();
  const session = new TestSession(t, options);
  await session.start();
  await until(() => session.count('state') === 1);
  await settle();
  return { store, session };
}

void t.test('while nothing waits no mailbox process is asked for; a row brings one', async t => {
  const { session } = await rested(t);
  t.same(session.mailbox.heard, []);
  await aRowWaits();
  await until(() => session.attachments().length === 1);
  t.match(session.attachments(), [{ device: ann, acked: 0, committed: 0 }]);
});

void t.test(
  'a row that is committed together with the look at what waits is not left out',
  async t => {
    const store = new TestStore(t);
    await store.start();
    await accounts();
    const [session, sender] = [new TestSession(t), new PortOwner(t)];
    const held = store.holdCommit();
    const busy = execute(0, { kind: 'state', device: bob });
    const { release } = await held;
    await session.start();
    await settle();
    const answer = sender.submit(sendOf(bob, 1, [ann]));
    await settle();
    release();
    await Promise.all([busy, answer]);
    const kinds = store.commits.map(commands => commands.map(({ kind }) => kind).join());
    t.ok(kinds.includes('state,read_rows,decide'), 'they were committed together');
    await until(() => session.attachments().length === 1);
  },
);

void t.test('a store that dies with the word of a commit: who rests looks', async t => {
  const { store, session } = await rested(t);
  const sender = new PortOwner(t);
  const held = store.holdCommit();
  void sender.submit(sendOf(bob, 1, [ann]));
  await held;
  store.kill();
  t.same(session.mailbox.heard, []);
  await store.start();
  await until(() => session.attachments().length === 1);
});

void t.test(
  'nobody rests beside a mailbox process of the same user: it might die with the rows',
  async t => {
    const elsewhere = listener(t, mailboxName('ann' as UserId));
    const { session } = await rested(t, { mailboxOf: async () => elsewhere.pid });
    await until(() => elsewhere.heard.length === 1);
    t.match(elsewhere.heard, [{ kind: 'attach_device', session: session.pid }]);
  },
);

void t.test('a mailbox process that starts wakes who rests', async t => {
  const { session } = await rested(t);
  send(session.pid!, { kind: 'rows_wait' });
  await until(() => session.attachments().length === 1);
  send(session.pid!, { kind: 'rows_wait' });
  await settle();
  t.equal(session.attachments().length, 1, 'once');
});

/** A mailbox process that ends in order when it is told to. */
function stoppable(): { readonly pid: Pid; readonly heard: unknown[] } {
  const heard: unknown[] = [];
  const pid = spawn(message => {
    if (message === 'stop') exit('normal');
    heard.push(message);
  });
  return { pid, heard };
}

void t.test(
  'a mailbox process that had nothing to do any more leaves a session that rests',
  async t => {
    const mailboxes = [stoppable(), stoppable(), stoppable()];
    let found = 0;
    const { session } = await rested(t, {
      mailboxOf: async () => mailboxes[found++]!.pid,
    });
    await aRowWaits();
    await until(() => found === 1);
    await settle();
    // The row was not acknowledged when it stopped.
    send(mailboxes[0]!.pid, 'stop');
    await until(() => found === 2);
    await execute(0, { kind: 'acknowledge', device: ann, upTo: 1 });
    send(mailboxes[1]!.pid, 'stop');
    await settle();
    t.equal(found, 2, 'nothing waits');
    await aRowWaits(2);
    await until(() => mailboxes[2]!.heard.length === 1);
    t.match(mailboxes[2]!.heard, [{ kind: 'attach_device', acked: 1, committed: 1 }]);
    t.equal(session.count('state'), 1, 'and the client hears nothing of it');
  },
);

void t.test(
  'a device that misses something while its session rests gets a mailbox process',
  async t => {
    const { session } = await rested(t);
    session.say({ kind: 'ack', upTo: 0, again: false });
    await settle();
    t.same(session.mailbox.heard, []);
    session.say({ kind: 'ack', upTo: 0, again: true });
    await until(() => session.attachments().length === 1);
  },
);

/** A session that has challenged and is answered with a ticket, and whatever comes with that. */
async function loggedIn(t: Test, ...behind: ClientPacket[]): Promise<TestSession> {
  const store = new TestStore(t);
  await store.start();
  await accounts();
  const session = new TestSession(t);
  await session.start({ begins: true });
  await until(() => session.count('challenge') === 1);
  const { ticket } = new Tickets(Buffer.alloc(32), 60_000).issue(ann, Date.now());
  const proof = { kind: 'ticket', ticket } as const;
  session.say({ kind: 'login', version: 1, roles: 3, proof, agent: 'test' }, ...behind);
  await until(() => session.count('state') === 1);
  return session;
}

/** The kinds of packets in each frame. */
const framesOf = ({ gateway }: TestSession): string[][] =>
  gateway.heard
    .filter(({ kind }) => kind === 'send')
    .map(({ frame }) => decodeServerFrame(frame as Uint8Array).map(({ kind }) => kind));

void t.test('a login is answered in one frame, and leaves neither timer nor nonce', async t => {
  const clock = createVirtualClock();
  const old = setClock(clock);
  t.teardown(() => setClock(old));
  const session = await loggedIn(t);
  t.same(framesOf(session), [['challenge'], ['welcome', 'state']]);
  t.equal(clock.pending, 0);
  t.match(await sys.getState(session.pid!), { nonce: Buffer.alloc(0), loginTimer: undefined });
});

void t.test('nothing is said before the welcome', async t => {
  const session = await loggedIn(t, { kind: 'ping', token: 1 });
  t.same(framesOf(session), [['challenge'], ['welcome', 'pong'], ['state']]);
});
