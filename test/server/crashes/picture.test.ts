/** Any value survives as JSON, shared objects and circles included; what cannot be kept says so when it is used. */
import fc from 'fast-check';
import t from 'tap';
import { changes } from '../../../server/crashes/difference.ts';
import { fromPicture, NotKept, toPicture, type Known } from '../../../server/crashes/picture.ts';

class Point {
  readonly x: number;
  private other: Point | undefined;

  constructor(x: number, other?: Point) {
    this.x = x;
    this.other = other;
  }

  sum(): number {
    return this.x + (this.other?.sum() ?? 0);
  }
}

class Stranger {
  #secret = 1;
  get secret(): number {
    return this.#secret;
  }
}

const service = { isService: true };
const known: Known = {
  classes: { Point },
  nameOf: value => (value === service ? { name: 'service' } : undefined),
  named: () => service,
};

const again = (value: unknown): unknown =>
  fromPicture(JSON.parse(JSON.stringify(toPicture(value, known))) as never, known);

void t.test('plain values', t => {
  const leaf = fc.oneof(
    fc.constant(undefined),
    fc.constant(null),
    fc.boolean(),
    fc.double(),
    fc.bigInt(),
    fc.string(),
    fc.uint8Array(),
    fc.date({ noInvalidDate: true }),
  );
  const value = fc.letrec(tie => ({
    value: fc.oneof(
      { depthSize: 'small' },
      leaf,
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(fc.string(), tie('value'), { maxKeys: 4, noNullPrototype: true }),
      fc.uniqueArray(tie('value'), { maxLength: 3 }).map(items => new Set(items)),
      fc.array(fc.tuple(fc.string(), tie('value')), { maxLength: 3 }).map(pairs => new Map(pairs)),
    ),
  })).value;
  fc.assert(
    fc.property(value, given => {
      t.strictSame(again(given), given);
    }),
    { numRuns: 300 },
  );
  t.end();
});

void t.test('an object that is met twice is one object, and a circle is a circle', t => {
  const shared = { n: 1 };
  const circle: { self?: unknown; map: Map<string, unknown>; twice: unknown[] } = {
    map: new Map(),
    twice: [shared, shared],
  };
  circle.self = circle;
  circle.map.set('up', circle);
  const made = again(circle) as typeof circle;
  t.equal(made.self, made);
  t.equal(made.map.get('up'), made);
  t.equal(made.twice[0], made.twice[1]);
  t.end();
});

void t.test(
  'objects of known classes have their methods again, known objects are those of here',
  t => {
    const made = again({ point: new Point(1, new Point(2)), service }) as {
      point: Point;
      service: unknown;
    };
    t.equal(made.point.sum(), 3);
    t.equal(made.service, service);
    t.end();
  },
);

void t.test('an error keeps its name, message, stack and fields', t => {
  const error = Object.assign(new RangeError('too far'), { limit: 3 });
  const made = again(error) as RangeError & { limit: number };
  t.match(made, { name: 'RangeError', message: 'too far', limit: 3 });
  t.equal(made.stack, error.stack);
  t.end();
});

void t.test('what cannot be kept says so when it is used', t => {
  const made = again({ go: () => 1, stranger: new Stranger() }) as Record<string, () => unknown>;
  t.throws(
    () => made['go']?.(),
    new NotKept(
      'the function go could not be kept in the crash file, so this step cannot go on here',
    ),
  );
  t.throws(() => made['stranger']?.(), NotKept);
  t.end();
});

void t.test('fields with the name of our mark are fields', t => {
  t.strictSame(again({ $: 'map', of: 1 }), { $: 'map', of: 1 });
  t.strictSame(again({ ['__proto__']: 1 }), JSON.parse('{"__proto__":1}'));
  t.end();
});

void t.test('what differs is told with its path', t => {
  const before = toPicture({ a: [1, { b: 2 }], c: 'same', f: () => 1 }, known);
  const after = toPicture({ a: [1, { b: 3 }], c: 'same', f: () => 2, d: true }, known);
  t.strictSame(changes(before, after), ['a[1].b: 2 -> 3', 'd: nothing -> true']);
  t.end();
});
