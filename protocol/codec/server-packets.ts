import { errors, isErrorCode, type CloseCode, type ErrorCode } from '../errors.ts';
import { limits } from '../limits.ts';
import {
  packetKinds,
  type Accepted,
  type Close,
  type Deliver,
  type ErrorPacket,
  type ServerPacket,
  type WireLimits,
} from '../packets.ts';
import { readMethod } from './arguments.ts';
import { readArray, readBinary, readInteger, readMap, readOptional, readText } from './fields.ts';
import { integer } from './msgpack.ts';
import { readRefusal, writeRefusal } from './refusals.ts';
import { readReply, writeReply } from './replies.ts';
import { readRow } from './rows.ts';

/** The packets that servers send, as arrays. What a position means stands in docs/protocol.md. */

/** All but `accepted` and `deliver`, which frame-writer.ts writes by hand. */
export function writeServerPacket(packet: Exclude<ServerPacket, Accepted | Deliver>): unknown[] {
  switch (packet.kind) {
    case 'rejected':
      return [
        packetKinds.rejected,
        integer(packet.seq),
        integer(packet.rev),
        writeRefusal(packet.why),
        integer(packet.upTo),
      ];
    case 'state':
      return [
        packetKinds.state,
        integer(packet.upTo),
        integer(packet.seen),
        integer(packet.rev),
        packet.why === null ? null : writeRefusal(packet.why),
        integer(packet.acked),
        integer(packet.era),
      ];
    case 'reply':
      return [packetKinds.reply, integer(packet.id), packet.method, writeReply(packet.value)];
    case 'error':
      return [
        packetKinds.error,
        packet.code,
        packet.message,
        packet.field ?? null,
        optionalInteger(packet.limit),
        optionalInteger(packet.about),
        optionalInteger(packet.retryAfterMs),
      ];
    case 'close':
      return [
        packetKinds.close,
        packet.code,
        packet.message,
        packet.retryAfterMs === null ? null : integer(packet.retryAfterMs),
      ];
    case 'pong':
      return [packetKinds.pong, integer(packet.token)];
    case 'challenge':
      return [packetKinds.challenge, packet.nonce, integer(packet.time)];
    case 'welcome':
      return [
        packetKinds.welcome,
        packet.ticket,
        integer(packet.ticketExpiresAt),
        integer(packet.time),
        packet.limits,
      ];
  }
}

const optionalInteger = (value: number | undefined): number | bigint | null =>
  value === undefined ? null : integer(value);

/** @returns undefined for a kind that servers of this version do not send */
export function readServerPacket(array: readonly unknown[]): ServerPacket | undefined {
  switch (array[0]) {
    case packetKinds.deliver:
      return {
        kind: 'deliver',
        after: readInteger(array[1], 'after'),
        rows: readArray(array[2], 'rows').map(readRow),
      };
    case packetKinds.accepted:
      return {
        kind: 'accepted',
        upTo: readInteger(array[1], 'upTo'),
        at: readInteger(array[2], 'at'),
      };
    case packetKinds.rejected:
      return {
        kind: 'rejected',
        seq: readInteger(array[1], 'seq', 1),
        rev: readInteger(array[2], 'rev'),
        why: readRefusal(array[3], 'why'),
        upTo: readInteger(array[4], 'upTo'),
      };
    case packetKinds.state:
      return {
        kind: 'state',
        upTo: readInteger(array[1], 'upTo'),
        seen: readInteger(array[2], 'seen'),
        rev: readInteger(array[3], 'rev'),
        why: readOptional(array[4], why => readRefusal(why, 'why')) ?? null,
        acked: readInteger(array[5], 'acked'),
        era: readInteger(array[6], 'era'),
      };
    case packetKinds.reply: {
      const id = readInteger(array[1], 'id', 1);
      const method = readMethod(array[2]);
      return { kind: 'reply', id, method, value: readReply(method, array[3]) };
    }
    case packetKinds.error:
      return readError(array);
    case packetKinds.close:
      return readClose(array);
    case packetKinds.pong:
      return { kind: 'pong', token: readInteger(array[1], 'token') };
    case packetKinds.challenge:
      return {
        kind: 'challenge',
        nonce: readBinary(array[1], 'nonce', 32, 32),
        time: readInteger(array[2], 'time'),
      };
    case packetKinds.welcome:
      return {
        kind: 'welcome',
        ticket: readBinary(array[1], 'ticket', 1, limits.ticketBytes),
        ticketExpiresAt: readInteger(array[2], 'ticketExpiresAt'),
        time: readInteger(array[3], 'time'),
        limits: readLimits(array[4]),
      };
    default:
      return undefined;
  }
}

function readError(array: readonly unknown[]): ErrorPacket {
  const field = readOptional(array[3], value => readText(value, 'field', limits.messageCharacters));
  const limit = readOptional(array[4], value => readInteger(value, 'limit'));
  const about = readOptional(array[5], value => readInteger(value, 'about'));
  const retryAfterMs = readOptional(array[6], value => readInteger(value, 'retryAfterMs'));
  return {
    kind: 'error',
    code: readCode(array[1]),
    message: readText(array[2], 'message', limits.messageCharacters),
    ...(field === undefined ? {} : { field }),
    ...(limit === undefined ? {} : { limit }),
    ...(about === undefined ? {} : { about }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
}

function readClose(array: readonly unknown[]): Close {
  const code = readCode(array[1]);
  return {
    kind: 'close',
    code: errors[code].closes === null ? 'internal' : (code as CloseCode),
    message: readText(array[2], 'message', limits.messageCharacters),
    retryAfterMs: readOptional(array[3], value => readInteger(value, 'retryAfterMs')) ?? null,
  };
}

/** A code that a newer server made up is read as `internal`; its message says what it is about. */
function readCode(value: unknown): ErrorCode {
  readText(value, 'code', limits.messageCharacters);
  return isErrorCode(value) ? value : 'internal';
}

function readLimits(value: unknown): WireLimits {
  const map = readMap(value, 'limits');
  const limit = (name: keyof WireLimits): number => readInteger(map[name], `limits.${name}`, 1);
  return {
    packetBytes: limit('packetBytes'),
    frameBytes: limit('frameBytes'),
    bodyBytes: limit('bodyBytes'),
    unacceptedSends: limit('unacceptedSends'),
    unackedRows: limit('unackedRows'),
    openRequests: limit('openRequests'),
    idleTimeoutMs: limit('idleTimeoutMs'),
  };
}
