import { limits } from '../limits.ts';
import { packetKinds, type ClientPacket, type ServerPacket } from '../packets.ts';
import { writeClientPacket } from './client-packets.ts';
import { pack } from './msgpack.ts';
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

  /** That frame, in memory of its own. */
  frame(first: number, last: number): Uint8Array {
    const frame = new Uint8Array(this.frameBytes(first, last));
    const head = writeArrayHeader(frame, 0, last - first);
    frame.set(this.#writer.bytes.subarray(this.#edge(first), this.#edge(last)), head);
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
    case 'accepted':
      writer.arrayHeader(3);
      writer.integer(packetKinds.accepted);
      writer.integer(packet.upTo);
      writer.integer(packet.at);
      return;
    default:
      writer.raw(
        pack(
          packetKinds[packet.kind] < firstServerKind
            ? writeClientPacket(packet as ClientPacket)
            : writeServerPacket(packet as ServerPacket),
        ),
      );
  }
}

/** Kinds below are the clients’. */
const firstServerKind = 32;
