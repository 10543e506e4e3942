import t from 'tap';
import type { HandlerSet } from '../../../server/code/handler-files.ts';
import {
  afterLoad,
  afterPromote,
  afterPurge,
  afterRevert,
  canaries,
  difference,
  layersOf,
  revertible,
  type Book,
} from '../../../server/code/in-force.ts';

const NOTHING: Book = new Map();

/** A directory in which each module has this hash. */
const set = (hashes: Readonly<Record<string, string>>, directory = '/h'): HandlerSet => ({
  directory,
  files: [],
  modules: Object.entries(hashes).map(([name, hash]) => ({ name, path: `${name}.ts`, hash })),
});

const loaded = (book: Book, id: number, handlers: HandlerSet, share?: number): Book =>
  afterLoad(book, id, handlers, difference(book, handlers, share !== undefined).changed, share);

/** Layers in short: `current#2 ping=ping.ts`. */
const layers = (book: Book): string[] =>
  layersOf(book).map(
    ({ slot, load: { id, modules }, share }) =>
      `${slot}${share === undefined ? '' : ` ${share}`}#${id} ${modules
        .map(({ name, path = 'built-in' }) => `${name}=${path}`)
        .join(' ')}`,
  );

void t.test('only what has changed is loaded', async t => {
  const book = loaded(NOTHING, 1, set({ ping: 'a', ack: 'a' }));
  const { changed, unchanged } = difference(book, set({ ping: 'a', ack: 'b' }), false);
  t.match(changed, [{ name: 'ack', hash: 'b' }]);
  t.same(unchanged, ['ping']);
});

void t.test(
  'a file that is gone is built in again, but only for its directory and not in a canary',
  async t => {
    const book = loaded(NOTHING, 1, set({ ping: 'a', ack: 'a' }));
    t.same(difference(book, set({ ping: 'a' }), false).changed, [{ name: 'ack', path: undefined }]);
    t.same(difference(book, set({ ping: 'a' }), true).changed, []);
    t.same(difference(book, set({ ping: 'a' }, '/other'), false).changed, []);
  },
);

void t.test('an isolate that starts gets old, current and canary, each from its load', async t => {
  let book = loaded(NOTHING, 1, set({ ping: 'a', ack: 'a' }));
  t.same(layers(book), ['current#1 ping=ping.ts ack=ack.ts']);
  book = loaded(book, 2, set({ ping: 'b', ack: 'a' }));
  t.same(layers(book), ['old#1 ping=ping.ts', 'current#1 ack=ack.ts', 'current#2 ping=ping.ts']);
  book = loaded(book, 3, set({ ack: 'c' }), 0.25);
  t.same(layers(book).at(-1), 'canary 0.25#3 ack=ack.ts');
  t.same(canaries(book), ['ack']);
  t.same(layers(afterPromote(book, ['ack'])), [
    'old#1 ping=ping.ts ack=ack.ts',
    'current#2 ping=ping.ts',
    'current#3 ack=ack.ts',
  ]);
});

void t.test('a revert ends the canary, else it goes back one version, once', async t => {
  let book = loaded(NOTHING, 1, set({ ping: 'a' }));
  book = loaded(book, 2, set({ ping: 'b' }), 0.5);
  book = afterRevert(book, ['ping']);
  t.same([canaries(book), layers(book)], [[], ['current#1 ping=ping.ts']]);
  t.same(revertible(book), ['ping']);
  book = afterRevert(book, ['ping']);
  t.same(layers(book), ['current#0 ping=built-in']);
  t.same(revertible(book), []);
});

void t.test('what was purged cannot be gone back to', async t => {
  const book = afterPurge(loaded(NOTHING, 1, set({ ping: 'a' })), ['ping']);
  t.same(revertible(book), []);
});
