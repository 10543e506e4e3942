/** Whose crash it is: that of the version out of which it was thrown, and of no other. */
import t from 'tap';
import { cast, code, Exit, isAlive, send, start } from '../../../actors/index.ts';
import type { GenServer, Pid } from '../../../actors/index.ts';
import { captureLog } from '../capture-log.ts';
import { freshName, listed, version } from './versions.ts';
import { until } from '../until.ts';

interface Plain {
  run(): unknown;
}

type Cast =
  /** Looks each of these up and calls it; says who is to blame. */
  | { readonly kind: 'call'; readonly modules: readonly string[] }
  /** The same without the saying. */
  | { readonly kind: 'use'; readonly modules: readonly string[] }
  | { readonly kind: 'crash_later'; readonly module: string };

/** A server whose own code can be replaced as well. */
const user = (): GenServer<undefined, undefined, never, Cast> => ({
  init: () => ['ok', undefined],
  handleCast(message) {
    if (message.kind === 'crash_later') {
      const exports = code.lookup(message.module);
      void Promise.resolve().then(() => {
        const thrown = new Error('late');
        code.blame(message.module, exports, thrown);
        throw thrown;
      });
      return ['noreply', undefined];
    }
    for (const name of message.modules) {
      const exports = code.lookup(name) as Plain;
      if (message.kind === 'use') continue;
      try {
        exports.run();
      } catch (thrown) {
        code.blame(name, exports, thrown);
        throw thrown;
      }
    }
    if (message.kind === 'use') throw new Error('of its own');
    return ['noreply', undefined];
  },
});

/** Plain functions that were loaded over built-in ones. */
async function plain(body: string): Promise<string> {
  const name = freshName('plain');
  code.define(name, { run: () => undefined });
  await code.upgrade([version(name, `exports.run = () => { ${body} };`)]);
  return name;
}

async function crashing(module: GenServer, message: Cast): Promise<void> {
  const [result, pid] = await start(module, undefined);
  if (result !== 'ok') throw new Error('did not start');
  cast(pid as Pid, message);
  await until(() => !isAlive(pid));
}

const crashesOf = (name: string): number => listed(name).current.crashes;

t.beforeEach(t => {
  captureLog(t);
});

for (const [what, thrown] of [
  ['an error', `throw new Error('of the function')`],
  ['an exit', `throw new (require('runtime').Exit)(['oops', {}])`],
  ['a string', `throw 'just so'`],
] as const)
  void t.test(`${what} that is thrown out of a function is the function’s crash only`, async t => {
    const owner = freshName('owner');
    const module = user();
    code.define(owner, { default: module });
    const good = await plain('');
    const bad = await plain(thrown);
    await crashing(module, { kind: 'call', modules: [good, bad] });
    t.same([crashesOf(good), crashesOf(bad), crashesOf(owner)], [0, 1, 0]);
  });

void t.test('what is thrown later, on behalf of the process, is so, too', async t => {
  const owner = freshName('owner');
  const module = user();
  code.define(owner, { default: module });
  const bad = await plain('');
  await crashing(module, { kind: 'crash_later', module: bad });
  t.same([crashesOf(bad), crashesOf(owner)], [1, 0]);
});

void t.test(
  'what a callback throws that nobody waits for is so, too: the stack names the file',
  async t => {
    const owner = freshName('owner');
    const module = user();
    code.define(owner, { default: module });
    const bad = await plain(
      `void new Promise(resolve => setImmediate(resolve)).then(() => { throw new Error('late'); });`,
    );
    const good = await plain('');
    const [, pid] = await start(module as GenServer, undefined);
    cast(pid as Pid, { kind: 'call', modules: [bad] });
    cast(pid as Pid, { kind: 'call', modules: [good] });
    await until(() => !isAlive(pid as Pid));
    t.same([crashesOf(bad), crashesOf(good), crashesOf(owner)], [1, 0, 0]);
  },
);

void t.test('a version that is gone by then is nobody’s fault', async t => {
  const module = user();
  const bad = freshName('plain');
  code.define(bad, { run: () => undefined });
  const gone = version(bad, `exports.run = () => undefined;`);
  const [, pid] = await start(
    {
      ...(module as GenServer),
      handleInfo() {
        const thrown = new Exit('of what is gone');
        code.blame(bad, gone.exports, thrown);
        throw thrown;
      },
    },
    undefined,
  );
  send(pid as Pid, 'go');
  await until(() => !isAlive(pid as Pid));
  t.equal(crashesOf(bad), 0);
});

void t.test('the built-in callback module falls over what functions left: both', async t => {
  const owner = freshName('owner');
  const module = user();
  code.define(owner, { default: module });
  const used = await plain('');
  await crashing(module, { kind: 'use', modules: [used] });
  t.same([crashesOf(used), crashesOf(owner)], [1, 1]);
});

void t.test('a callback module that was loaded crashes for itself', async t => {
  const owner = freshName('owner');
  const module = user();
  code.define(owner, { default: module });
  const used = await plain('');
  await code.upgrade([
    version(owner, `exports.default = { ...require('built-in').default };`, {
      'built-in': { default: module },
    }),
  ]);
  await crashing(module, { kind: 'use', modules: [used] });
  t.same([crashesOf(used), crashesOf(owner)], [0, 1]);
});

void t.test(
  'who is left in an old version crashes in that one, though both have one file',
  async t => {
    captureLog(t);
    const name = freshName('lingering');
    const source = (text: string): string => `exports.default = {
    init: () => ['ok', undefined],
    handleCast: () => { throw new Error('${text}'); },
  };`;
    const first = version(name, source('first'));
    code.define(name, { default: user() });
    code.load([first]);
    const [, pid] = await start((code.lookup(name) as { default: GenServer }).default, undefined);
    code.load([version(name, source('second'))]);
    cast(pid as Pid, { kind: 'anything' });
    await until(() => !isAlive(pid as Pid));
    const { current, old } = listed(name);
    t.same([current.crashes, old?.crashes], [0, 1]);
  },
);
