/** A lesson of the course as what can be run: its commands, what they print, and the changes that break its program. */

/** What a lesson says one sees. */
export interface Step {
  /** The line after `$ `. */
  readonly command: string;
  readonly output: string;
  /** The changes that this section has made until here, each as the lines of a diff. */
  readonly changes: readonly string[];
}

/** Blocks in the order of the page; a heading of a section puts everything back. */
const PARTS = /^## .*$|^```(console|diff|ts)\n([^]*?)^```$/gm;

/** @param page the lesson in Markdown */
export function stepsOf(page: string): Step[] {
  const steps: Step[] = [];
  let changes: string[] = [];
  for (const [, kind, text = ''] of page.matchAll(PARTS)) {
    if (kind === undefined) changes = [];
    if (kind === 'diff') changes = [...changes, text];
    if (kind !== 'console') continue;
    for (const part of text.split(/^\$ /m).slice(1)) {
      const [command = '', ...output] = part.trimEnd().split('\n');
      steps.push({ command, output: output.join('\n'), changes });
    }
  }
  return steps;
}

/** Begins a piece of code that is a file of the reader's own, or a change that the reader is to make by hand. */
const FILE = /^\/\/ (?<path>\S+\.ts)(?<where>, .*)?\n/;

const code = (page: string): string[] =>
  [...page.matchAll(PARTS)].flatMap(([, kind, text = '']) => (kind === 'ts' ? [text] : []));

/** The pieces of the program that the lesson shows. */
export const excerptsOf = (page: string): string[] => code(page).filter(text => !FILE.test(text));

/** The files that the lesson lets its reader write: path and text. */
export const filesOf = (page: string): [path: string, text: string][] =>
  code(page).flatMap(text => {
    const { path, where } = FILE.exec(text)?.groups ?? {};
    return path === undefined || where !== undefined ? [] : [[path, text.replace(FILE, '')]];
  });

/**
 * The program with the change made.
 * @throws Error when what the change replaces is not there, or not only once
 */
export function change(program: string, diff: string): string {
  const lines = diff.trimEnd().split('\n');
  const side = (sign: string): string =>
    lines
      .filter(line => !line.startsWith(sign))
      .map(line => `${line.slice(1)}\n`)
      .join('');
  const [before, after] = [side('+'), side('-')];
  if (program.split(before).length !== 2)
    throw new Error(`the program has these lines not just once:\n${before}`);
  return program.replace(before, () => after);
}
