import t from 'tap';
import type { Term } from '../../../protocol/observer.ts';
import { showLine, showTerm } from '../../../server/observer/term.ts';

class Session {
  readonly device = 'alice.1';
  readonly #secret = 'nobody sees it';

  secret(): string {
    return this.#secret;
  }
}

void t.test('every kind of value in one line', async t => {
  for (const [value, type, text] of [
    [undefined, 'undefined', 'undefined'],
    [null, 'null', 'null'],
    [true, 'boolean', 'true'],
    [-0, 'number', '-0'],
    [1.5, 'number', '1.5'],
    [12n, 'number', '12n'],
    ['a"b', 'string', '"a\\"b"'],
    [Symbol('s'), 'other', 'Symbol(s)'],
    [() => 1, 'function', '[function without a name]'],
    [showLine, 'function', '[function showLine]'],
    [[1, 2], 'array', '[2]'],
    [new Map([[1, 2]]), 'map', 'Map(1)'],
    [new Set([1]), 'set', 'Set(1)'],
    [/a/u, 'other', '/a/u'],
    [new RangeError('too far'), 'error', 'RangeError: too far'],
    [{ a: 1 }, 'object', '{…}'],
    [{}, 'object', '{}'],
    [new Session(), 'object', 'Session {…}'],
    [Promise.resolve(), 'object', 'Promise {}'],
    [Object.create(null), 'object', '{}'],
  ] as const) {
    const term = showTerm(value);
    t.same([term.type, term.text], [type, text]);
    t.equal(showLine(value), text);
  }
});

void t.test('of bytes only how many, wherever they are', async t => {
  const body = Buffer.from('a message that somebody wrote');
  const shown = JSON.stringify(
    showTerm({
      body,
      view: new DataView(body.buffer),
      list: [body.buffer.slice(0, 3)],
      map: new Map([[body, body]]),
      shared: new SharedArrayBuffer(4),
    }),
  );
  t.match(shown, '<29 bytes>');
  t.match(shown, '<3 bytes>');
  t.match(shown, '<4 bytes>');
  t.notMatch(shown, 'somebody');
  t.notMatch(shown, String(body[0]));
  t.notMatch(JSON.stringify(showTerm(new Session())), 'nobody sees it');
});

void t.test('parts: fields, indexes, keys of maps; what is not shown is counted', async t => {
  t.same(showTerm({ a: 1, b: [true] }).parts, [
    { key: 'a', value: { type: 'number', text: '1' } },
    {
      key: 'b',
      value: {
        type: 'array',
        text: '[1]',
        parts: [{ key: '0', value: { type: 'boolean', text: 'true' } }],
      },
    },
  ]);
  t.same(
    showTerm(
      new Map<unknown, unknown>([
        ['k', 1],
        [2, 2],
        [{ x: 1 }, 3],
      ]),
    ).parts?.map(p => p.key),
    ['k', '2', '{…}'],
  );
  t.match(
    showTerm(
      Array.from({ length: 10 }, (_, i) => i),
      { parts: 3 },
    ),
    {
      text: '[10]',
      more: 7,
    },
  );
  t.match(showTerm('x'.repeat(300), { characters: 5 }), { text: '"xxxxx…"' });
});

void t.test('bounded in depth and size, also where a value holds itself', async t => {
  const deep = (levels: number): unknown => (levels === 0 ? 'end' : { in: deep(levels - 1) });
  t.same(showTerm(deep(3), { depth: 1 }), {
    type: 'object',
    text: '{…}',
    parts: [{ key: 'in', value: { type: 'object', text: '{…}', more: 1 } }],
  });
  const circle: Record<string, unknown> = {};
  circle['self'] = circle;
  t.match(showTerm(circle).parts, [{ key: 'self', value: { text: '[seen above]' } }]);
  const wide = Array.from({ length: 60 }, () => Array.from({ length: 60 }, () => [1, 2, 3]));
  const count = (term: Term): number =>
    1 + (term.parts ?? []).reduce((sum, { value }) => sum + count(value), 0);
  t.ok(count(showTerm(wide)) <= 1_600);
  t.ok(JSON.stringify(showTerm(wide)).length < 150_000);
});

void t.test('nothing that is looked at is run', async t => {
  const trap = {
    get exploding(): never {
      throw new Error('it was run');
    },
    toString: () => {
      throw new Error('it was run');
    },
    toJSON: () => {
      throw new Error('it was run');
    },
  };
  t.match(showTerm(trap).parts?.[0], { key: 'exploding', value: { text: '[accessor]' } });
});
