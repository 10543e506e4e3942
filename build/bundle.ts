/** Bundles the compiled program, and what the binary starts it with, into one text each. */
import { join } from 'node:path';
import { build, type BuildOptions } from 'esbuild';
import { programs, substitutions } from './substitutions.ts';

const common = {
  bundle: true,
  platform: 'node',
  target: 'node20',
  write: false,
  logLevel: 'warning',
  legalComments: 'none',
} as const satisfies BuildOptions;

/** Loaded if they are there, which they are not in the binary. */
const optional = ['bufferutil', 'utf-8-validate'];

export interface BundledProgram {
  readonly text: string;
  /** Its source map (JSON), from the text to the TypeScript sources. */
  readonly map: string;
}

/** The command, and every program that it starts in a thread or a process. @param root the compiled program */
export async function bundleProgram(root: string, version: string): Promise<BundledProgram> {
  const command = 'bin/strowger.js';
  const others = programs(root).filter(entry => entry !== command);
  const entries = [
    `${JSON.stringify(command)}: async () => (await import('./cli/main.js')).main(),`,
    ...others.map(entry => `${JSON.stringify(entry)}: () => import('./${entry}'),`),
  ];
  const [map = '', text = ''] = await bundle({
    ...common,
    stdin: { contents: `export const entries = {\n${entries.join('\n')}\n};`, resolveDir: root },
    format: 'cjs',
    external: optional,
    // Everything is in the one text: what is imported later is a function that is called later.
    supported: { 'dynamic-import': false },
    outfile: 'strowger.js',
    minifyWhitespace: true,
    sourcemap: 'external',
    sourcesContent: false,
    plugins: [substitutions(root, version)],
    // Dependencies that ask where they are do so to find what `substitutions` gives them.
    logOverride: { 'empty-import-meta': 'silent' },
  });
  return { text, map };
}

/** What is in `build/runtime/`. */
export async function bundleRuntime(
  root: string,
  name: 'main' | 'worker',
  format: 'cjs' | 'esm',
): Promise<string> {
  const entryPoints = [join(root, 'build/runtime', `${name}.js`)];
  const [text = ''] = await bundle({ ...common, entryPoints, format });
  return text;
}

const bundle = async (options: BuildOptions & { write: false }): Promise<string[]> =>
  (await build(options)).outputFiles.map(({ text }) => text);
