import type { UserId } from '../ids.ts';
import { packetKinds, type Addressing, type ClientPacket } from '../packets.ts';
import { addressingKinds } from './client-packets.ts';
import type { HotReader } from './hot-reader.ts';

/** Each of them is looked for among those before it. */
const usualUsers = 8;

/** `send` and `ack`, straight from the bytes. @returns null to have it read in the general way */
export function readHotClientPacket(
  reader: HotReader,
  bodyLimitBytes: number,
): ClientPacket | null {
  const elements = reader.arrayHeader();
  const kind = reader.byte();
  if (kind === packetKinds.send && elements === 6) return readSend(reader, bodyLimitBytes);
  if (kind === packetKinds.ack && elements === 3) return readAck(reader);
  return null;
}

function readSend(reader: HotReader, bodyLimitBytes: number): ClientPacket | null {
  const seq = reader.integer();
  if (seq < 1) return null;
  const prev = reader.integer();
  if (prev < 0) return null;
  const rev = reader.integer();
  if (rev < 0) return null;
  const to = readAddressing(reader);
  if (to === null) return null;
  const body = reader.binary(bodyLimitBytes);
  return body === undefined ? null : { kind: 'send', seq, prev, rev, to, body };
}

function readAddressing(reader: HotReader): Addressing | null {
  if (reader.arrayHeader() !== 3) return null;
  const kind = reader.byte();
  if (kind === addressingKinds.group) {
    const group = reader.group();
    if (group === null) return null;
    const version = reader.integer();
    return version < 0 ? null : { kind: 'group', group, version };
  }
  if (kind !== addressingKinds.direct) return null;
  const users = readUsers(reader);
  if (users === null) return null;
  const own = reader.integer();
  return own < 0 ? null : { kind: 'direct', users, own };
}

function readUsers(reader: HotReader): [UserId, number][] | null {
  const count = reader.arrayHeader();
  if (count < 0 || count > usualUsers) return null;
  // Nearly always one: pushed to an empty array it would get room for seventeen.
  const first = count === 0 ? undefined : readUser(reader);
  if (first === null) return null;
  const users = first === undefined ? [] : [first];
  while (users.length < count) {
    const next = readUser(reader);
    if (next === null) return null;
    for (const [other] of users) if (other === next[0]) return null;
    users.push(next);
  }
  return users;
}

function readUser(reader: HotReader): [UserId, number] | null {
  if (reader.arrayHeader() !== 2) return null;
  const user = reader.user();
  if (user === null) return null;
  const version = reader.integer();
  return version < 0 ? null : [user, version];
}

function readAck(reader: HotReader): ClientPacket | null {
  const upTo = reader.integer();
  if (upTo < 0) return null;
  const again = reader.byte();
  if (again !== 0xc2 && again !== 0xc3) return null;
  return { kind: 'ack', upTo, again: again === 0xc3 };
}
