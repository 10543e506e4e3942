/** Stacks of the bundled program name its sources. */
import { compileFunction } from 'node:vm';
import { transform } from 'esbuild';
import t from 'tap';
import { mapStacks } from '../../build/runtime/stacks.ts';

const source = `
type Thrower = () => never;
export const thrower: Thrower = function named() {
  throw new TypeError('as meant');
};`;

void t.test('a stack through the mapped script, and one beside it', async t => {
  const before = Object.getOwnPropertyDescriptor(Error, 'prepareStackTrace');
  t.teardown(() => {
    if (before === undefined) Reflect.deleteProperty(Error, 'prepareStackTrace');
    else Object.defineProperty(Error, 'prepareStackTrace', before);
  });
  const { code, map } = await transform(source, {
    loader: 'ts',
    format: 'cjs',
    minifyWhitespace: true,
    sourcemap: 'external',
    sourcefile: '../../cli/named.ts',
  });
  let reads = 0;
  mapStacks('/opt/strowger/strowger.js', () => {
    reads += 1;
    return map;
  });
  const module = { exports: {} as { thrower: () => never } };
  const bundle = compileFunction(code, ['module', 'exports'], {
    filename: '/opt/strowger/strowger.js',
  }) as (module: object, exports: object) => void;
  bundle(module, module.exports);
  t.match(new Error('beside').stack, /^Error: beside\n {4}at .*stacks\.test/);
  t.equal(reads, 0, 'the map is read when it is needed');
  for (const _ of [1, 2]) {
    let stack: string | undefined;
    try {
      module.exports.thrower();
    } catch (error) {
      ({ stack } = error as Error);
    }
    t.match(stack, /^TypeError: as meant\n {4}at .*named \(cli\/named\.ts:4:9\)\n/);
  }
  t.equal(reads, 1);
  const unreadable = {
    toString() {
      throw new Error('never');
    },
  };
  Error.captureStackTrace(unreadable);
  t.match((unreadable as { stack?: string }).stack, /^Error\n {4}at /);
});
