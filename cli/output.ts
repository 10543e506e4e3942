/** What the command prints: lines for machines on stdout, everything for people on stderr. */
import { colorsFor } from './colors.ts';
import { CommandError } from './failure.ts';

/** Colours for what people read on stderr. */
export const styles = colorsFor(process.stderr);
/** Colours for what people read on stdout. */
export const stdoutStyles = colorsFor(process.stdout);

/**
 * Writes a line to stdout. Once it resolves the line is with whoever reads it.
 * @param orElse what then becomes of it, for people
 * @throws (rejects) CommandError `output_closed`
 */
export function print(line: string, orElse?: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(`${line}\n`, error => {
      if (error) reject(outputClosed(error, orElse));
      else resolve();
    });
  });
}

function outputClosed(cause: Error, orElse: string | undefined): CommandError {
  const { message } = new CommandError('output_closed');
  const sentences = orElse === undefined ? message : `${message} ${orElse}`;
  return new CommandError('output_closed', sentences, { cause });
}

// A write that fails tells its own callback; without a listener the event would be thrown as well.
process.stdout.on('error', () => undefined);
// With a closed terminal nobody reads what is for people, and what goes on is to come to its end all the same.
process.stderr.on('error', () => undefined);

/** One JSON line on stdout. */
export const printJson = (value: unknown): Promise<void> => print(JSON.stringify(value));

/** A line for people, on stderr. */
export function say(text: string): void {
  process.stderr.write(`${text}\n`);
}
