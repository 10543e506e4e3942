import type { ErrorCode } from '../errors.ts';
import { limits } from '../limits.ts';
import { packetKinds, type ClientPacket, type ServerPacket } from '../packets.ts';
import { readClientPacket } from './client-packets.ts';
import { BadField } from './fields.ts';
import { FrameWriter, writePacket } from './frame-writer.ts';
import { readHotClientPacket } from './hot-client-packets.ts';
import { HotReader } from './hot-reader.ts';
import { readHotServerPacket } from './hot-server-packets.ts';
import { MsgpackError, Scanner, unpack } from './msgpack.ts';
import { readServerPacket } from './server-packets.ts';

/**
 * A frame is one binary WebSocket message: a msgpack array of packets, in order. Bytes that are no frame throw
 * {@link FrameError} and the connection closes; a packet that does not fit is a {@link BadPacket} in its place, and
 * the others of the frame stand.
 */

/** Framing is broken: close the connection with this code. */
export class FrameError extends Error {
  override readonly name = 'FrameError';
  readonly code: 'bad_frame' | 'frame_too_large';

  constructor(code: 'bad_frame' | 'frame_too_large', message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/**
 * A packet that is not taken. The server answers with an `error` of the same fields; when the code is one that
 * closes (`unsupported_version`), with `close`.
 */
export interface BadPacket {
  readonly kind: 'bad';
  readonly code: ErrorCode;
  readonly message: string;
  readonly field?: string;
  readonly limit?: number;
  /** The id of the request that it was, where it could be read. */
  readonly about?: number;
}

/** What a configuration may lower; see protocol/limits.ts. All in bytes. */
export interface FrameLimits {
  readonly frameBytes: number;
  readonly packetBytes: number;
  readonly bodyBytes: number;
}

/**
 * Encodes packets into one frame. Its memory belongs to the caller: no later call writes to it.
 * @throws RangeError when the packets do not fit into one frame; see {@link splitFrames}
 */
export function encodeFrame(packets: readonly (ClientPacket | ServerPacket)[]): Uint8Array {
  writePackets(packets);
  const bytes = writer.frameBytes(0, packets.length);
  if (packets.length > limits.packetsPerFrame || bytes > limits.frameBytes)
    throw new RangeError(
      `a frame holds ${limits.packetsPerFrame} packets and ${limits.frameBytes} bytes, ` +
        `got ${packets.length} packets and ${bytes} bytes`,
    );
  return writer.wholeFrame();
}

/**
 * Encodes packets into as many frames as the limits ask for, in order.
 * @throws RangeError when one packet alone is larger than a frame
 */
export function splitFrames(
  packets: readonly (ClientPacket | ServerPacket)[],
  frameBytes: number = limits.frameBytes,
): Uint8Array[] {
  writePackets(packets);
  return writer.frames(frameBytes);
}

const writer = new FrameWriter();

function writePackets(packets: readonly (ClientPacket | ServerPacket)[]): void {
  writer.begin();
  for (const packet of packets) {
    writePacket(writer.packet, packet);
    writer.end();
  }
}

/**
 * What a server reads. Binary fields are views into `data`: the caller gives the decoder memory that is not used
 * again, or copies what it keeps.
 * @throws FrameError
 */
export const decodeClientFrame = (
  data: Uint8Array,
  bounds: FrameLimits = limits,
): (ClientPacket | BadPacket)[] =>
  decodeFrame(data, bounds.frameBytes, bounds.packetBytes, clientPackets(bounds.bodyBytes));

/**
 * What a client reads. Packets of kinds that this version does not know are left out, so that a newer server may send
 * more; a server's packet is bounded by its frame alone. Binary fields are views into `data`.
 * @throws FrameError
 */
export const decodeServerFrame = (data: Uint8Array): (ServerPacket | BadPacket)[] =>
  decodeFrame(data, limits.frameBytes, limits.frameBytes, serverPackets);

/** How the packets of one direction are read. */
export interface PacketReader<P> {
  /** Straight from the bytes; null for what is to be read in the general way. */
  hot(reader: HotReader): P | null;
  /** From a packet's array; undefined leaves it out. @throws BadField */
  general(array: readonly unknown[]): P | BadPacket | undefined;
}

export const clientPackets = (bodyBytes: number): PacketReader<ClientPacket> => ({
  hot: reader => readHotClientPacket(reader, bodyBytes),
  general: array =>
    readClientPacket(array, bodyBytes) ?? {
      kind: 'bad',
      code: 'unknown_packet',
      ...unknownKind(array[0]),
    },
});

export const serverPackets: PacketReader<ServerPacket> = {
  hot: readHotServerPacket,
  general: array => {
    const packet = readServerPacket(array);
    if (packet !== undefined) return packet;
    if (Number.isSafeInteger(array[0])) return undefined;
    return { kind: 'bad', code: 'unknown_packet', ...unknownKind(array[0]) };
  },
};

const unknownKind = (kind: unknown): { message: string; field: string } => ({
  message:
    typeof kind === 'number'
      ? `There is no packet of kind ${kind} in this direction.`
      : 'A packet is an array whose first element is the number of its kind.',
  field: 'kind',
});

/**
 * Reads a frame. What breaks it is thrown before any of its packets is handed out: a broken frame has no effect at all.
 * @throws FrameError
 */
export function decodeFrame<P>(
  data: Uint8Array,
  frameBytes: number,
  packetBytes: number,
  packets: PacketReader<P>,
): (P | BadPacket)[] {
  if (data.length > frameBytes)
    throw new FrameError('frame_too_large', `A frame may have at most ${frameBytes} bytes.`);
  const scanner = new Scanner(data);
  const count = packetCount(scanner);
  const reader = new HotReader(data);
  // As many as the header says, at most: a list that grows would be made several times.
  const found = new Array<P | BadPacket>(count);
  let taken = 0;
  for (let i = 0; i < count; i++) {
    const start = scanner.position;
    reader.position = start;
    const hot = packets.hot(reader);
    const end = reader.position;
    if (hot !== null && end <= data.length && end - start <= packetBytes) {
      found[taken++] = hot;
      scanner.position = end;
    } else {
      scanner.fault = null;
      orBadFrame(() => scanner.skip(1));
      const packet = readPacket(data, start, scanner, packetBytes, packets);
      if (packet !== undefined) found[taken++] = packet;
    }
  }
  if (scanner.position !== data.length)
    throw new FrameError('bad_frame', 'There are bytes after the frame’s array.');
  found.length = taken;
  return found;
}

function packetCount(scanner: Scanner): number {
  const count = orBadFrame(() => scanner.arrayHeader());
  if (count < 0) throw new FrameError('bad_frame', 'A frame is a msgpack array of packets.');
  if (count > limits.packetsPerFrame)
    throw new FrameError(
      'bad_frame',
      `A frame may have at most ${limits.packetsPerFrame} packets.`,
    );
  return count;
}

function orBadFrame<T>(scan: () => T): T {
  try {
    return scan();
  } catch (error) {
    if (!(error instanceof MsgpackError)) throw error;
    throw new FrameError('bad_frame', `The frame is not msgpack: ${error.message}.`, {
      cause: error,
    });
  }
}

/** In the general way; the scanner has stepped over the packet. */
function readPacket<P>(
  data: Uint8Array,
  start: number,
  { position: end, fault }: Scanner,
  packetBytes: number,
  packets: PacketReader<P>,
): P | BadPacket | undefined {
  const about = (): { about?: number } => {
    const id = requestId(data, start);
    return id === undefined ? {} : { about: id };
  };
  if (end - start > packetBytes)
    return {
      kind: 'bad',
      code: 'packet_too_large',
      message: `A packet may have at most ${packetBytes} bytes.`,
      limit: packetBytes,
      ...about(),
    };
  if (fault !== null) return { kind: 'bad', code: 'bad_field', message: fault, ...about() };
  const array = unpack(data, start, end);
  try {
    return packets.general(Array.isArray(array) ? array : []);
  } catch (error) {
    if (!(error instanceof BadField)) throw error;
    return {
      kind: 'bad',
      code: error.code,
      message: error.message,
      field: error.field,
      ...(error.limit === undefined ? {} : { limit: error.limit }),
      ...about(),
    };
  }
}

/** The id of a request that is not taken for another reason, so that its asker hears of it. */
function requestId(data: Uint8Array, start: number): number | undefined {
  const scanner = new Scanner(data, start);
  if (scanner.arrayHeader() < 2 || data[scanner.position] !== packetKinds.request) return undefined;
  const idStart = scanner.position + 1;
  scanner.position = idStart;
  scanner.skip(2);
  if (scanner.fault !== null) return undefined;
  const id = unpack(data, idStart, scanner.position);
  return typeof id === 'number' && Number.isSafeInteger(id) && id > 0 ? id : undefined;
}
