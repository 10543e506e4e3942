/** What a stranger may send on purpose: each becomes a coded answer, and costs little. */
import assert from 'node:assert/strict';
import t from 'tap';
import { decodeClientFrame, decodeServerFrame, FrameError } from '../../../protocol/codec/frame.ts';
import { depthLimit, pack } from '../../../protocol/codec/msgpack.ts';
import { limits } from '../../../protocol/limits.ts';

const frame = (hex: string): Uint8Array =>
  new Uint8Array(Buffer.from(hex.replaceAll(' ', ''), 'hex'));

/** One packet as the server's answer to it. */
const bad = (packet: unknown) => decodeClientFrame(pack([packet]))[0];
const bytes = (hex: string) => decodeClientFrame(frame(hex));

void t.test(
  'extension types are refused in every place, and the packets beside them stand',
  async t => {
    const ping = '92 06 05';
    const extensions = {
      'fixext 1, a record’s definition': 'd4 72 40',
      'fixext 2': 'd5 01 00 00',
      'fixext 4, a timestamp': 'd6 ff 00 00 00 00',
      'fixext 8': `d7 ff ${'00'.repeat(8)}`,
      'fixext 16': `d8 01 ${'00'.repeat(16)}`,
      'ext 8, an error': 'c7 02 65 90 90',
      'ext 16, a regular expression': 'c8 00 05 78 92 a1 61 a1 67',
      'ext 32': 'c9 00 00 00 01 42 01',
    };
    for (const [name, extension] of Object.entries(extensions)) {
      const expected = {
        kind: 'bad',
        code: 'bad_field',
        message: 'Extension types are not part of this protocol.',
      };
      for (const packet of [
        `92 06 ${extension}`,
        `93 06 05 ${extension}`,
        `92 06 91 ${extension}`,
        `92 06 81 a1 61 ${extension}`,
        extension,
      ])
        t.same(
          bytes(`93 ${ping} ${packet} ${ping}`),
          [{ kind: 'ping', token: 5 }, expected, { kind: 'ping', token: 5 }],
          `${name} in ${packet}`,
        );
      t.same(
        bytes(`91 94 05 07 a7 64657669636573 ${extension}`),
        [{ ...expected, about: 7 }],
        name,
      );
    }
  },
);

void t.test('bytes that are no msgpack, or no array, are no frame', async t => {
  const none = {
    nothing: '',
    'a number': '05',
    nil: 'c0',
    'a map': '81 01 92 06 05',
    'the byte that is never used': '91 92 06 c1',
    'an array that is cut': '92 92 06 05',
    'a text that is cut': '91 92 06 a5 61 62',
    'a header that is cut': '91 92 06 dd 00 00',
    'an extension without its type': '91 92 06 c7 00',
    'bytes after the array': '91 92 06 05 00',
  };
  for (const [name, hex] of Object.entries(none))
    for (const decode of [decodeClientFrame, decodeServerFrame])
      t.throws(() => decode(frame(hex)), { name: 'FrameError', code: 'bad_frame' }, name);
});

void t.test('a header that claims much more than there is costs nothing', async t => {
  const headers = ['c6', 'c9', 'db', 'dd', 'df'].map(token => `${token} ff ff ff ff`);
  const before = process.memoryUsage();
  for (let i = 0; i < 200; i++)
    for (const header of headers)
      for (const hex of [`91 92 06 ${header}`, header, `91 92 06 ${'dd ff ff ff ff '.repeat(10)}`])
        assert.throws(() => bytes(hex), FrameError);
  const after = process.memoryUsage();
  t.ok(after.arrayBuffers - before.arrayBuffers < 16e6, 'no buffers were made for them');
  t.ok(after.heapTotal - before.heapTotal < 256e6, 'no arrays were made for them');
});

void t.test('nesting has a limit', async t => {
  const nested = (levels: number) => frame(`91 92 06 ${'91'.repeat(levels)} c0`);
  t.match(decodeClientFrame(nested(depthLimit - 2))[0], { code: 'bad_field', field: 'token' });
  t.throws(() => decodeClientFrame(nested(depthLimit - 1)), {
    code: 'bad_frame',
    message: 'The frame is not msgpack: the bytes are nested deeper than 16 levels.',
  });
  t.throws(() => decodeClientFrame(nested(limits.frameBytes - 10)), { code: 'bad_frame' });
  t.throws(() => decodeClientFrame(frame(`91 92 06 ${'81a161'.repeat(10_000)} c0`)), {
    code: 'bad_frame',
  });
});

void t.test('keys of maps reach no prototype', async t => {
  const argument = (map: string) => `91 94 05 01 a5 626c6f636b ${map}`; // a request to block
  const proto = 'a9 5f5f70726f746f5f5f';
  t.match(bytes(argument(`81 ${proto} 81 a4 75736572 a3 626f62`)), [
    { code: 'bad_field', field: 'argument.user', about: 1 },
  ]);
  t.same(bytes(argument(`82 ${proto} 81 a1 78 05 a4 75736572 a3 626f62`)), [
    { kind: 'request', id: 1, method: 'block', argument: { user: 'bob' } },
  ]);
  t.equal(({} as { x?: unknown }).x, undefined);
  t.equal(({} as { user?: unknown }).user, undefined);
  t.match(bytes(argument('81 05 05')), [
    { code: 'bad_field', message: 'A map has a key that is not text.', about: 1 },
  ]);
});

