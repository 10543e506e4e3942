import { limits } from '../limits.ts';
import {
  packetKinds,
  type ClientPacket,
  type Deliver,
  type Send,
  type ServerPacket,
} from '../packets.ts';
import type { Row } from '../rows.ts';
import { addressingKinds, writeClientPacket } from './client-packets.ts';
import { pack } from './msgpack.ts';
import { rowElements, rowKinds, writeTail } from './rows.ts';
import { writeServerPacket } from './server-packets.ts';
import { arrayHeaderBytes, MsgpackWriter, writeArrayHeader } from './writer.ts';

/** A small frame keeps as much memory as this, and its neighbours in it. */
export const frameMemoryBytes = 32 * 1024;

/** For the header of a frame's array, which is known at the end. */
const HEAD_ROOM = arrayHeaderBytes(limits.packetsPerFrame);

/**
 * Packets into frames: each is encoded once, behind the one before it, with room left for the frame's own header. Nearly
 * always all of them are one frame, which is given away where it stands.
 */
export class FrameWriter {
  readonly #writer = new MsgpackWriter(frameMemoryBytes, 4 * limits.frameBytes);
  /** Where each packet begins, and where the last one ends; counted from the writer's start. */
  readonly #edges: number[] = [HEAD_ROOM];
  #packets = 0;

  /** Forgets what was written before. */
  begin(): void {
    const writer = this.#writer;
    writer.reset();
    writer.skip(HEAD_ROOM);
    this.#packets = 0;
  }

  /** Where the bytes of the next packet go; {@link end} closes it. */
  get packet(): MsgpackWriter {
    return this.#writer;
  }

  end(): void {
    this.#packets += 1;
    this.#edges[this.#packets] = this.#writer.position - this.#writer.start;
  }

  get packets(): number {
    return this.#packets;
  }

  /** The size of a frame with the packets from `first` up to, not including, `last`. */
  frameBytes(first: number, last: number): number {
    return arrayHeaderBytes(last - first) + this.#edge(last) - this.#edge(first);
  }

  /** One frame with all packets, in memory that belongs to the caller. Nothing can be had of them after it. */
  wholeFrame(): Uint8Array {
    const writer = this.#writer;
    const packets = this.#packets;
    const free = HEAD_ROOM - arrayHeaderBytes(packets);
    writeArrayHeader(writer.bytes, writer.start + free, packets);
    return writer.give(free);
  }

  /**
   * As many frames as the limits ask for, in order: what does not fit is cut into halves. Nothing can be had of the
   * packets after it.
   * @throws RangeError when one packet alone is larger than a frame
   */
  frames(frameBytes: number): Uint8Array[] {
    const packets = this.#packets;
    if (packets === 0) return [];
    return this.#isFrame(0, packets, frameBytes)
      ? [this.wholeFrame()]
      : this.#cut(0, packets, frameBytes);
  }

  #isFrame(first: number, last: number, frameBytes: number): boolean {
    return last - first <= limits.packetsPerFrame && this.frameBytes(first, last) <= frameBytes;
  }

  #cut(first: number, last: number, frameBytes: number): Uint8Array[] {
    if (this.#isFrame(first, last, frameBytes)) return [this.#copyFrame(first, last)];
    const count = last - first;
    if (count === 1) {
      const bytes = this.frameBytes(first, last);
      throw new RangeError(`a frame holds ${frameBytes} bytes, got a packet that needs ${bytes}`);
    }
    const middle = first + (count >> 1);
    return [...this.#cut(first, middle, frameBytes), ...this.#cut(middle, last, frameBytes)];
  }

  #copyFrame(first: number, last: number): Uint8Array {
    const { bytes, start } = this.#writer;
    const frame = new Uint8Array(this.frameBytes(first, last));
    const at = writeArrayHeader(frame, 0, last - first);
    frame.set(bytes.subarray(start + this.#edge(first), start + this.#edge(last)), at);
    return frame;
  }

  #edge(index: number): number {
    return this.#edges[index] ?? 0;
  }
}

/** Writes one packet; those that come by the thousand without an array of fields first. */
export function writePacket(writer: MsgpackWriter, packet: ClientPacket | ServerPacket): void {
  switch (packet.kind) {
    case 'send':
      return writeSend(writer, packet);
    case 'ack':
      writer.arrayHeader(3);
      writer.integer(packetKinds.ack);
      writer.integer(packet.upTo);
      writer.boolean(packet.again);
      return;
    case 'accepted':
      writer.arrayHeader(3);
      writer.integer(packetKinds.accepted);
      writer.integer(packet.upTo);
      writer.integer(packet.at);
      return;
    case 'deliver':
      return writeDeliver(writer, packet);
    case 'login':
    case 'read':
    case 'request':
    case 'ping':
      return writer.raw(pack(writeClientPacket(packet)));
    default:
      return writer.raw(pack(writeServerPacket(packet)));
  }
}

function writeSend(writer: MsgpackWriter, { seq, prev, rev, to, body }: Send): void {
  writer.arrayHeader(6);
  writer.integer(packetKinds.send);
  writer.integer(seq);
  writer.integer(prev);
  writer.integer(rev);
  writer.arrayHeader(3);
  writer.integer(addressingKinds[to.kind]);
  if (to.kind === 'group') {
    writer.text(to.group);
    writer.integer(to.version);
  } else {
    writer.arrayHeader(to.users.length);
    for (const [user, version] of to.users) {
      writer.arrayHeader(2);
      writer.text(user);
      writer.integer(version);
    }
    writer.integer(to.own);
  }
  writer.binary(body);
}

function writeDeliver(writer: MsgpackWriter, { after, rows }: Deliver): void {
  writer.arrayHeader(3);
  writer.integer(packetKinds.deliver);
  writer.integer(after);
  writer.arrayHeader(rows.length);
  for (const row of rows) writeRow(writer, row);
}

function writeRow(writer: MsgpackWriter, row: Row): void {
  writer.arrayHeader(rowElements[row.kind]);
  writer.integer(rowKinds[row.kind]);
  writer.integer(row.n);
  writeTail(writer, row);
}
