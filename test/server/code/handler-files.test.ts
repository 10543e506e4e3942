import { execFileSync } from 'node:child_process';
import { chmod, mkdir, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { readHandlers } from '../../../server/code/handler-files.ts';
import { HandlersError } from '../../../server/code/handlers-error.ts';
import { moduleNames } from '../../../server/code/swappable.ts';
import { directoryOf, write, type Files } from '../../e2e/handlers-directory.ts';

const read = async (test: Parameters<typeof directoryOf>[0], files: Files) =>
  readHandlers(await directoryOf(test, files), moduleNames);

void t.test('each file is plain JavaScript, line for line', async t => {
  const { files, modules } = await read(t, {
    'ping.ts': `import type { Ping } from 'strowger/protocol';
import { say } from 'strowger/server';
interface Unused {
  readonly token: number;
}
export default (state: never, { token }: Ping): void => {
  throw new Error('line 7');
};
`,
    'requests/devices.js': 'export default async () => ({ users: [] });',
  });
  t.same(
    modules.map(({ name, path }) => [name, path]),
    [
      ['ping', 'ping.ts'],
      ['requests/devices', 'requests/devices.js'],
    ],
  );
  const [ping] = files;
  t.match(ping?.code.split('\n')[6], /line 7/);
  t.match(ping?.filename, /^\/.*\/ping\.ts$/);
});

void t.test('what lies beside the handlers is left alone', async t => {
  const { files } = await read(t, {
    'ping.ts': 'export default () => undefined;',
    'tsconfig.json': '{}',
    'types.d.ts': 'export interface A {}',
    '.ping.ts.swp.ts': 'not (',
    'node_modules/x/index.js': 'not (',
    'README.md': '# mine',
  });
  t.same(
    files.map(({ path }) => path),
    ['ping.ts'],
  );
});

const refused: readonly (readonly [what: string, Files, RegExp])[] = [
  [
    'a mistyped name',
    { 'pign.ts': '' },
    /^pign\.ts is for no module of the server, .* Did you mean "ping\.ts"\?$/,
  ],
  [
    'a mistyped name beside a good one',
    { 'ack.ts': '', 'pign.ts': '' },
    /^pign\.ts is for no module of the server, .* Did you mean "ping\.ts"\?$/,
  ],
  [
    'what runs in the thread with the sockets, where nobody could end it',
    { 'housekeeping.ts': 'export default {};' },
    /^housekeeping\.ts is for no module of the server/,
  ],
  [
    'nothing',
    { 'README.md': '' },
    /^There are no handlers in .*: name a file for what it replaces/,
  ],
  ['a file that nobody uses', { 'ack.ts': '', 'wonderful.js': '' }, /There are session, mailbox, /],
  [
    'two files for one module',
    { 'ack.ts': '', 'ack.js': '' },
    /^ack\.js and ack\.ts are for the same/,
  ],
  [
    'no TypeScript',
    { 'ack.ts': 'let a;\nlet = (;\n' },
    /^ack\.ts, line 2, column \d+: this is no TypeScript/,
  ],
  [
    'an import of Node’s',
    { 'ack.ts': `import { readFileSync } from 'node:fs';\nreadFileSync('/etc/passwd');` },
    /^ack\.ts imports "node:fs": a handler imports only strowger\/actors, /,
  ],
  [
    'an import that is nearly one',
    { 'ack.ts': `import { say } from 'strowger/sever';\nsay();` },
    /Did you mean "strowger\/server"\?$/,
  ],
  [
    'an import of a file that is not there',
    { 'ack.ts': `import { x } from './helpers.ts';\nx();`, 'helper.ts': '' },
    /^ack\.ts imports "\.\/helpers\.ts", and there is no such file\. Did you mean "\.\/helper\.ts"\?$/,
  ],
  [
    'an import from outside',
    { 'ack.ts': `import { x } from '../secret.ts';\nx();` },
    /which is outside of the handlers’ directory: move it in\.$/,
  ],
  [
    'a file that is too large',
    { 'ack.ts': `//${' '.repeat(1024 * 1024)}` },
    /a handler may have 1048576/,
  ],
];

for (const [what, files, sentence] of refused)
  void t.test(`refused with a sentence: ${what}`, async t => {
    await t.rejects(read(t, files), { name: 'HandlersError', message: sentence });
  });

void t.test('a directory that cannot be read is named', async t => {
  const directory = await directoryOf(t, { 'ping.ts': '' });
  await t.rejects(readHandlers(`${directory}/none`, moduleNames), {
    message: /cannot be read: there is no such directory/,
  });
  await t.rejects(readHandlers(`${directory}/ping.ts`, moduleNames), {
    message: /it is a file: name the directory that it is in/,
  });
  await t.rejects(readHandlers(directory.replace(/.$/, '\0'), moduleNames), Error);
  t.ok(new HandlersError('x') instanceof Error);
});

/** Each puts something into a directory, beside a good handler, that cannot be taken. */
const strange: readonly (readonly [
  what: string,
  put: (directory: string) => void | Promise<void>,
  RegExp,
])[] = [
  [
    'a link to nothing',
    directory => symlink('nothing.ts', join(directory, 'ack.ts')),
    /^ack\.ts cannot be read: it is a link that leads nowhere, or was removed at this moment \(ENOENT\)\.$/,
  ],
  [
    'a link to itself',
    directory => symlink('ack.ts', join(directory, 'ack.ts')),
    /^ack\.ts cannot be read: it is a link that leads back to itself \(ELOOP\)\.$/,
  ],
  [
    'a link to a directory',
    async directory => {
      await mkdir(join(directory, '.elsewhere'));
      await symlink('.elsewhere', join(directory, 'requests'));
    },
    /^requests is a link to a directory, and such links are not followed: move the directory here/,
  ],
  [
    'a pipe, which is not waited for',
    directory => void execFileSync('mkfifo', [join(directory, 'ack.ts')]),
    /^ack\.ts is no file: only files may be named like handlers\.$/,
  ],
  [
    'no text',
    directory => write(directory, { 'ack.ts': '\u0000\u0001\ufffd\u0002' }),
    /^ack\.ts, line 1, column 1: this is no TypeScript/,
  ],
];

for (const [what, put, sentence] of strange)
  void t.test(`refused with a sentence: ${what}`, async t => {
    const directory = await directoryOf(t, { 'ping.ts': 'export default () => undefined;' });
    await put(directory);
    await t.rejects(readHandlers(directory, moduleNames), {
      name: 'HandlersError',
      message: sentence,
    });
  });

void t.test(
  'a link to a file, and a directory that is named like one, are taken as they are',
  async t => {
    const directory = await directoryOf(t, {
      '.data/ping.ts': 'export default () => undefined;',
      'lib.ts/one.js': 'export const one = 1;',
      'ack.ts': `import { one } from './lib.ts/one.js';\nexport default () => one;`,
    });
    await symlink('.data/ping.ts', join(directory, 'ping.ts'));
    const { modules } = await readHandlers(directory, moduleNames);
    t.same(modules.map(({ name }) => name).sort(), ['ack', 'ping']);
  },
);

void t.test('what the server’s user may not read is named', async t => {
  const directory = await directoryOf(t, {
    'ping.ts': 'export default () => undefined;',
    'requests/devices.ts': 'export default async () => undefined;',
  });
  const file = join(directory, 'ping.ts');
  const below = join(directory, 'requests');
  // Whatever the umask has left of its mode.
  await chmod(below, 0o755);
  await chmod(file, 0);
  await asNobody(directory, () =>
    t.rejects(readHandlers(directory, moduleNames), {
      message: /^ping\.ts cannot be read: the user that the server runs as may not \(EACCES\)/,
    }),
  );
  await chmod(below, 0);
  await asNobody(directory, () =>
    t.rejects(readHandlers(directory, moduleNames), {
      message: new RegExp(`^The handlers’ directory ${below} cannot be read: the user .*EACCES`),
    }),
  );
  await chmod(below, 0o700);
});

/** As root everything may be read: so as somebody who is not. */
async function asNobody(directory: string, work: () => Promise<unknown>): Promise<void> {
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) await chmod(directory, 0o755);
  if (isRoot) process.seteuid?.(65_534);
  try {
    await work();
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
}

void t.test('the directory of the settings may be empty, but not be gone', async t => {
  const directory = await directoryOf(t, {});
  t.same((await readHandlers(directory, moduleNames, { mayBeEmpty: true })).modules, []);
  await rm(directory, { recursive: true });
  await t.rejects(readHandlers(directory, moduleNames, { mayBeEmpty: true }), {
    message: /there is no such directory/,
  });
});

void t.test('a module’s hash changes with what it imports, and with nothing else', async t => {
  const files = {
    'ack.ts': `import { helped } from './lib/helper';\nexport default () => helped;`,
    'ping.ts': `import type { Shape } from './lib/types.ts';\nexport default (_: Shape) => undefined;`,
    'lib/helper.ts': `import { deep } from './deep.js';\nexport const helped = deep;`,
    'lib/deep.ts': 'export const deep = 1;',
    'lib/types.ts': 'export interface Shape { readonly a: number }',
  };
  const directory = await directoryOf(t, files);
  const hashes = async () => {
    const { modules } = await readHandlers(directory, moduleNames);
    return new Map(modules.map(({ name, hash }) => [name, hash]));
  };
  const before = await hashes();
  t.same(await hashes(), before);
  await write(directory, { 'lib/deep.ts': 'export const deep = 2;' });
  const after = await hashes();
  t.not(after.get('ack'), before.get('ack'));
  t.equal(after.get('ping'), before.get('ping'));
  await write(directory, { 'lib/types.ts': 'export interface Shape { readonly b: number }' });
  t.same(await hashes(), after, 'types are nothing that runs');
});
