/** Where in a file an error is from: who mends it wants the line. */

export interface Place {
  /** Counted from 1. */
  readonly line: number | undefined;
  readonly column: number | undefined;
}

const NOWHERE: Place = { line: undefined, column: undefined };

/**
 * The place in the file that an error tells of: a parser's `loc`, else the topmost frame of the
 * stack in that file, else the head that V8 gives a syntax error.
 */
export function placeIn(thrown: unknown, filename: string): Place {
  if (typeof thrown !== 'object' || thrown === null) return NOWHERE;
  const { loc, stack } = thrown as { readonly loc?: unknown; readonly stack?: unknown };
  if (isPlace(loc)) return { line: loc.line, column: loc.column };
  return typeof stack === 'string' ? placeInStack(stack, filename) : NOWHERE;
}

/** The topmost frame, or head, of the stack that is in the file. */
function placeInStack(stack: string, filename: string): Place {
  let from = stack.indexOf(`${filename}:`);
  while (from >= 0) {
    const found = /^:(\d+)(?::(\d+))?/.exec(stack.slice(from + filename.length, from + filename.length + 24)); // prettier-ignore
    if (found !== null) {
      const [, line, column] = found;
      return { line: Number(line), column: column === undefined ? undefined : Number(column) };
    }
    from = stack.indexOf(`${filename}:`, from + 1);
  }
  return NOWHERE;
}

function isPlace(value: unknown): value is { readonly line: number; readonly column?: number } {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as { readonly line?: unknown }).line === 'number'
  );
}
