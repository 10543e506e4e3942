import { decodeServerFrame, encodeFrame } from '../../protocol/codec/frame.ts';
import type { ServerPacket } from '../../protocol/packets.ts';

/**
 * What code that was loaded says: a packet that no client could read is an error of that code, there where it says it.
 * Later, among others in a frame, nobody could tell whose it is.
 * @throws TypeError
 */
export function requireReadable(packet: ServerPacket): void {
  const [read] = decodeServerFrame(encodeFrame([packet]));
  if (read === undefined || read.kind === 'bad')
    throw new TypeError(
      `no client could read the ${packet.kind} packet that it says: ${read?.message ?? 'there is no such kind.'}`,
    );
}
