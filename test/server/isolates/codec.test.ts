import fc from 'fast-check';
import t from 'tap';
import { isolateCodec } from '../../../server/isolates/codec.ts';

const pid = fc.integer({ min: 1024, max: 2 ** 50 });
const bytes = fc.uint8Array({ maxLength: 300 }).map(array => Buffer.from(array));
const noNullPrototype = { noNullPrototype: true } as const;
const frame = fc.record({ kind: fc.constant('frame'), data: bytes }, noNullPrototype);
const said = fc.record(
  {
    kind: fc.constant('send'),
    connection: fc.integer({ min: 1, max: 2 ** 40 }),
    session: pid,
    taken: fc.integer({ min: 0, max: 2 ** 50 }),
    frame: bytes,
  },
  noNullPrototype,
);
const plain = fc.object({
  // msgpackr renames this one, which no record of ours has.
  key: fc.string().filter(key => key !== '__proto__'),
  values: [
    fc.string(),
    fc.integer(),
    fc.double({ noNaN: true }).filter(value => !Object.is(value, -0)),
    fc.boolean(),
    fc.constant(null),
    fc.constant(undefined),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    bytes,
    fc.array(fc.integer()).map(items => new Set(items)),
    fc.array(fc.tuple(fc.string(), fc.integer())).map(items => new Map(items)),
  ],
});
const signal = fc.oneof(
  fc.tuple(fc.constant(0), pid, frame),
  fc.tuple(fc.constant(0), pid, said),
  fc.tuple(fc.nat(31), fc.oneof(pid, fc.string()), plain),
  fc.tuple(fc.nat(31), pid, pid, fc.nat(), plain),
  fc.tuple(fc.constant(0), fc.string(), frame),
);

void t.test('a batch comes out as it went in, in order', t => {
  const there = isolateCodec();
  const here = isolateCodec();
  fc.assert(
    fc.property(fc.array(signal, { maxLength: 40 }), batch => {
      const sent = there.encode(batch).slice();
      t.strictSame(here.decode(sent), batch);
    }),
    { numRuns: 300 },
  );
  t.end();
});

void t.test('frames come out as views of the batch', t => {
  const codec = isolateCodec();
  const sent = codec.encode([[0, 2048, { kind: 'frame', data: Buffer.from('hello') }]]).slice();
  const [[, , { data }]] = codec.decode(sent) as [[number, number, { data: Buffer }]];
  t.equal(data.buffer, sent.buffer);
  t.end();
});

void t.test('a batch larger than what is kept does not spoil the next one', t => {
  const codec = isolateCodec();
  const big = { kind: 'frame', data: Buffer.alloc(9 * 1024 * 1024, 7) };
  for (const data of [big, { kind: 'frame', data: Buffer.from('small') }]) {
    const [[, , body]] = codec.decode(codec.encode([[0, 2048, data]]).slice()) as [[0, 0, object]];
    t.same(body, data);
  }
  t.end();
});

void t.test('a batch has memory of its own, of its own size: it is given away', t => {
  const codec = isolateCodec();
  const batch = (text: string) => [[0, 2048, { kind: 'frame', data: Buffer.from(text) }]];
  const one = codec.encode(batch('one'));
  const other = codec.encode(batch('other'));
  t.equal(one.length, one.buffer.byteLength);
  t.not(one.buffer, other.buffer);
  structuredClone(one, { transfer: [one.buffer as ArrayBuffer] });
  t.same(codec.decode(other), batch('other'));
  t.same(codec.decode(codec.encode(batch('third'))), batch('third'));
  t.end();
});
