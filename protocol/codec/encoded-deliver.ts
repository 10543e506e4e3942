import { limits } from '../limits.ts';
import { packetKinds, type ServerPacket } from '../packets.ts';
import { encodedRowBytes, type EncodedRow } from './encoded-rows.ts';
import { FrameWriter, writePacket } from './frame-writer.ts';
import { arrayHeaderBytes, integerBytes, type MsgpackWriter } from './writer.ts';

/** A `deliver` whose rows are encoded already; see encoded-rows.ts. */
export interface EncodedDeliver {
  readonly kind: 'deliver';
  readonly after: number;
  readonly encoded: readonly EncodedRow[];
}

const frames = new FrameWriter();

/**
 * Encodes what a server sends into as many frames as the limits ask for, in order: the frames that `splitFrames`
 * makes of the same packets. Their memory belongs to the caller.
 * @throws RangeError when one packet alone is larger than a frame
 */
export function encodeServerFrames(
  packets: readonly (ServerPacket | EncodedDeliver)[],
  frameBytes: number = limits.frameBytes,
): Uint8Array[] {
  frames.begin();
  for (const packet of packets) {
    if ('encoded' in packet) writeDeliver(frames.packet, packet);
    else writePacket(frames.packet, packet);
    frames.end();
  }
  return frames.frames(frameBytes);
}

function writeDeliver(writer: MsgpackWriter, { after, encoded }: EncodedDeliver): void {
  writer.arrayHeader(3);
  writer.integer(packetKinds.deliver);
  writer.integer(after);
  writer.arrayHeader(encoded.length);
  for (const { n, tail } of encoded) {
    writer.arrayHeader(tail.elements);
    writer.integer(tail.kind);
    writer.integer(n);
    writer.raw(tail.bytes);
  }
}

/**
 * Cuts a `deliver` into several of at most `packetBytes` each, to the byte (one row is always allowed), with the
 * `after` of each following on the row before it.
 */
export function splitEncodedDeliver(
  deliver: EncodedDeliver,
  packetBytes: number = limits.packetBytes,
): EncodedDeliver[] {
  const { encoded } = deliver;
  const parts: EncodedDeliver[] = [];
  let { after } = deliver;
  let first = 0;
  let rowBytes = 0;
  let last = after;
  let index = 0;
  for (const row of encoded) {
    const size = encodedRowBytes(row);
    const count = index - first;
    if (count > 0 && headBytes(after, count + 1) + rowBytes + size > packetBytes) {
      parts.push({ kind: 'deliver', after, encoded: encoded.slice(first, index) });
      after = last;
      first = index;
      rowBytes = 0;
    }
    rowBytes += size;
    last = row.n;
    index++;
  }
  if (parts.length === 0) return [deliver];
  parts.push({ kind: 'deliver', after, encoded: encoded.slice(first) });
  return parts;
}

/** The packet's array and kind, `after`, and the header of the rows' array. */
const headBytes = (after: number, rows: number): number =>
  2 + integerBytes(after) + arrayHeaderBytes(rows);