void t.test('names that every object has are no methods and no errors', async t => {
  for (const name of ['constructor', 'toString', '__proto__', 'hasOwnProperty']) {
    t.match(bad([5, 3, name, {}]), { code: 'unknown_method', field: 'method', about: 3 });
    t.match(decodeServerFrame(pack([[40, name, 'text']])), [{ kind: 'error', code: 'internal' }]);
  }
});

void t.test('integers are safe ones, in whatever format they come', async t => {
  for (const five of ['05', 'cc 05', 'cd 0005', 'ce 00000005', 'cf 0000000000000005'])
    t.same(bytes(`91 92 06 ${five}`), [{ kind: 'ping', token: 5 }], five);
  for (const five of ['d0 05', 'd1 0005', 'd2 00000005', 'd3 0000000000000005'])
    t.same(bytes(`91 92 06 ${five}`), [{ kind: 'ping', token: 5 }], five);
  for (const five of ['ca 40a00000', 'cb 4014000000000000'])
    t.same(bytes(`91 92 06 ${five}`), [{ kind: 'ping', token: 5 }], five);
  t.same(bytes('91 92 06 cf 001fffffffffffff'), [{ kind: 'ping', token: 2 ** 53 - 1 }]);
  const zero = bytes('91 92 06 cb 8000000000000000')[0] as { token: number };
  t.ok(Object.is(zero.token, 0), 'minus zero');
  for (const other of [
    'cf 0020000000000000', // 2^53
    'cf ffffffffffffffff',
    'd3 8000000000000000',
    'd3 ffffffffffffffff', // -1
    'e0',
    'cb 7ff0000000000000', // infinity
    'cb 7ff8000000000000', // not a number
    'cb 3ff8000000000000', // 1.5
    'ca 7f800000',
    'a1 35', // "5"
    'c3',
    'c0',
    'c4 01 05',
  ])
    t.match(
      bytes(`91 92 06 ${other}`),
      [{ code: 'bad_field', field: 'token', message: /integer from 0 to 2\^53 - 1/ }],
      other,
    );
});

void t.test('text is UTF-8 or refused, not repaired', async t => {
  const login = (agent: Buffer) => {
    const head = Buffer.from('91 95 01 01 03 92 02 c4 01 00'.replaceAll(' ', ''), 'hex');
    head[1] = 0x95;
    return decodeClientFrame(
      new Uint8Array(Buffer.concat([head, Buffer.from([0xd9, agent.length]), agent])),
    )[0];
  };
  t.match(login(Buffer.from('caf\u00e9 \u{1f980}')), {
    kind: 'login',
    agent: 'caf\u00e9 \u{1f980}',
  });
  for (const broken of ['ff', '61 c3', 'c0 80', 'ed a0 80', 'f4 90 80 80', '61 80 61'])
    t.same(
      login(Buffer.from(broken.replaceAll(' ', ''), 'hex')),
      { kind: 'bad', code: 'bad_field', message: 'A text is not UTF-8.' },
      broken,
    );
});

void t.test('a packet that is no array, or has no kind, is answered for itself', async t => {
  for (const packet of [5, null, 'ping', {}, [], [null], ['ping'], [1.5], [[6]]])
    t.match(bad(packet), { kind: 'bad', code: 'unknown_packet', field: 'kind' });
  t.match(bad([7]), { code: 'unknown_packet', message: /kind 7 / });
  t.match(bad([36, 1, 1]), { code: 'unknown_packet' }, 'a server’s packet, sent by a client');
});

void t.test('a client leaves out what it does not know', async t => {
  t.same(
    decodeServerFrame(
      pack([
        [99, 'new'],
        [42, 1],
        [6, 1],
      ]),
    ),
    [{ kind: 'pong', token: 1 }],
  );
  t.match(decodeServerFrame(pack([['x']])), [{ kind: 'bad', code: 'unknown_packet' }]);
  t.same(decodeServerFrame(pack([[40, 'made_up_later', 'Do this.', null, null, 4]])), [
    { kind: 'error', code: 'internal', message: 'Do this.', about: 4 },
  ]);
  t.same(decodeServerFrame(pack([[41, 'made_up_later', 'Gone.', 5]])), [
    { kind: 'close', code: 'internal', message: 'Gone.', retryAfterMs: 5 },
  ]);
  t.match(decodeServerFrame(pack([[41, 'blocked', 'Gone.']])), [
    { kind: 'close', code: 'internal', retryAfterMs: null },
  ]);
});

void t.test('fields that were added later are ignored', async t => {
  t.same(bad([6, 5, 'more']), { kind: 'ping', token: 5 });
  t.match(bad([2, 1, 0, 0, [1, [['bob', 1, 'more']], 1, 'more'], new Uint8Array(1), 'more']), {
    kind: 'send',
    to: { users: [['bob', 1]], own: 1 },
  });
  t.same(bad([5, 1, 'block', { user: 'bob', more: 1 }, 'more']), {
    kind: 'request',
    id: 1,
    method: 'block',
    argument: { user: 'bob' },
  });
});

void t.test('another version of the protocol is told from a broken login', async t => {
  t.same(bad([1, 2, 'whatever']), {
    kind: 'bad',
    code: 'unsupported_version',
    message: 'This server speaks version 1.',
    field: 'version',
    limit: 1,
  });
});

void t.test('a frame of nothing but bad packets is answered in bounded time', async t => {
  const packets = decodeClientFrame(pack(Array(limits.packetsPerFrame).fill([6, -1])));
  t.equal(packets.length, limits.packetsPerFrame);
  t.ok(packets.every(packet => packet.kind === 'bad' && packet.field === 'token'));
});
