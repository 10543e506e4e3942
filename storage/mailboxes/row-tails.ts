/**
 * The rows of a mailbox as the store makes them: encoded once per message, whatever the number of devices that get
 * it, together with what must be known to let them go again.
 */
import { encodeTail, type EncodedRow, type RowTail } from '../../protocol/codec/encoded-rows.ts';
import {
  arrayHeaderBytes,
  integerBytes,
  writeArrayHeader,
  writeInteger,
} from '../../protocol/codec/writer.ts';
import type { Conversation, DeviceId } from '../../protocol/ids.ts';
import type { NotedRow } from '../links/contract.ts';

/** What is known of a row without reading its bytes. One object for all devices that get the message. */
export interface RowSummary {
  /** The sending device, or whom the row is about; null for a group's. */
  readonly peer: DeviceId | null;
  /** The sending device's number; 0 for what is no message. */
  readonly seq: number;
  readonly conversation: Conversation;
  /** Bytes of the body: what mailboxes and windows count. */
  readonly size: number;
  /** The body's record when several rows share it. */
  readonly bodyId: number | null;
}

export interface MailboxTail extends RowTail {
  readonly summary: RowSummary;
}

/** A row of a device's mailbox: its number, and all else in a tail that other devices' rows may share. */
export interface MailboxRow extends EncodedRow {
  readonly tail: MailboxTail;
}

/** As it is appended: `atRest` is what a segment holds, where that is not the wire's form. */
export interface AppendedTail extends MailboxTail {
  readonly atRest: RowTail | null;
}

export interface AppendedRow extends MailboxRow {
  readonly tail: AppendedTail;
}

/** A row that is in no table yet, appended by this program or read back from the journal: that one is at rest already. */
export interface UnstoredRow extends EncodedRow {
  readonly tail: RowTail & { readonly atRest: RowTail | null };
}

export interface StoredMessage {
  readonly from: DeviceId;
  readonly seq: number;
  readonly conversation: Conversation;
  readonly acceptedAt: number;
  readonly body: Uint8Array;
}

/** A message's tail, which all its rows share, in whichever shard they are. */
export interface MessageTail extends AppendedTail {
  readonly summary: RowSummary & { readonly peer: DeviceId };
}

/** Keeps nothing of the message's body, which is a view into somebody's frame. */
export function messageTail({
  from,
  seq,
  conversation,
  acceptedAt,
  body,
}: StoredMessage): MessageTail {
  const { kind, elements, bytes } = encodeTail({
    kind: 'message',
    from,
    seq,
    conversation,
    acceptedAt,
    body,
  });
  const summary = { peer: from, seq, conversation, size: body.length, bodyId: null };
  return { kind, elements, bytes, summary, atRest: null };
}

/** The tail of rows that share their body: at rest they name it instead. */
export function sharedTail(message: MessageTail, bodyId: number): AppendedTail {
  const { kind, elements, bytes } = message;
  const { size } = message.summary;
  const bodyAt = bytes.length - binaryHeaderBytes(size) - size;
  const atRest = { kind, elements, bytes: withReference(bytes, bodyAt, { bodyId, size }) };
  return { kind, elements, bytes, summary: { ...message.summary, bodyId }, atRest };
}

export function notedTail(row: NotedRow): AppendedTail {
  const { kind, elements, bytes } = encodeTail(row);
  const peer = row.kind === 'group' ? null : row.peer;
  return { kind, elements, bytes, summary: { ...noMessage, peer }, atRest: null };
}

/** What the summary of a row that is no message says, its peer aside. */
export const noMessage = { seq: 0, conversation: null, size: 0, bodyId: null } as const;

/** A shared body, as a stored row names it in the body's place: `[bodyId, size]`. */
interface BodyReference {
  readonly bodyId: number;
  readonly size: number;
}

/** A message's elements as they are stored: those before the body, then the reference. */
export function withReference(
  bytes: Uint8Array,
  bodyAt: number,
  { bodyId, size }: BodyReference,
): Uint8Array {
  const length = bodyAt + arrayHeaderBytes(2) + integerBytes(bodyId) + integerBytes(size);
  const made = new Uint8Array(length);
  made.set(bytes.subarray(0, bodyAt));
  const at = writeInteger(made, writeArrayHeader(made, bodyAt, 2), bodyId);
  writeInteger(made, at, size);
  return made;
}

/** The bytes of the wire again: those before the reference, then the body. */
export function withBody(bytes: Uint8Array, referenceAt: number, body: Uint8Array): Uint8Array {
  const { length } = body;
  const header = binaryHeaderBytes(length);
  const made = new Uint8Array(referenceAt + header + length);
  made.set(bytes.subarray(0, referenceAt));
  made[referenceAt] = header === 2 ? 0xc4 : header === 3 ? 0xc5 : 0xc6;
  for (let i = 1, rest = length; i < header; i++, rest = Math.floor(rest / 256))
    made[referenceAt + header - i] = rest & 0xff;
  made.set(body, referenceAt + header);
  return made;
}

const binaryHeaderBytes = (length: number): number =>
  length < 0x100 ? 2 : length < 0x1_0000 ? 3 : 5;
