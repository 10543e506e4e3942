/** The handlers in docs/handlers.md are taken by the loader and by the compiler as they are written there. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import t from 'tap';
import { code } from '../../../actors/index.ts';
import { compileLoad } from '../../../server/code/compile-load.ts';
import { readHandlers } from '../../../server/code/handler-files.ts';
import { defineModules, moduleNames, swappableNamed } from '../../../server/code/swappable.ts';
import { entryPoints } from '../../../server/code/imports.ts';
import { directoryOf, write } from '../../e2e/handlers-directory.ts';

const page = readFileSync('docs/handlers.md', 'utf8');

/** The blocks that begin with the name of their file. */
const examples = Object.fromEntries(
  [...page.matchAll(/^```ts\n\/\/ (\S+)\n([^]*?)^```$/gm)].map(([, path = '', text = '']) => [
    path,
    text,
  ]),
);

void t.test('they are loaded', async t => {
  const {
    directory: _,
    files,
    modules,
  } = await readHandlers(await directoryOf(t, examples), moduleNames);
  t.same(
    modules.map(({ name }) => name),
    ['mailbox', 'ping', 'requests/devices'],
  );
  defineModules();
  const versions = compileLoad({ id: 1, files, modules });
  for (const { name, exports } of versions) swappableNamed(name).check(exports);
  t.match(await code.upgrade(versions), { modules: ['mailbox', 'ping', 'requests/devices'] });
});

void t.test('every module of the server is in the table', async t => {
  const rows = page.split('\n').filter(line => /^\| `.*\.ts`/.test(line));
  for (const name of moduleNames.filter(name => !name.includes('/')))
    t.ok(
      rows.some(row => row.includes(`\`${name}.ts\``)),
      name,
    );
});

void t.test('with the tsconfig they are checked, and a mistake in one is found', async t => {
  const directory = await directoryOf(t, {
    ...examples,
    'tsconfig.json': JSON.stringify({ extends: resolve('handlers.tsconfig.json') }),
  });
  await write(directory, {
    'ack.ts': `import { say, type PacketHandler } from 'strowger/server';
import type { Ack } from 'strowger/protocol';
const ack: PacketHandler<Ack> = (state, packet) => say(state, { kind: 'ping', token: packet.upToo });
export default ack;
`,
  });
  const { paths } = (
    JSON.parse(readFileSync('handlers.tsconfig.json', 'utf8')) as {
      compilerOptions: { paths: Record<string, string[]> };
    }
  ).compilerOptions;
  t.same(Object.keys(paths), entryPoints);
  const tsc = join('node_modules', 'typescript', 'bin', 'tsc');
  const output = await new Promise<string>(done => {
    execFile(process.execPath, [tsc, '-p', directory, '--pretty', 'false'], (_, stdout) =>
      done(stdout),
    );
  });
  const errors = output.split('\n').filter(line => /error TS/.test(line));
  t.ok(errors.length >= 1, output);
  for (const line of errors) t.match(line, /ack\.ts\(3,/);
});
