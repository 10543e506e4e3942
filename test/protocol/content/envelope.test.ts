import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { pack } from '../../../protocol/codec/msgpack.ts';
import {
  decodeContent,
  encodeContent,
  type BytesContent,
  type TextContent,
} from '../../../protocol/content/envelope.ts';
import { limits } from '../../../protocol/limits.ts';
import { group, user } from '../arbitraries.ts';

const head = {
  id: fc.uint8Array({ minLength: 16, maxLength: 16 }),
  sentAt: fc.maxSafeNat(),
  to: fc.oneof(fc.array(user, { maxLength: limits.recipientsPerSend }), group),
};
const content: fc.Arbitrary<TextContent | BytesContent> = fc.oneof(
  fc.record(
    { ...head, type: fc.constant('text' as const), text: fc.string({ unit: 'binary' }) },
    { noNullPrototype: true },
  ),
  fc.record(
    { ...head, type: fc.constant('bytes' as const), bytes: fc.uint8Array() },
    { noNullPrototype: true },
  ),
);

const example: TextContent = {
  id: new Uint8Array(16).fill(7),
  sentAt: 1_700_000_000_000,
  to: [],
  type: 'text',
  text: 'hello',
};

void t.test('what is encoded is what is decoded', async () => {
  fc.assert(
    fc.property(content, value => {
      assert.deepEqual(decodeContent(encodeContent(value)), value);
    }),
  );
});

void t.test('no bytes make it throw', async t => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), body => {
      decodeContent(body);
    }),
    { numRuns: 2000 },
  );
  t.match(decodeContent(new Uint8Array(0)), { type: 'invalid' });
});

void t.test('a type of a later version is kept with its bytes', async t => {
  const body = pack({ v: 1, id: example.id, sentAt: 5, to: ['bob'], type: 'poll', options: [1] });
  t.same(decodeContent(body), {
    id: example.id,
    sentAt: 5,
    to: ['bob'],
    type: 'unknown',
    name: 'poll',
    bytes: body,
  });
});

void t.test('fields of a later version are ignored', async t => {
  const later = pack({ v: 1, ...example, replyTo: 3 });
  t.same(decodeContent(later), example);
});

void t.test('what does not fit is told', async t => {
  const reason = (change: Record<string, unknown>) =>
    (decodeContent(pack({ v: 1, ...example, ...change })) as { reason?: string }).reason;
  t.equal(reason({ v: 2 }), 'The body is of another version.');
  t.equal(reason({ id: new Uint8Array(15) }), 'id must be 16 bytes.');
  t.equal(reason({ sentAt: -1 }), 'sentAt must be milliseconds since 1970.');
  t.equal(reason({ to: 'bob' }), 'to must be a group id or an array of user ids.');
  t.equal(reason({ to: ['Bob'] }), 'to must be a group id or an array of user ids.');
  t.equal(
    reason({ to: Array(limits.recipientsPerSend + 1).fill('bob') }),
    'to must be a group id or an array of user ids.',
  );
  t.equal(reason({ text: 5 }), 'text must be text.');
  t.equal(reason({ type: 'bytes' }), 'bytes must be binary.');
  t.equal(reason({ type: 'x'.repeat(33) }), 'type must be a text of at most 32 characters.');
  t.equal(reason({ x: new Date() }), 'Extension types are not part of this protocol.');
  const body = encodeContent(example);
  t.match(decodeContent(body.subarray(0, body.length - 1)), {
    type: 'invalid',
    reason: 'The body is not msgpack: the bytes end within a value.',
  });
  t.match(decodeContent(new Uint8Array([...body, 0])), {
    reason: 'There are bytes after the body’s map.',
  });
  t.match(decodeContent(new Uint8Array([0x90])), { reason: 'The body is not a msgpack map.' });
});

void t.test('an envelope is as large as a body may be, and no larger', async t => {
  const overhead = encodeContent({ ...example, text: 'x'.repeat(60_000) }).length - 60_000;
  const largest = { ...example, text: 'x'.repeat(limits.bodyBytes - overhead) };
  t.equal(encodeContent(largest).length, limits.bodyBytes);
  t.throws(() => encodeContent({ ...largest, text: `${largest.text}x` }), {
    name: 'RangeError',
    message: 'a body has at most 65536 bytes, got 65537: send several, or less',
  });
  t.throws(() => encodeContent({ ...example, id: new Uint8Array(8) }), RangeError);
});
