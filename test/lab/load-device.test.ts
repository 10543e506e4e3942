import t from 'tap';
import type { Transport, TransportHandlers } from '../../client/transport.ts';
import { LoadDevice } from '../../lab/load-device.ts';
import { decodeClientFrame, encodeFrame, type BadPacket } from '../../protocol/codec/frame.ts';
import { nodeCrypto } from '../../protocol/crypto/node.ts';
import { deviceId, type UserId } from '../../protocol/ids.ts';
import { limits } from '../../protocol/limits.ts';
import type { ClientPacket, Deliver, ServerPacket } from '../../protocol/packets.ts';

/** The other end of the only connection: says what the test wants, and remembers what it was told. */
class Server implements Transport {
  #device: TransportHandlers | null = null;
  heard: (ClientPacket | BadPacket)[] = [];

  connect(_url: string, _subprotocol: string, handlers: TransportHandlers) {
    this.#device = handlers;
    return {
      bufferedBytes: 0,
      send: (data: Uint8Array) => void this.heard.push(...decodeClientFrame(data)),
      close: () => undefined,
    };
  }

  say(...packets: ServerPacket[]): void {
    this.#device?.onMessage(encodeFrame(packets));
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
