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

/**
 * Packets into frames: each is encoded once, behind the one before it in memory that is used again, and copied once
 * into the frame that it goes out in.
 */
export class FrameWriter {
  readonly #writer = new MsgpackWriter(16 * 1024, 4 * limits.frameBytes);
  /** Where each packet begins, and where the last one ends. */
  #edges: number[] = [];

  /** Forgets what was written before. */
  begin(): void {
    this.#writer.reset();
    this.#edges = [0];
  }

  /** Where the bytes of the next packet go; {@link end} closes it. */
  get packet(): MsgpackWriter {
    return this.#writer;
  }

  end(): void {
    this.#edges.push(this.#writer.position);
  }

  get packets(): number {
    return this.#edges.length - 1;
  }

  /** The size of a frame with the packets from `first` up to, not including, `last`. */
  frameBytes(first: number, last: number): number {
    return arrayHeaderBytes(last - first) + this.#edge(last) - this.#edge(first);
  }

  /** That frame, in memory that belongs to the caller. */
  frame(first: number, last: number): Uint8Array {
    const head = arrayHeaderBytes(last - first);
    const frame = this.#writer.copy(this.#edge(first), this.#edge(last), head);
    writeArrayHeader(frame, 0, last - first);
    return frame;
  }

  /**
   * As many frames as the limits ask for, in order: what does not fit is cut into halves.
   * @throws RangeError when one packet alone is larger than a frame
   */
  frames(frameBytes: number, first = 0, last = this.packets): Uint8Array[] {
    const count = last - first;
    if (count === 0) return [];
    const bytes = this.frameBytes(first, last);
    if (count <= limits.packetsPerFrame && bytes <= frameBytes) return [this.frame(first, last)];
    if (count === 1)
      throw new RangeError(`a frame holds ${frameBytes} bytes, got a packet that needs ${bytes}`);
    const middle = first + (count >> 1);
    return [...this.frames(frameBytes, first, middle), ...this.frames(frameBytes, middle, last)];
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
