import t from 'tap';
import { compileLoad } from '../../../server/code/compile-load.ts';
import { stripTypes } from '../../../server/code/strip-types.ts';

void t.test('what awaits at the top of a file is told what to do, with its place', async t => {
  const file = { path: 'ping.ts', filename: '/h/ping.ts', code: '\nconst now = await later();' };
  const load = { id: 1, files: [file], modules: [{ name: 'ping', path: 'ping.ts' }] };
  t.throws(() => compileLoad(load), {
    code: 'compile_failed',
    line: 2,
    message:
      /^\/h\/ping\.ts:2: await is outside of any async function: at the top of a file .*; mend the file/,
  });
});

/** Compiles files of TypeScript; ping.ts is the module. */
async function compiled(files: Readonly<Record<string, string>>): Promise<unknown> {
  const sources = Object.entries(files).map(async ([path, text]) => {
    return { path, filename: `/h/${path}`, code: await stripTypes(path, text) };
  });
  return compileLoad({
    id: 1,
    files: await Promise.all(sources),
    modules: [{ name: 'ping', path: 'ping.ts' }],
  });
}

void t.test('a name that is imported and not exported there is told, with its line', async t => {
  await t.rejects(
    compiled({
      'ping.ts': `import { say, sayErorr } from 'strowger/server';
export default (state: never) => {
  say(state, { kind: 'pong', token: 1 });
  sayErorr(state, 'bad_field');
};`,
    }),
    {
      code: 'compile_failed',
      message:
        /^\/h\/ping\.ts:4: SyntaxError: "strowger\/server" exports no sayErorr\. Did you mean sayError\?; mend/,
    },
  );
  await t.rejects(
    compiled({
      'ping.ts': `import { quick } from './lib.ts';\nexport default () => [quick];`,
      'lib.ts': 'export const slow = 1;',
    }),
    { message: /^\/h\/ping\.ts:2: SyntaxError: "\.\/lib\.ts" exports no quick\.;/ },
  );
});

void t.test('types, namespaces, defaults and what is exported on are no missing names', async t => {
  await t.resolves(
    compiled({
      'ping.ts': `import { say, PacketHandler } from 'strowger/server';
import * as server from 'strowger/server';
import lib, { slow, Shape } from './lib.ts';
export { Shape } from './lib.ts';
export * from './lib.ts';
const handler: PacketHandler<never> = state => say(state, server.nothing ?? lib ?? slow);
export default handler as Shape;`,
      'lib.ts': 'export let slow = 1; export type Shape = any; export default 3;',
    }),
  );
});
