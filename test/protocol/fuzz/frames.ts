/**
 * Frames that no good client sends, for the decoder's tests and for throwing at a running server. Everything follows
 * from the random function given: the same seed makes the same frames.
 */
import { encodeFrame } from '../../../protocol/codec/frame.ts';
import type { DeviceId, GroupId, UserId } from '../../../protocol/ids.ts';
import { packetKinds, type ClientPacket } from '../../../protocol/packets.ts';
import { methods, type Argument, type Method } from '../../../protocol/requests.ts';

/** A number from 0 up to, not including, 1. */
export type Random = () => number;

/** Mulberry32. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export const below = (random: Random, limit: number): number => Math.floor(random() * limit);
export const pick = <T>(random: Random, choices: readonly [T, ...T[]]): T =>
  choices[below(random, choices.length)] ?? choices[0];
const bytesOf = (random: Random, length: number): Uint8Array =>
  Uint8Array.from({ length }, () => below(random, 256));

/** A frame of any sort: well-formed packets, packets with fields that do not fit, msgpack of any shape, any bytes. */
export function randomFrame(random: Random): Uint8Array {
  switch (below(random, 6)) {
    case 0:
      return bytesOf(random, below(random, 200));
    case 1: {
      const out: number[] = [];
      writeValue(out, random, 0);
      return Uint8Array.from(out);
    }
    case 2:
      return goodFrame(random);
    case 3:
      return mutateFrame(goodFrame(random), random);
    default: {
      const packets = below(random, 5);
      const out = [0x90 | packets];
      for (let i = 0; i < packets; i++) writePacket(out, random);
      return Uint8Array.from(out);
    }
  }
}

/** The frame with one to four changes: bits, bytes that begin something large, pieces gone, doubled or moved. */
export function mutateFrame(frame: Uint8Array, random: Random): Uint8Array {
  let bytes = [...frame];
  for (let changes = 1 + below(random, 4); changes > 0; changes--) {
    const at = below(random, bytes.length + 1);
    const end = Math.min(bytes.length, at + below(random, 20));
    switch (below(random, 6)) {
      case 0:
        if (at < bytes.length) bytes[at] = (bytes[at] ?? 0) ^ (1 << below(random, 8));
        break;
      case 1:
        if (at < bytes.length) bytes[at] = pick(random, tokens);
        break;
      case 2:
        bytes = [...bytes.slice(0, at), ...bytes.slice(end)];
        break;
      case 3:
        bytes = [...bytes.slice(0, end), ...bytes.slice(at)];
        break;
      case 4:
        bytes = bytes.slice(0, at);
        break;
      default: {
        const value: number[] = [];
        writeValue(value, random, 0);
        bytes = [...bytes.slice(0, at), ...value, ...bytes.slice(at)];
      }
    }
  }
  return Uint8Array.from(bytes);
}

/** Packets as a client may send them, from a small world of names so that some exist. */
export const goodFrame = (random: Random): Uint8Array =>
  encodeFrame(Array.from({ length: below(random, 5) }, () => goodPacket(random)));

function goodPacket(random: Random): ClientPacket {
  const offer = { seq: 1 + below(random, 20), prev: below(random, 20), rev: below(random, 3) };
  const to = () => ({ group: group(random), version: below(random, 4) });
  switch (pick(random, ['login', 'send', 'send', 'read', 'ack', 'request', 'ping'])) {
    case 'login':
      return {
        kind: 'login',
        version: 1,
        roles: 1 + below(random, 3),
        proof:
          random() < 0.5
            ? { kind: 'signature', signature: bytesOf(random, 64) }
            : { kind: 'ticket', ticket: bytesOf(random, 1 + below(random, 80)) },
        agent: 'fuzz/1',
      };
    case 'send':
      return {
        kind: 'send',
        ...offer,
        to:
          random() < 0.5
            ? { kind: 'group', ...to() }
            : { kind: 'direct', users: [[user(random), below(random, 4)]], own: below(random, 4) },
        body: bytesOf(random, below(random, 100)),
      };
    case 'read':
      return {
        kind: 'read',
        ...offer,
        sender: `${user(random)}:${1 + below(random, 3)}` as DeviceId,
        conversation: random() < 0.5 ? null : group(random),
        upTo: 1 + below(random, 30),
      };
    case 'ack':
      return { kind: 'ack', upTo: below(random, 30), again: random() < 0.3 };
    case 'request': {
      const method = pick(random, methods);
      return {
        kind: 'request',
        id: 1 + below(random, 100),
        method,
        argument: goodArgument[method](random),
      } as ClientPacket;
    }
    default:
      return { kind: 'ping', token: below(random, 1000) };
  }
}

