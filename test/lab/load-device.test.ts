import t from 'tap';
import type { Transport, TransportHandlers } from '../../client/transport.ts';
import { LoadDevice } from '../../lab/load-device.ts';
import { decodeClientFrame, encodeFrame, type BadPacket } from '../../protocol/codec/frame.ts';
import { nodeCrypto } from '../../protocol/crypto/node.ts';
import { deviceId, type UserId } from '../../protocol/ids.ts';
import { limits } from '../../protocol/limits.ts';
import type { ClientPacket, Deliver, ServerPacket } from '../../protocol/packets.ts';

/** The other end of its connection: says what the test wants, and remembers what it was told. */
class Server implements Transport {
  #device: TransportHandlers | null = null;
  #onConnect: () => void = () => undefined;
  heard: (ClientPacket | BadPacket)[] = [];

  connect(_url: string, _subprotocol: string, handlers: TransportHandlers) {
    this.#device = handlers;
    this.#onConnect();
    return {
      bufferedBytes: 0,
      send: (data: Uint8Array) => void this.heard.push(...decodeClientFrame(data)),
      close: () => undefined,
    };
  }

  say(...packets: ServerPacket[]): void {
    this.#device?.onMessage(encodeFrame(packets));
  }

  /** The connection breaks. Resolves when the device has come back. */
  async hangUp(): Promise<void> {
    const back = new Promise<void>(resolve => (this.#onConnect = resolve));
    this.#device?.onClose({ code: 1006, reason: '' });
    await back;
  }

  /** What it was told since the last time, once the device's loop turn is over. */
  async told(): Promise<(ClientPacket | BadPacket)[]> {
    await new Promise(resolve => setImmediate(resolve));
    return this.heard.splice(0);
  }
}

const rows = (after: number, count: number): Deliver => ({
  kind: 'deliver',
  after,
  rows: Array.from({ length: count }, (_, i) => ({
    kind: 'message',
    n: after + 1 + i,
    from: deviceId('bob' as UserId, 1),
    seq: after + 1 + i,
    conversation: null,
    acceptedAt: 1,
    body: new Uint8Array(1),
  })),
});

void t.test('one acknowledgement for all that a frame brought, none for nothing new', async t => {
  const server = new Server();
  const user = 'alice' as UserId;
  let arrived = 0;
  const keys = await nodeCrypto.generateKeyPair();
  const identity = { server: '', user, device: deviceId(user, 1), ...keys, retired: false };
  const connected = LoadDevice.connect('http://server', identity, server, {
    onAccepted: () => undefined,
    onMessage: () => arrived++,
    onFrameEnd: () => undefined,
    onFailure: error => t.fail(error.message),
  });
  server.say(
    { kind: 'welcome', ticket: new Uint8Array(1), ticketExpiresAt: 1, time: 1, limits },
    { kind: 'state', upTo: 0, seen: 0, rev: 0, why: null, acked: 4, era: 1 },
  );
  const device = await connected;
  t.same(await server.told(), [{ kind: 'ack', upTo: 4, again: false }], 'where it begins');
  server.say(rows(4, 3), { kind: 'accepted', upTo: 0, at: 1 }, rows(7, 2));
  t.same(await server.told(), [{ kind: 'ack', upTo: 9, again: false }]);
  t.equal(arrived, 5);
  server.say({ kind: 'accepted', upTo: 0, at: 1 });
  t.same(await server.told(), []);
  device.close();
});

void t.test('through faults: what is undecided is offered again, in order', async t => {
  const server = new Server();
  const user = 'alice' as UserId;
  const keys = await nodeCrypto.generateKeyPair();
  const identity = { server: '', user, device: deviceId(user, 1), ...keys, retired: false };
  const seen: (readonly [string, number])[] = [];
  const connected = LoadDevice.connect('http://server', identity, server, {
    onAccepted: (_, upTo) => seen.push(['accepted', upTo]),
    onMessage: (_, { seq }) => seen.push(['message', seq]),
    onFrameEnd: () => undefined,
    onFailure: error => t.fail(error.message),
    throughFaults: {
      onState: (_, undecided) => seen.push(['state', undecided]),
      onDisconnected: () => seen.push(['disconnected', 0]),
    },
  });
  const welcome = {
    kind: 'welcome',
    ticket: new Uint8Array(1),
    ticketExpiresAt: 1,
    time: 1,
    limits,
  } as const;
  const state = (upTo: number, acked: number) =>
    ({ kind: 'state', upTo, seen: upTo, rev: 0, why: null, acked, era: 1 }) as const;
  const offered = async (): Promise<(readonly [number, number])[]> =>
    (await server.told()).flatMap(packet =>
      packet.kind === 'send' ? [[packet.seq, packet.prev] as const] : [],
    );
  server.say(welcome, state(4, 0));
  const device = await connected;
  const to = { kind: 'direct', users: [['bob' as UserId, 1]], own: 1 } as const;
  const send = (): number => device.send(to, new Uint8Array(1));

  t.same([send(), send(), send()], [5, 6, 7]);
  t.same(await offered(), [
    [5, 4],
    [6, 5],
    [7, 6],
  ]);
  server.say({ kind: 'accepted', upTo: 5, at: 1 });
  server.say(state(6, 0));
  t.same(await offered(), [[7, 6]], 'state: what it does not know');
  t.same(seen.splice(0), [
    ['accepted', 5],
    ['accepted', 6],
    ['state', 1],
  ]);
  send();
  t.same(await offered(), [[8, 7]], 'and what follows, once');

  server.say(rows(2, 1));
  server.say(rows(3, 1));
  t.same(await server.told(), [{ kind: 'ack', upTo: 0, again: true }], 'missing rows, asked once');
  server.say(rows(0, 2));
  server.say(rows(0, 3));
  t.same(seen.splice(0), [
    ['message', 1],
    ['message', 2],
    ['message', 3],
  ]);
  await server.told();

  await server.hangUp();
  send();
  t.same(await offered(), [], 'nothing before state');
  server.say(welcome, state(6, 3));
  t.same(await offered(), [
    [7, 6],
    [8, 7],
    [9, 8],
  ]);
  t.same(seen.splice(0), [
    ['disconnected', 0],
    ['state', 3],
  ]);
  device.close();
});
