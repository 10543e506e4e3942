/**
 * How batches of signals become bytes between isolates. Nearly all of them carry a frame from the gateway to a session
 * or back: these are written by hand, the frame's bytes once. Runs of others are msgpack.
 *
 * Both ends are our own threads, so nothing here is hostile. Frames come out as views of the batch's one buffer.
 */
import { Packr } from 'msgpackr';
import type { IsolateCodec, Pid } from '../../actors/index.ts';
import type { ToGateway, ToSession } from '../gateway/port.ts';

type Frame = Extract<ToSession, { kind: 'frame' }>;
type Said = Extract<ToGateway, { kind: 'send' }>;
/** A signal of the runtime: what it is, to whom, and what it carries. */
type Signal = readonly [op: number, to: unknown, body: unknown, ...more: unknown[]];

/** An ordinary message, see the signals of the runtime. */
const SEND = 0;

const tags = { others: 0, frame: 1, said: 2 } as const;
/** Tag, a pid, and the length. */
const FRAME_HEAD = 1 + 8 + 4;
/** Tag, two pids, connection and credit, and the length. */
const SAID_HEAD = 1 + 4 * 8 + 4;
const FIRST_CAPACITY = 64 * 1024;
/** A buffer that one batch made this large is let go after it. */
const KEPT_CAPACITY = 8 * 1024 * 1024;

export function isolateCodec(): IsolateCodec {
  const packr = new Packr({ useRecords: true, mapsAsObjects: false, structuredClone: true });
  let bytes = Buffer.allocUnsafeSlow(FIRST_CAPACITY);
  let at = 0;

  const room = (size: number): void => {
    if (at + size <= bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(2 * bytes.length, at + size));
    bytes.copy(larger, 0, 0, at);
    bytes = larger;
  };
  const number = (value: number): void => {
    at = bytes.writeDoubleLE(value, at);
  };
  const put = (data: Uint8Array): void => {
    at = bytes.writeUInt32LE(data.length, at);
    bytes.set(data, at);
    at += data.length;
  };
  const putFrame = (to: number, { data }: Frame): void => {
    room(FRAME_HEAD + data.length);
    bytes[at++] = tags.frame;
    number(to);
    put(data);
  };
  const putSaid = (to: number, { connection, session, taken, frame }: Said): void => {
    room(SAID_HEAD + frame.length);
    bytes[at++] = tags.said;
    number(to);
    number(connection);
    number(session);
    number(taken);
    put(frame);
  };
  const putOthers = (signals: readonly Signal[]): void => {
    const packed = packr.pack(signals);
    room(5 + packed.length);
    bytes[at++] = tags.others;
    put(packed);
  };

  return {
    encode(batch) {
      at = 0;
      if (bytes.length > KEPT_CAPACITY) bytes = Buffer.allocUnsafeSlow(FIRST_CAPACITY);
      let others: Signal[] = [];
      for (const signal of batch as readonly Signal[]) {
        const [op, to, body] = signal;
        const kind = op === SEND && typeof to === 'number' ? (body as Frame | Said).kind : '';
        if (kind !== 'frame' && kind !== 'send') {
          others.push(signal);
          continue;
        }
        if (others.length > 0) {
          putOthers(others);
          others = [];
        }
        if (kind === 'frame') putFrame(to as number, body as Frame);
        else putSaid(to as number, body as Said);
      }
      if (others.length > 0) putOthers(others);
      // The batch is given away with its memory; what it was written in stays for the next one.
      const sent = Buffer.allocUnsafeSlow(at);
      bytes.copy(sent, 0, 0, at);
      return sent;
    },

    decode(given) {
      const data = Buffer.from(given.buffer, given.byteOffset, given.length);
      const batch: Signal[] = [];
      let from = 0;
      const readNumber = (): number => {
        from += 8;
        return data.readDoubleLE(from - 8);
      };
      const read = (): Buffer => {
        const start = from + 4;
        from = start + data.readUInt32LE(from);
        return data.subarray(start, from);
      };
      while (from < data.length) {
        switch (data[from++]) {
          case tags.frame: {
            const to = readNumber();
            batch.push([SEND, to, { kind: 'frame', data: read() } satisfies Frame]);
            break;
          }
          case tags.said: {
            const to = readNumber();
            const connection = readNumber();
            const session = readNumber() as Pid;
            const taken = readNumber();
            const said: Said = { kind: 'send', connection, session, taken, frame: read() };
            batch.push([SEND, to, said]);
            break;
          }
          default:
            for (const signal of packr.unpack(read()) as Signal[]) batch.push(signal);
        }
      }
      return batch;
    },
  };
}