const user = (random: Random): UserId => pick(random, ['alice', 'bob', 'carol']) as UserId;
const group = (random: Random): GroupId =>
  `g_${pick(random, ['A', 'B', 'C']).repeat(22)}` as GroupId;

const goodArgument: { readonly [M in Method]: (random: Random) => Argument<M> } = {
  devices: random => ({ users: [user(random)] }),
  device_approve: random => ({ key: bytesOf(random, 32), signature: bytesOf(random, 64) }),
  device_remove: random => ({ device: `${user(random)}:${1 + below(random, 3)}` as DeviceId }),
  block: random => ({ user: user(random) }),
  unblock: random => ({ user: user(random) }),
  group_create: random => ({ group: group(random), name: 'fuzz', members: [user(random)] }),
  group_add: random => ({ group: group(random), users: [user(random)] }),
  group_remove: random => ({ group: group(random), users: [user(random)] }),
  group_leave: random => ({ group: group(random) }),
  group_info: random => ({ group: group(random) }),
  group_receipts: random => ({ group: group(random) }),
};

/** A packet of a known or unknown kind whose fields are anything. */
function writePacket(out: number[], random: Random): void {
  const fields = below(random, 9);
  out.push(0x90 | (fields + 1));
  const kinds = Object.values(packetKinds) as [number, ...number[]];
  out.push(random() < 0.9 ? pick(random, kinds) : below(random, 128));
  for (let i = 0; i < fields; i++) writeValue(out, random, 2);
}

/** Bytes that begin a value, with the ones that claim much or are refused. */
const tokens = [
  0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc4, 0xc6, 0xc7, 0xc9, 0xca, 0xcb,
  0xcf, 0xd3, 0xd4, 0xd5, 0xd8, 0xd9, 0xdb, 0xdc, 0xdd, 0xde, 0xdf, 0xff,
] as const;

const texts = ['__proto__', 'constructor', 'alice', 'bob', 'alice:1', 'g_', 'devices', 'users'];

/** One msgpack value of any type, rarely broken. */
function writeValue(out: number[], random: Random, depth: number): void {
  switch (below(random, depth > 20 ? 9 : 13)) {
    case 0:
      return void out.push(pick(random, [0xc0, 0xc2, 0xc3]));
    case 1:
      return void out.push(below(random, 128));
    case 2:
      return void out.push(0xcd, below(random, 256), below(random, 256));
    case 3: // integers of 64 bits and floats, safe or not
      return void out.push(pick(random, [0xcf, 0xd3, 0xcb]), ...bytesOf(random, 8));
    case 4:
      return writeText(out, pick(random, texts as [string, ...string[]]));
    case 5: {
      const length = below(random, 40);
      return void out.push(0xd9, length, ...bytesOf(random, length));
    }
    case 6: {
      const length = pick(random, [0, 16, 32, 64, 65]);
      return void out.push(0xc4, length, ...bytesOf(random, length));
    }
    case 7: // extension types: -1 is a timestamp, 0x65 an error, 0x78 a regular expression, 0x72 a record
      return void out.push(0xd5, pick(random, [0xff, 0x65, 0x78, 0x72, 1]), 0x40, 0x41);
    case 8: // claims more than there is, now and then
      if (random() < 0.9) return void out.push(1);
      return void out.push(pick(random, [0xc6, 0xdb, 0xdd, 0xdf]), ...bytesOf(random, 4));
    case 9:
    case 10: {
      const elements = below(random, 5);
      out.push(0x90 | elements);
      for (let i = 0; i < elements; i++) writeValue(out, random, depth + 1);
      return;
    }
    case 11: {
      const entries = below(random, 4);
      out.push(0x80 | entries);
      for (let i = 0; i < entries; i++) {
        if (random() < 0.9) writeText(out, pick(random, texts as [string, ...string[]]));
        else writeValue(out, random, depth + 1);
        writeValue(out, random, depth + 1);
      }
      return;
    }
    default: {
      const levels = below(random, 30);
      for (let i = 0; i < levels; i++) out.push(0x91);
      return void out.push(0xc0);
    }
  }
}

function writeText(out: number[], text: string): void {
  out.push(0xa0 | text.length);
  for (const character of text) out.push(character.charCodeAt(0));
}
