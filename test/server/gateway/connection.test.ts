import t from 'tap';
import { exit, spawn } from '../../../actors/index.ts';
import type { DeviceId } from '../../../protocol/ids.ts';
import { closeReason } from '../../../server/gateway/close-reason.ts';
import { Connection } from '../../../server/gateway/connection.ts';
import type { GatewayOptions } from '../../../server/gateway/options.ts';
import { creditOf, GIVEN_AT_MOST } from '../../../server/gateway/port.ts';
import { RestartBudget } from '../../../server/gateway/restart-budget.ts';
import type { Socket } from '../../../server/gateway/socket.ts';
import { createMetrics } from '../../../server/metrics/metrics.ts';
import { until } from './fake-session.ts';

/** A socket that holds what it is told to hold. */
class FakeSocket implements Socket {
  buffered = 0;
  readonly sent: Uint8Array[][] = [];
  closed: { readonly code: number; readonly reason: string } | 'cut' | undefined;
  gone: (code: number) => void = () => undefined;

  send(frames: readonly Uint8Array[]): void {
    this.sent.push([...frames]);
    for (const frame of frames) this.buffered += frame.length;
  }
  bufferedBytes(): number {
    return this.buffered;
  }
  end(code: number, reason: string): void {
    this.closed = { code, reason };
    this.gone(code);
  }
  cut(): void {
    this.closed = 'cut';
    this.gone(1006);
  }
}

function setup(buffered = 0) {
  const socket = new FakeSocket();
  socket.buffered = buffered;
  const limits = { socketBackpressureBytes: 1000, frameBytes: 100 * 1024 };
  const options = {
    limits,
    sessionRestarts: { intensity: 1, periodMs: 1000 },
    metrics: createMetrics().gateway,
    mayLogIn: () => true,
  } as unknown as GatewayOptions;
  const peer = { device: 'alice:1' as DeviceId, address: '127.0.0.1' };
  const connection = new Connection(1, peer, socket, options, () => undefined);
  socket.gone = code => connection.gone(code);
  const session = () => {
    const messages: unknown[] = [];
    const pid = spawn(message => {
      messages.push(message);
    });
    return { pid, messages };
  };
  return { socket, connection, session };
}

const frame = (bytes: number) => new Uint8Array(bytes);

void t.test('frames of one turn go to the socket together', async t => {
  const { socket, connection } = setup();
  t.equal(connection.queue(frame(1)), true, 'the first one asks for a flush');
  t.equal(connection.queue(frame(2)), false);
  connection.flush();
  connection.flush();
  t.same(socket.sent, [[frame(1), frame(2)]]);
});

void t.test('congestion is told once, also to a session that comes later', async t => {
  const { socket, connection, session } = setup();
  const first = session();
  connection.attach(first.pid);
  for (const bytes of [1000, 1, 1]) {
    connection.queue(frame(bytes));
    connection.flush();
  }
  const second = session();
  connection.attach(second.pid);
  socket.buffered = 501;
  connection.drained();
  await until(() => first.messages.length === 2 && second.messages.length === 2, 'news');
  socket.buffered = 500;
  connection.drained();
  connection.drained();
  await until(() => second.messages.length === 3, 'drained');
  t.same(first.messages, [{ kind: 'attached', remembered: undefined }, { kind: 'congested' }]);
  t.same(second.messages, [
    { kind: 'attached', remembered: undefined },
    { kind: 'congested' },
    { kind: 'drained' },
  ]);
});

void t.test(
  'a frame for a session that has just died is lost with it, and the next one starts anew',
  async t => {
    const { connection, session } = setup();
    const first = session();
    connection.attach(first.pid);
    exit(first.pid, 'kill');
    connection.received(frame(7));
    t.ok(connection.isOpen());
    const second = session();
    connection.attach(second.pid);
    connection.received(frame(8));
    await until(() => second.messages.length === 2, 'the frame');
    t.same(second.messages[1], { kind: 'frame', data: frame(8) });
  },
);

void t.test('what a session has taken may be given again, and not more', async t => {
  const { connection, session } = setup();
  const big = new Uint8Array(1024 * 1024);
  const most = Math.floor(GIVEN_AT_MOST / creditOf(big));
  const { pid } = session();
  connection.attach(pid);
  for (let i = 0; i < most; i++) connection.received(big);
  t.ok(connection.isOpen());
  connection.took(creditOf(big));
  connection.received(big);
  t.ok(connection.isOpen());
  connection.received(big);
  t.notOk(connection.isOpen());
});

void t.test('a socket that would hold too much is cut', async t => {
  const { socket, connection } = setup(1000 + 4 * 100 * 1024);
  connection.queue(frame(1));
  connection.flush();
  t.equal(socket.closed, 'cut');
  t.equal(socket.sent.length, 0);
  t.notOk(connection.isOpen());
});

void t.test('a close frame is only sent where it can get through soon', async t => {
  const little = setup(64 * 1024);
  little.connection.close('replaced', 'why');
  t.same(little.socket.closed, { code: 4006, reason: 'replaced: why' });
  const much = setup(64 * 1024 + 1);
  much.connection.close('replaced', 'why');
  t.equal(much.socket.closed, 'cut');
});

void t.test('nothing is done with a socket that is gone', async t => {
  const { socket, connection } = setup();
  connection.gone(1006);
  connection.queue(frame(1));
  connection.flush();
  connection.close('replaced', '');
  connection.end();
  t.equal(socket.sent.length, 0);
  t.equal(socket.closed, undefined);
});

void t.test('a reason fits into a close frame, whole characters only', async t => {
  const reason = closeReason('internal', 'ä'.repeat(100));
  t.ok(Buffer.byteLength(reason) <= 123 && Buffer.byteLength(reason) >= 122);
  t.match(reason, /^internal: ä+$/);
  t.equal(closeReason('internal', 'short'), 'internal: short');
});

void t.test('a budget counts what is within the period, the ends included', async t => {
  const budget = new RestartBudget({ intensity: 2, periodMs: 1000 });
  t.equal(budget.spend(0), true);
  t.equal(budget.spend(10), true);
  t.equal(budget.spend(1000), false, 'the one at 0 still counts');
  t.equal(budget.spend(1500), true, '1000 and 1500');
  t.equal(new RestartBudget({ intensity: 0, periodMs: 1000 }).spend(0), false);
});
