/** TypeScript with `import` into plain JavaScript with `require`, line for line, so that stack traces need no map. */
import { HandlersError } from './handlers-error.ts';

/** @throws (rejects) HandlersError with the place of what is no TypeScript */
export async function stripTypes(path: string, source: string): Promise<string> {
  // Loaded when the first handlers are: most servers never need it.
  const { transform } = await import('sucrase');
  try {
    return transform(source, {
      transforms: ['typescript', 'imports'],
      // Syntax of Node's own age stays as it is written.
      disableESTransforms: true,
      production: true,
    }).code;
  } catch (cause) {
    if (!(cause instanceof Error)) throw cause;
    throw new HandlersError(`${path}${placeOf(cause)}: ${reasonOf(cause)}`, { cause });
  }
}

/** The parser ends its sentences with `(line:column)`. */
const PLACE = /\s*\((\d+):(\d+)\)$/;

function placeOf({ message }: Error): string {
  const [, line, column] = PLACE.exec(message) ?? [];
  return line === undefined ? '' : `, line ${line}, column ${column ?? ''}`;
}

const reasonOf = ({ message }: Error): string => {
  const reason = message.replace(/^Error transforming .*?: /, '').replace(PLACE, '');
  return `this is no TypeScript: ${reason}.`;
};
