/**
 * WebSocket framing for a client, as far as talking to a Strowger server needs it: whole binary messages and control
 * frames (RFC 6455 section 5.2). The masking key is zero, which leaves the payload as it is: legal framing, and
 * nothing here passes through a proxy that masking would protect (section 10.3).
 */

export const opcodes = { binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** The largest payload of a control frame (section 5.5). */
const controlBytes = 125;

const FIN = 0x80;
const MASKED = 0x80;
const maskingKeyBytes = 4;

/** @throws RangeError for a control frame with more than 125 bytes */
export function encodeWebSocketFrame(opcode: number, payload: Uint8Array): Buffer {
  const { length } = payload;
  if (opcode >= opcodes.close && length > controlBytes)
    throw new RangeError(`a control frame holds ${controlBytes} bytes, got ${length}`);
  const lengthBytes = length < 126 ? 0 : length < 0x1_0000 ? 2 : 8;
  const head = 2 + lengthBytes + maskingKeyBytes;
  const frame = Buffer.allocUnsafe(head + length);
  frame[0] = FIN | opcode;
  if (lengthBytes === 0) frame[1] = MASKED | length;
  else if (lengthBytes === 2) {
    frame[1] = MASKED | 126;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = MASKED | 127;
    frame.writeUInt32BE(Math.floor(length / 2 ** 32), 2);
    frame.writeUInt32BE(length >>> 0, 6);
  }
  frame.writeUInt32BE(0, 2 + lengthBytes);
  frame.set(payload, head);
  return frame;
}

/** The server sent what this reader does not take: a mask, fragments, reserved bits, a length that no limit allows. */
export class WebSocketFrameError extends Error {
  override readonly name = 'WebSocketFrameError';
}

/** Cuts a stream of bytes into a server's frames. */
export class WebSocketReader {
  readonly #limitBytes: number;
  readonly #onFrame: (opcode: number, payload: Buffer) => void;
  #rest: Buffer | null = null;

  /** @param onFrame the payload is a view into the chunk that brought it */
  constructor(limitBytes: number, onFrame: (opcode: number, payload: Buffer) => void) {
    this.#limitBytes = limitBytes;
    this.#onFrame = onFrame;
  }

  /** @throws WebSocketFrameError */
  push(chunk: Buffer): void {
    const data = this.#rest === null ? chunk : Buffer.concat([this.#rest, chunk]);
    this.#rest = null;
    let at = 0;
    for (;;) {
      const left = data.length - at;
      if (left < 2) break;
      const first = data[at] ?? 0;
      const second = data[at + 1] ?? 0;
      if ((first & 0xf0) !== FIN)
        throw new WebSocketFrameError('a frame is a fragment or has reserved bits');
      if ((second & MASKED) !== 0) throw new WebSocketFrameError('a server must not mask');
      const lengthBytes = second < 126 ? 0 : second === 126 ? 2 : 8;
      const head = 2 + lengthBytes;
      if (left < head) break;
      const length =
        lengthBytes === 0
          ? second
          : lengthBytes === 2
            ? data.readUInt16BE(at + 2)
            : data.readUInt32BE(at + 2) * 2 ** 32 + data.readUInt32BE(at + 6);
      if (length > this.#limitBytes)
        throw new WebSocketFrameError(
          `a message may have ${this.#limitBytes} bytes, got ${length}`,
        );
      if (left < head + length) break;
      this.#onFrame(first & 0x0f, data.subarray(at + head, at + head + length));
      at += head + length;
    }
    if (at < data.length) this.#rest = at === 0 ? data : data.subarray(at);
  }
}
