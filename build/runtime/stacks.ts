/**
 * Stacks that name the TypeScript sources. Node's `--enable-source-maps` reads the map before the program runs, a fifth of
 * the time to start; here it is read when the first stack is looked at.
 */
import { SourceMap, type SourceMapPayload } from 'node:module';

/** @param filename of the one script that the map is for */
export function mapStacks(filename: string, readMap: () => string): void {
  let map: SourceMap | undefined;
  const place = (frame: NodeJS.CallSite): string | undefined => {
    const [line, column] = [frame.getLineNumber(), frame.getColumnNumber()];
    if (frame.getFileName() !== filename || line === null || column === null) return undefined;
    map ??= new SourceMap(JSON.parse(readMap()) as SourceMapPayload);
    const origin = map.findEntry(line - 1, column - 1);
    if (!('originalSource' in origin)) return undefined;
    const source = origin.originalSource.replace(/^(\.\.\/)+/, '');
    return `${source}:${origin.originalLine + 1}:${origin.originalColumn + 1}`;
  };
  Error.prepareStackTrace = (error, frames) =>
    [describe(error), ...frames.map(frame => `    at ${described(frame, place(frame))}`)].join(
      '\n',
    );
}

/** The frame as V8 writes it, with its place in the sources. */
function described(frame: NodeJS.CallSite, origin: string | undefined): string {
  const text = (frame as { toString(): string }).toString();
  if (origin === undefined) return text;
  return text.endsWith(')') ? text.replace(/\([^()]*\)$/, `(${origin})`) : origin;
}

/** A stack's first line; who throws may have made it unreadable. */
function describe(error: unknown): string {
  try {
    return String(error);
  } catch {
    return 'Error';
  }
}
