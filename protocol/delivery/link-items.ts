/**
 * What shards tell each other, in bytes. An item is what one shard does to mailboxes of another: the devices, all of them of the
 * receiving shard, and the row they get in the bytes of the wire, so that the receiving shard encodes nothing again.
 * In msgpack, one item after the other: `[device, …] kind elements length`, then `length` bytes of the row's tail.
 */
import { DamagedRow, tailMemoryBytes, type RowTail } from '../codec/encoded-rows.ts';
import { HotReader } from '../codec/hot-reader.ts';
import { rowElements, rowKinds } from '../codec/rows.ts';
import { MsgpackWriter } from '../codec/writer.ts';
import type { Conversation, DeviceId } from '../ids.ts';
import { limits } from '../limits.ts';

/**
 * What one batch of a shard left for another shard: rows numbered `after + 1` to `after + count`. The same bytes are
 * stored, wait in the link and cross to the other shard.
 */
export interface LinkSegment {
  /** The number before the first row. */
  readonly after: number;
  readonly count: number;
  readonly items: Uint8Array;
}

export interface LinkItem {
  readonly devices: readonly DeviceId[];
  readonly tail: RowTail;
}

/** A segment is ended by the item that brings it here: what crosses and is read back at once has a size. */
export const LINK_SEGMENT_BYTES = 256 * 1024;

const writer = new MsgpackWriter(64 * 1024, 1024 * 1024);

/** @param after the newest number given before; the items get the next ones */
export function encodeSegments(after: number, items: readonly LinkItem[]): LinkSegment[] {
  const segments: LinkSegment[] = [];
  let first = after;
  let count = 0;
  writer.reset();
  for (const item of items) {
    writeItem(item);
    count++;
    if (writer.position < LINK_SEGMENT_BYTES && first + count < after + items.length) continue;
    // Memory of its own: it may wait for long, and must not keep what others have their parts of.
    segments.push({ after: first, count, items: writer.written.slice() });
    first += count;
    count = 0;
    writer.reset();
  }
  return segments;
}

function writeItem({ devices, tail }: LinkItem): void {
  writer.arrayHeader(devices.length);
  for (const device of devices) writer.text(device);
  writer.integer(tail.kind);
  writer.integer(tail.elements);
  writer.integer(tail.bytes.length);
  writer.raw(tail.bytes);
}

/**
 * The items of a segment. Tails are views into its bytes.
 * @throws DamagedRow when these are not what {@link encodeSegments} writes
 */
export function readItems({ count, items: bytes }: LinkSegment): LinkItem[] {
  const reader = new HotReader(bytes);
  const items: LinkItem[] = [];
  while (reader.position < bytes.length) items.push(readItem(reader, bytes));
  if (items.length !== count)
    throw new DamagedRow(bytes.length, `${items.length} items where there were ${count}`);
  return items;
}

function readItem(reader: HotReader, bytes: Uint8Array): LinkItem {
  const start = reader.position;
  const devices: DeviceId[] = [];
  for (let left = reader.arrayHeader(); left > 0; left--) {
    const device = reader.device();
    if (device === null) throw new DamagedRow(start, 'an item names what is no device');
    devices.push(device);
  }
  const kind = reader.integer();
  const elements = reader.integer();
  const length = reader.integer();
  const from = reader.position;
  if (elementsOf.get(kind) !== elements || length < 0 || length > bytes.length - from)
    throw new DamagedRow(start, 'no item begins here');
  reader.position = from + length;
  return { devices, tail: { kind, elements, bytes: bytes.subarray(from, from + length) } };
}

const elementsOf: ReadonlyMap<number, number> = new Map(
  Object.entries(rowKinds).map(([name, kind]) => [
    kind,
    rowElements[name as keyof typeof rowKinds],
  ]),
);

/** What a tail says of its message. */
interface MessageHead {
  readonly from: DeviceId;
  readonly seq: number;
  readonly conversation: Conversation;
  /** Bytes of the body. */
  readonly size: number;
}

/** @throws DamagedRow when the tail is no message’s */
export function messageHead({ bytes }: RowTail): MessageHead {
  const reader = new HotReader(bytes);
  const from = reader.device();
  const seq = reader.integer();
  const isDirect = bytes[reader.position] === NIL;
  if (isDirect) reader.position++;
  const conversation = isDirect ? null : reader.group();
  const acceptedAt = reader.integer();
  const size = reader.binary(limits.bodyBytes)?.length;
  if (
    from === null ||
    seq < 1 ||
    (conversation === null && !isDirect) ||
    acceptedAt < 0 ||
    size === undefined ||
    reader.position !== bytes.length
  )
    throw new DamagedRow(reader.position, 'a message was expected here');
  return { from, seq, conversation, size };
}

const NIL = 0xc0;

/** Whom a row that is no message is about; null for a group’s. @throws DamagedRow when it does not say */
export function peerOf({ kind, bytes }: RowTail): DeviceId | null {
  if (kind === rowKinds.group) return null;
  const peer = new HotReader(bytes).device();
  if (peer === null) throw new DamagedRow(0, 'a row was expected that names its peer');
  return peer;
}

const tails = new MsgpackWriter(tailMemoryBytes, 256 * 1024);

/** The tail in other memory: a view of a segment would keep all of it for as long as the row waits. */
export function ownTail({ kind, elements, bytes }: RowTail): RowTail {
  tails.reset();
  tails.raw(bytes);
  return { kind, elements, bytes: tails.give() };
}
