/**
 * MessagePack as any encoder might write it: the same values in whatever format holds them, the shortest or not; and,
 * now and then, what does not fit where it stands, or a length that lies.
 */
import { below, pick, type Random } from '../fuzz/frames.ts';

/** @param oddity from 0 (as we write it ourselves) to 1: how often a value is written in an unusual way */
export function encodeLoosely(value: unknown, random: Random, oddity: number): Uint8Array {
  const out: number[] = [];
  write(out, value, random, oddity);
  return Uint8Array.from(out);
}

function write(out: number[], value: unknown, random: Random, oddity: number): void {
  const odd = random() < oddity;
  if (odd && random() < 0.15) return write(out, pick(random, strays), random, 0);
  if (value === null) out.push(0xc0);
  else if (typeof value === 'boolean') out.push(value ? 0xc3 : 0xc2);
  else if (typeof value === 'number' || typeof value === 'bigint') {
    const formats = numberFormats(Number(value));
    const chosen = odd ? below(random, formats.length) : 0;
    for (const byte of formats[chosen] ?? []) out.push(byte);
  } else if (typeof value === 'string') {
    const bytes = Buffer.from(value);
    if (odd && random() < 0.2) bytes[below(random, bytes.length)] = below(random, 256);
    writeHead(out, heads.text, bytes.length, random, odd);
    for (const byte of bytes) out.push(byte);
  } else if (value instanceof Uint8Array) {
    writeHead(out, heads.binary, value.length, random, odd);
    for (const byte of value) out.push(byte);
  } else if (Array.isArray(value)) {
    const elements = [...(value as unknown[])];
    if (odd && random() < 0.3) elements.push(pick(random, strays));
    else if (odd && random() < 0.3) elements.pop();
    writeHead(out, heads.array, elements.length, random, odd);
    for (const element of elements) write(out, element, random, oddity);
  } else throw new TypeError(`expected what hot packets are made of, got a ${typeof value}`);
}

/** What may stand where something else is expected. */
const strays = [
  ...[null, true, '', 'bob', 'bob:1', 'BOB', `g_${'A'.repeat(22)}`, 'x'.repeat(33)],
  ...[new Uint8Array(3), [], [1], 0, 1, -1, 1.5, -0, 2 ** 53, 2 ** 60],
] as [unknown, ...unknown[]];

/** The heads of a type: with the length in the token itself while it is below `short`, or behind it. */
const heads = {
  text: { short: 32, token: 0xa0, tokens: new Map([[0xd9, 1], [0xda, 2], [0xdb, 4]]) }, // prettier-ignore
  binary: { short: 0, token: 0, tokens: new Map([[0xc4, 1], [0xc5, 2], [0xc6, 4]]) }, // prettier-ignore
  array: { short: 16, token: 0x90, tokens: new Map([[0xdc, 2], [0xdd, 4]]) }, // prettier-ignore
} as const;

function writeHead(
  out: number[],
  { short, token, tokens }: (typeof heads)[keyof typeof heads],
  length: number,
  random: Random,
  odd: boolean,
): void {
  const claimed =
    odd && random() < 0.1 ? Math.max(0, length + pick(random, [-1, 1, 1000])) : length;
  const fitting: number[][] = claimed < short ? [[token | claimed]] : [];
  for (const [long, bytes] of tokens)
    if (claimed < 256 ** bytes) fitting.push([long, ...bigEndian(BigInt(claimed), bytes)]);
  out.push(...(fitting[odd ? below(random, fitting.length) : 0] ?? []));
}

const bigEndian = (value: bigint, bytes: number): number[] =>
  Array.from({ length: bytes }, (_, i) => Number((value >> BigInt(8 * (bytes - 1 - i))) & 0xffn));

const numberTokens = [
  [0xcc, 1, 'Uint8'],
  [0xcd, 2, 'Uint16'],
  [0xce, 4, 'Uint32'],
  [0xd0, 1, 'Int8'],
  [0xd1, 2, 'Int16'],
  [0xd2, 4, 'Int32'],
  [0xca, 4, 'Float32'],
  [0xcb, 8, 'Float64'],
] as const;

/** All ways to write it that keep its value, the protocol's own first. */
function numberFormats(value: number): number[][] {
  const view = new DataView(new ArrayBuffer(8));
  const formats: number[][] = [];
  const add = (token: number, bytes: number): void =>
    void formats.push([token, ...new Uint8Array(view.buffer, 0, bytes)]);
  if (Number.isInteger(value) && !Object.is(value, -0)) {
    if (value >= -32 && value < 0x80) formats.push([value & 0xff]);
    for (const [token, type] of [
      [0xd3, 'BigInt64'],
      [0xcf, 'BigUint64'],
    ] as const) {
      // prettier-ignore
      view[`set${type}`](0, BigInt(value));
      if (Number(view[`get${type}`](0)) === value) add(token, 8);
    }
  }
  for (const [token, bytes, type] of numberTokens) {
    view[`set${type}`](0, value);
    if (Object.is(view[`get${type}`](0), value)) add(token, bytes);
  }
  return formats.sort((a, b) => Number(isFloat(a)) - Number(isFloat(b)) || a.length - b.length);
}

const isFloat = ([token]: readonly number[]): boolean => token === 0xca || token === 0xcb;
