/**
 * What of a value may stand in a log line. Exit reasons and reports may hold anything, also a message that somebody
 * sent or a key: of objects only their kind is told, of bytes only how many.
 */

const DEPTH = 4;
const ITEMS = 16;
const CHARACTERS = 1000;

/** A JSON value that is safe to write. */
export function loggable(value: unknown, depth = 0): unknown {
  switch (typeof value) {
    case 'string':
      return value.length > CHARACTERS ? `${value.slice(0, CHARACTERS)}…` : value;
    case 'number':
    case 'boolean':
    case 'undefined':
      return value;
    case 'object':
      return value === null ? null : loggableObject(value, depth);
    default:
      return `<${typeof value}>`;
  }
}

function loggableObject(value: object, depth: number): unknown {
  if (value instanceof Error) return loggableError(value, depth);
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer)
    return `<${value.byteLength} bytes>`;
  if (depth >= DEPTH) return '<…>';
  if (Array.isArray(value)) {
    return value.slice(0, ITEMS).map(item => loggable(item, depth + 1));
  }
  if ('reason' in value && 'stack' in value) {
    return { reason: loggable(value.reason, depth + 1), stack: loggable(value.stack) };
  }
  return 'kind' in value && typeof value.kind === 'string' ? `<${value.kind}>` : '<object>';
}

function loggableError(error: Error, depth: number): Record<string, unknown> {
  return {
    name: error.name,
    message: loggable(error.message),
    ...('code' in error ? { code: loggable(error.code, depth + 1) } : {}),
    stack: loggable(error.stack),
    ...(error.cause === undefined || depth >= DEPTH
      ? {}
      : { cause: loggable(error.cause, depth + 1) }),
  };
}
