/**
 * `npm run build:binary`: makes dist/strowger, one executable with Node, the program and its native addons inside
 * (https://nodejs.org/docs/latest-v20.x/api/single-executable-applications.html). Needs no network.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inject } from 'postject';
import { bundleProgram, bundleRuntime } from './bundle.ts';

/** Node has it once in its executable, and looks there for a program of its own. */
const SENTINEL_FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const project = dirname(root);
const work = join(root, 'binary');
const target = join(root, 'strowger');

const node = readFileSync(process.execPath);
if (!node.includes(SENTINEL_FUSE))
  throw new Error(
    `${process.execPath} cannot carry a program: build with a Node from nodejs.org (a distribution's own may keep its parts in a shared library)`,
  );

mkdirSync(work, { recursive: true });
const { version } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')) as {
  version: string;
};
const write = (name: string, text: string): string => {
  const file = join(work, name);
  writeFileSync(file, text);
  return file;
};
const addons = addonFiles();
const hashes = Object.fromEntries(
  Object.entries(addons).map(([name, file]) => [
    name,
    createHash('sha256').update(readFileSync(file)).digest('hex'),
  ]),
);
const webFiles = builtForBrowsers();
const program = await bundleProgram(root, version);
const main = write('main.js', await bundleRuntime(root, 'main', 'cjs'));
const configuration = write(
  'sea.json',
  JSON.stringify({
    main,
    output: join(work, 'strowger.blob'),
    disableExperimentalSEAWarning: true,
    assets: {
      'strowger.js': write('strowger.js', program.text),
      'strowger.js.map': write('strowger.js.map', program.map),
      'worker.js': write('worker.js', await bundleRuntime(root, 'worker', 'esm')),
      'web.json': write('web.json', JSON.stringify(webFiles)),
      ...Object.fromEntries(webFiles.map(name => [`web/${name}`, join(root, 'web', name)])),
      'addons.json': write('addons.json', JSON.stringify(hashes)),
      ...addons,
    },
  }),
);
execFileSync(process.execPath, ['--experimental-sea-config', configuration], { stdio: 'inherit' });

// Beside the old one until it is whole: a server that runs keeps the file that it was started from.
const unfinished = `${target}.unfinished`;
copyFileSync(process.execPath, unfinished);
chmodSync(unfinished, 0o755);
await inject(unfinished, 'NODE_SEA_BLOB', readFileSync(join(work, 'strowger.blob')), {
  sentinelFuse: SENTINEL_FUSE,
});
renameSync(unfinished, target);
process.stdout.write(`${target}\n`);

/** The observer's page as `npm run build:web` has made it: its files, relative to the folder of all pages. */
function builtForBrowsers(): string[] {
  const page = join(root, 'web/observer');
  if (!existsSync(page)) {
    process.stderr.write('without the observer’s page: `npm run build:web` makes it\n');
    return [];
  }
  return readdirSync(page, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => relative(dirname(page), join(entry.parentPath, entry.name)));
}

/** The native addons for this platform and this Node, by the names that `substitutions.ts` gives them. */
function addonFiles(): Record<string, string> {
  const { platform, arch, versions } = process;
  const inPackage = (name: string, file: string): string =>
    join(project, 'node_modules', name, file);
  const abi = versions.modules;
  return {
    'better_sqlite3.node': inPackage('better-sqlite3', 'build/Release/better_sqlite3.node'),
    'uws.node': inPackage('uWebSockets.js', `dist/bin/uws_${platform}_${arch}_${abi}.node`),
    'msgpackr_extract.node': inPackage(
      `@msgpackr-extract/msgpackr-extract-${platform}-${arch}`,
      `node.abi${abi}.glibc.node`,
    ),
  };
}
