import fc from 'fast-check';
import t from 'tap';
import {
  encodeWebSocketFrame,
  opcodes,
  WebSocketFrameError,
  WebSocketReader,
} from '../../lab/websocket-frames.ts';

/** The frame as a server would send it: without the mask, which is zero. */
function unmasked(frame: Buffer): Buffer {
  const second = frame[1]! & 0x7f;
  const mask = 2 + (second < 126 ? 0 : second === 126 ? 2 : 8);
  const server = Buffer.concat([frame.subarray(0, mask), frame.subarray(mask + 4)]);
  server[1] = second;
  return server;
}

function read(chunks: readonly Buffer[]): [number, Buffer][] {
  const frames: [number, Buffer][] = [];
  const reader = new WebSocketReader(1 << 20, (opcode, payload) =>
    frames.push([opcode, Buffer.from(payload)]),
  );
  for (const chunk of chunks) reader.push(chunk);
  return frames;
}

void t.test('frames come out as they went in, wherever the stream is cut', async () => {
  const payload = fc
    .constantFrom(0, 1, 125, 126, 127, 65_535, 65_536, 70_000)
    .map(length => Buffer.alloc(length, length));
  fc.assert(
    fc.property(
      fc.array(payload, { minLength: 1, maxLength: 4 }),
      fc.array(fc.nat(), { maxLength: 6 }),
      (payloads, cuts) => {
        const stream = Buffer.concat(
          payloads.map(bytes => unmasked(encodeWebSocketFrame(opcodes.binary, bytes))),
        );
        const places = [0, ...cuts.map(cut => cut % (stream.length + 1)), stream.length].sort(
          (a, b) => a - b,
        );
        const chunks = places
          .slice(1)
          .map((end, index) => Buffer.from(stream.subarray(places[index], end)));
        const frames = read(chunks);
        return (
          frames.length === payloads.length &&
          frames.every(([opcode, bytes], i) => opcode === 2 && bytes.equals(payloads[i]!))
        );
      },
    ),
    { numRuns: 200 },
  );
});

void t.test('a client’s frame has a mask of zero (RFC 6455 section 5.3)', async t => {
  t.same(
    [...encodeWebSocketFrame(opcodes.binary, Buffer.from('hi'))],
    [0x82, 0x82, 0, 0, 0, 0, 0x68, 0x69],
  );
});

void t.test('what a server must not send is an error', async t => {
  for (const [what, bytes] of [
    ['a mask', [0x82, 0x80, 0, 0, 0, 0]],
    ['a fragment', [0x02, 0x00]],
    ['a reserved bit', [0xc2, 0x00]],
    ['a frame past the limit', [0x82, 127, 0, 0, 0, 1, 0, 0, 0, 0]],
  ] as const)
    t.throws(() => read([Buffer.from(bytes)]), WebSocketFrameError, what);
});

void t.test('a control frame holds 125 bytes', async t => {
  t.doesNotThrow(() => encodeWebSocketFrame(opcodes.ping, Buffer.alloc(125)));
  t.throws(() => encodeWebSocketFrame(opcodes.ping, Buffer.alloc(126)), RangeError);
});
