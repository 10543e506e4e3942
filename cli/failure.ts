/** How failures are told: a code from a list and a sentence that says what to do, on stderr, and an exit code. */
import { exitCodes } from './exit-codes.ts';

/** What goes wrong in the command itself, beside the codes of protocol/errors.ts, client/errors.ts and of the stores. */
const commandErrors = {
  pending:
    'The message is in the outbox, but the server has not accepted it yet: the next command on this home goes on with it. Do not send it again.',
  output_closed: 'The output cannot be written, as its reader has gone or its disk is full.',
  report_not_written: 'The report cannot be written.',
  home_not_empty: 'A home is made in a new or an empty directory: take another one.',
  no_server: 'It is not known where the server runs: start it, or name it with --server.',
  no_admin_token: 'The admin token cannot be read: name its file with --token-file.',
  no_observer:
    'This server lets nobody look: start it with --observer, or on a loopback address; or it is older than its observer.',
  approval_timeout:
    'Nobody has approved this device in time: run the same command again, the code stays the same.',
  server_ended: 'The server has ended by itself: its log says why.',
} as const;

export type CommandErrorCode = keyof typeof commandErrors;

export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly code: CommandErrorCode;

  constructor(code: CommandErrorCode, message?: string, options?: ErrorOptions) {
    super(message ?? commandErrors[code], options);
    this.code = code;
  }
}

/** The command line asks for what cannot be; the sentence says what is wrong. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export interface Failure {
  readonly exitCode: number;
  readonly text: string;
}

/**
 * What to print for a caught error. Every part of the program gives its expected errors a `code` in lower case;
 * anything else is a defect and is shown with its stack.
 */
export function failureOf(error: unknown): Failure {
  if (error instanceof UsageError)
    return { exitCode: exitCodes.wrongUsage, text: `error: ${error.message}` };
  if (!(error instanceof Error))
    return { exitCode: exitCodes.failed, text: `error internal: ${String(error)}` };
  const { code } = error as { code?: unknown };
  if (typeof code !== 'string' || !/^[a-z_]+$/.test(code))
    return {
      exitCode: exitCodes.failed,
      text: `error internal: something unexpected broke, please report it: ${error.stack ?? error.message}`,
    };
  return {
    exitCode: code === 'bad_config' ? exitCodes.wrongUsage : exitCodes.failed,
    text: `error ${code}: ${sentenceOf(error, code)}`,
  };
}

/** The message, with the name that a refusal is about and the cause of what only has one. */
function sentenceOf(error: Error, code: string): string {
  const { refusal } = error as { refusal?: { user?: string; group?: string } | null };
  const about = refusal?.user ?? refusal?.group;
  const detail = about ?? (code === 'unreachable' || code === 'store_failed' ? causeOf(error) : '');
  return detail === '' ? error.message : `${error.message} (${detail})`;
}

/** What the innermost cause says. */
function causeOf(error: Error): string {
  let inner: Error = error;
  while (inner.cause instanceof Error) inner = inner.cause;
  const { code } = inner as { code?: unknown };
  return inner === error ? '' : inner.message || (typeof code === 'string' ? code : '');
}
