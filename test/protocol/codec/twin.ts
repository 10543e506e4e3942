/**
 * The codec's simple twin, which the fast one has to agree with: packets are written as arrays by msgpackr, and read
 * from arrays after the whole frame was scanned.
 */
import { writeClientPacket } from '../../../protocol/codec/client-packets.ts';
import {
  clientPackets,
  decodeFrame,
  serverPackets,
  type BadPacket,
  type FrameLimits,
} from '../../../protocol/codec/frame.ts';
import { integer, pack } from '../../../protocol/codec/msgpack.ts';
import { writeServerPacket } from '../../../protocol/codec/server-packets.ts';
import { limits } from '../../../protocol/limits.ts';
import type { ClientPacket, ServerPacket } from '../../../protocol/packets.ts';
import type { Row } from '../../../protocol/rows.ts';

export const simpleFrame = (packets: readonly (ClientPacket | ServerPacket)[]): Uint8Array =>
  new Uint8Array(pack(packets.map(simpleArray)));

/** A packet as the array of its fields, which any encoder of msgpack may write. */
export function simpleArray(packet: ClientPacket | ServerPacket): unknown[] {
  switch (packet.kind) {
    case 'send': {
      const { seq, prev, rev, to, body } = packet;
      const addressing =
        to.kind === 'group'
          ? [2, to.group, integer(to.version)]
          : [1, to.users.map(([user, version]) => [user, integer(version)]), integer(to.own)];
      return [2, integer(seq), integer(prev), integer(rev), addressing, body];
    }
    case 'ack':
      return [4, integer(packet.upTo), packet.again];
    case 'accepted':
      return [36, integer(packet.upTo), integer(packet.at)];
    case 'deliver':
      return [38, integer(packet.after), packet.rows.map(simpleRow)];
    case 'login':
    case 'read':
    case 'request':
    case 'ping':
      return writeClientPacket(packet);
    default:
      return writeServerPacket(packet);
  }
}

export function simpleRow(row: Row): unknown[] {
  switch (row.kind) {
    case 'message': {
      const { n, from, seq, conversation, acceptedAt, body } = row;
      return [1, integer(n), from, integer(seq), conversation, integer(acceptedAt), body];
    }
    case 'receipt': {
      const read = row.read.map(([conversation, upTo]) => [conversation, integer(upTo)]);
      return [2, integer(row.n), row.peer, integer(row.delivered), read];
    }
    case 'undelivered':
      return [3, integer(row.n), row.peer, integer(row.after), integer(row.upTo)];
    case 'group': {
      const { n, group, version, event, by, users, at } = row;
      return [4, integer(n), group, integer(version), event, by, users, integer(at)];
    }
  }
}

export const simpleClientFrame = (
  data: Uint8Array,
  bounds: FrameLimits = limits,
): (ClientPacket | BadPacket)[] =>
  decodeFrame(data, bounds.frameBytes, bounds.packetBytes, {
    ...clientPackets(bounds.bodyBytes),
    hot: () => null,
  });

export const simpleServerFrame = (data: Uint8Array): (ServerPacket | BadPacket)[] =>
  decodeFrame(data, limits.frameBytes, limits.frameBytes, { ...serverPackets, hot: () => null });
