import { limits } from '../limits.ts';
import {
  packetKinds,
  type Ack,
  type Addressing,
  type ClientPacket,
  type Login,
  type RequestPacket,
  type Send,
} from '../packets.ts';
import { readArgument, readMethod } from './arguments.ts';
import {
  BadField,
  readArray,
  readBinary,
  readConversation,
  readDevice,
  readFlag,
  readGroup,
  readInteger,
  readText,
  readUser,
  unknownVariant,
} from './fields.ts';
import { integer } from './msgpack.ts';

/** The packets that clients send, as arrays. What a position means stands in docs/protocol.md. */

/** The first element of a login's proof. */
export const proofKinds = { signature: 1, ticket: 2 } as const;
/** The first element of a send's addressing. */
export const addressingKinds = { direct: 1, group: 2 } as const;

/** All but `send` and `ack`, which frame-writer.ts writes by hand. */
export function writeClientPacket(packet: Exclude<ClientPacket, Send | Ack>): unknown[] {
  switch (packet.kind) {
    case 'read':
      return [
        packetKinds.read,
        integer(packet.seq),
        integer(packet.prev),
        integer(packet.rev),
        packet.sender,
        packet.conversation,
        integer(packet.upTo),
      ];
    case 'request':
      return [packetKinds.request, integer(packet.id), packet.method, packet.argument];
    case 'ping':
      return [packetKinds.ping, integer(packet.token)];
    case 'login':
      return [
        packetKinds.login,
        packet.version,
        packet.roles,
        packet.proof.kind === 'signature'
          ? [proofKinds.signature, packet.proof.signature]
          : [proofKinds.ticket, packet.proof.ticket],
        packet.agent,
      ];
  }
}

/** @returns undefined for a kind that clients do not send */
export function readClientPacket(
  array: readonly unknown[],
  bodyLimitBytes: number,
): ClientPacket | undefined {
  switch (array[0]) {
    case packetKinds.send:
      return {
        kind: 'send',
        seq: readInteger(array[1], 'seq', 1),
        prev: readInteger(array[2], 'prev'),
        rev: readInteger(array[3], 'rev'),
        to: readAddressing(array[4]),
        body: readBinary(array[5], 'body', 0, bodyLimitBytes),
      };
    case packetKinds.ack:
      return {
        kind: 'ack',
        upTo: readInteger(array[1], 'upTo'),
        again: readFlag(array[2], 'again'),
      };
    case packetKinds.read:
      return {
        kind: 'read',
        seq: readInteger(array[1], 'seq', 1),
        prev: readInteger(array[2], 'prev'),
        rev: readInteger(array[3], 'rev'),
        sender: readDevice(array[4], 'sender'),
        conversation: readConversation(array[5], 'conversation'),
        upTo: readInteger(array[6], 'upTo', 1),
      };
    case packetKinds.request: {
      const id = readInteger(array[1], 'id', 1);
      const method = readMethod(array[2]);
      // The method has chosen its reader, which the compiler cannot follow.
      return {
        kind: 'request',
        id,
        method,
        argument: readArgument(method, array[3]),
      } as RequestPacket;
    }
    case packetKinds.ping:
      return { kind: 'ping', token: readInteger(array[1], 'token') };
    case packetKinds.login:
      return readLogin(array);
    default:
      return undefined;
  }
}

function readLogin(array: readonly unknown[]): Login {
  const version = readInteger(array[1], 'version');
  // What follows may look different in another version.
  if (version !== 1)
    throw new BadField('unsupported_version', 'version', 'This server speaks version 1.', 1);
  return {
    kind: 'login',
    version,
    roles: readInteger(array[2], 'roles', 1, 3),
    proof: readProof(array[3]),
    agent: readText(array[4], 'agent', limits.agentCharacters),
  };
}

function readProof(value: unknown): Login['proof'] {
  const [kind, bytes] = readArray(value, 'proof');
  switch (kind) {
    case proofKinds.signature:
      return { kind: 'signature', signature: readBinary(bytes, 'proof.signature', 64, 64) };
    case proofKinds.ticket:
      return { kind: 'ticket', ticket: readBinary(bytes, 'proof.ticket', 1, limits.ticketBytes) };
    default:
      throw unknownVariant('proof', '1 (a signature) or 2 (a ticket)');
  }
}

function readAddressing(value: unknown): Addressing {
  const array = readArray(value, 'to');
  switch (array[0]) {
    case addressingKinds.direct: {
      const users = readArray(array[1], 'to.users', limits.recipientsPerSend).map(pair => {
        const [user, version] = readArray(pair, 'to.users');
        return [readUser(user, 'to.users'), readInteger(version, 'to.users.version')] as const;
      });
      // A user named twice would get the message twice.
      if (users.length > 1 && new Set(users.map(([user]) => user)).size < users.length)
        throw new BadField('bad_field', 'to.users', 'to.users must name each user once.');
      return { kind: 'direct', users, own: readInteger(array[2], 'to.own') };
    }
    case addressingKinds.group:
      return {
        kind: 'group',
        group: readGroup(array[1], 'to.group'),
        version: readInteger(array[2], 'to.version'),
      };
    default:
      throw unknownVariant('to', '1 (direct) or 2 (a group)');
  }
}
