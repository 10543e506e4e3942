import { describeReason } from '../actors/index.ts';
import { StorageError } from '../storage/mnesia/storage-error.ts';

/** The server cannot start; the message says what to do. */
export class StartError extends Error {
  override readonly name = 'StartError';
  /** `port_taken`, `bad_tls`, a StorageError's code … */
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/**
 * The cause that a person can do something about, from inside the exit reasons of the supervisors on the way:
 * `['shutdown', ['failed_to_start_child', id, reason]]`, again and again.
 */
export function findStartError(reason: unknown): StartError {
  let inner = reason;
  for (;;) {
    if (inner instanceof StorageError)
      return new StartError(inner.code, inner.message, { cause: inner });
    if (Array.isArray(inner)) {
      if (inner[0] === 'bad_tls') return new StartError('bad_tls', String(inner[1]));
      // What an isolate found, in its own words.
      if (inner[0] === 'start_refused') return new StartError(String(inner[1]), String(inner[2]));
      if (inner[0] !== 'shutdown' && inner[0] !== 'failed_to_start_child') break;
      inner = inner.at(-1);
    } else if (typeof inner === 'object' && inner !== null && 'reason' in inner) {
      inner = inner.reason;
    } else break;
  }
  return new StartError('start_failed', `The server could not start: ${describeReason(reason)}`);
}

/** What the operating system says when files of the data directory cannot be made, read or written; else undefined. */
export function unusableDirectory(error: unknown, directory: string): StartError | undefined {
  if (!(error instanceof Error) || !('syscall' in error)) return undefined;
  const { code = '', path = directory } = error as NodeJS.ErrnoException;
  return new StartError(
    'bad_data_directory',
    `The data directory ${directory} cannot be used (${code}: ${path}): name a directory with --data that this user may write.`,
    { cause: error },
  );
}
