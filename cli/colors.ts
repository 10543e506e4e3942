/** Colours, for those who can see them. */
import picocolors from 'picocolors';

/** What colours a text, or leaves it as it is. */
export type Colors = ReturnType<typeof picocolors.createColors>;

/** Where a text goes. Node says of a terminal that it is one, and of the rest nothing. */
export interface Output {
  readonly isTTY?: boolean | undefined;
}

/**
 * The colours for an output: a terminal's, and elsewhere none. `NO_COLOR` (no-color.org) takes them from a terminal,
 * `FORCE_COLOR` (force-color.org) gives them to a file or a pipe, too; there "0" and "false" say no, as they do in Node.
 */
export const colorsFor = (
  out: Output,
  environment: Readonly<NodeJS.ProcessEnv> = process.env,
): Colors => picocolors.createColors(hasColors(out, environment));

function hasColors(
  { isTTY }: Output,
  { NO_COLOR: no, FORCE_COLOR: force, TERM: terminal }: Readonly<NodeJS.ProcessEnv>,
): boolean {
  if (isGiven(no)) return false;
  if (isGiven(force)) return force !== '0' && force !== 'false';
  return isTTY === true && terminal !== 'dumb';
}

const isGiven = (variable: string | undefined): boolean =>
  variable !== undefined && variable !== '';
