import type { Conversation } from '../ids.ts';
import { limits } from '../limits.ts';
import { packetKinds, type ServerPacket } from '../packets.ts';
import type { Row } from '../rows.ts';
import type { HotReader } from './hot-reader.ts';
import { rowKinds } from './rows.ts';

/** `accepted`, and `deliver` with messages and receipts, straight from the bytes. @returns null as in hot-client-packets.ts */
export function readHotServerPacket(reader: HotReader): ServerPacket | null {
  if (reader.arrayHeader() !== 3) return null;
  switch (reader.byte()) {
    case packetKinds.deliver:
      return readDeliver(reader);
    case packetKinds.accepted:
      return readAccepted(reader);
    default:
      return null;
  }
}

function readAccepted(reader: HotReader): ServerPacket | null {
  const upTo = reader.integer();
  if (upTo < 0) return null;
  const at = reader.integer();
  return at < 0 ? null : { kind: 'accepted', upTo, at };
}

function readDeliver(reader: HotReader): ServerPacket | null {
  const after = reader.integer();
  if (after < 0) return null;
  const count = reader.arrayHeader();
  if (count < 0) return null;
  const rows: Row[] = [];
  for (let i = 0; i < count; i++) {
    const row = readRow(reader);
    if (row === null) return null;
    rows.push(row);
  }
  return { kind: 'deliver', after, rows };
}

function readRow(reader: HotReader): Row | null {
  const elements = reader.arrayHeader();
  const kind = reader.byte();
  if (kind === rowKinds.message && elements === 7) return readMessage(reader);
  if (kind === rowKinds.receipt && elements === 5) return readReceipt(reader);
  return null;
}

function readMessage(reader: HotReader): Row | null {
  const n = reader.integer();
  if (n < 1) return null;
  const from = reader.device();
  if (from === null) return null;
  const seq = reader.integer();
  if (seq < 1) return null;
  const conversation = readConversation(reader);
  if (conversation === undefined) return null;
  const acceptedAt = reader.integer();
  if (acceptedAt < 0) return null;
  const body = reader.binary(limits.bodyBytes);
  if (body === undefined) return null;
  return { kind: 'message', n, from, seq, conversation, acceptedAt, body };
}

function readReceipt(reader: HotReader): Row | null {
  const n = reader.integer();
  if (n < 1) return null;
  const peer = reader.device();
  if (peer === null) return null;
  const delivered = reader.integer();
  if (delivered < 0) return null;
  const count = reader.arrayHeader();
  if (count < 0 || count > limits.conversationsPerReceipt) return null;
  const read: [Conversation, number][] = [];
  for (let i = 0; i < count; i++) {
    if (reader.arrayHeader() !== 2) return null;
    const conversation = readConversation(reader);
    if (conversation === undefined) return null;
    const upTo = reader.integer();
    if (upTo < 0) return null;
    read.push([conversation, upTo]);
  }
  return { kind: 'receipt', n, peer, delivered, read };
}

/** @returns undefined for what is neither a group nor nil */
function readConversation(reader: HotReader): Conversation | undefined {
  if (reader.is(0xc0)) return null;
  reader.position--;
  return reader.group() ?? undefined;
}
