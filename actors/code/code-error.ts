/** Why a version was not loaded, or not brought into force. What runs goes on as before. */
import type { Pid } from '../pid.ts';

/**
 * - `undefined_module`: no module of that name was defined.
 * - `compile_failed`: the source cannot be transformed, compiled or run.
 * - `check_failed`: a function is missing, or the module's own check refused it.
 * - `code_change_failed`: `codeChange` of some process threw, or answered something else than `ok`.
 * - `timeout`: some processes did not come to rest in time.
 * - `busy`: another step is prepared, and neither committed nor reverted.
 * - `canary_running`, `no_canary`, `no_old_version`: the step does not fit what is loaded.
 * - `calling_self`: the process that asks runs one of the modules itself.
 */
export type CodeErrorCode =
  | 'undefined_module'
  | 'compile_failed'
  | 'check_failed'
  | 'code_change_failed'
  | 'timeout'
  | 'busy'
  | 'canary_running'
  | 'no_canary'
  | 'no_old_version'
  | 'calling_self';

interface Details {
  readonly cause?: unknown;
  readonly module?: string;
  readonly filename?: string | undefined;
  /** Counted from 1. */
  readonly line?: number | undefined;
  readonly column?: number | undefined;
  /** The processes that it failed on. */
  readonly pids?: readonly Pid[];
}

export class CodeError extends Error {
  readonly code: CodeErrorCode;
  readonly module: string | undefined;
  readonly filename: string | undefined;
  readonly line: number | undefined;
  readonly column: number | undefined;
  readonly pids: readonly Pid[];

  constructor(code: CodeErrorCode, message: string, details: Details = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'CodeError';
    this.code = code;
    this.module = details.module;
    this.filename = details.filename;
    this.line = details.line;
    this.column = details.column;
    this.pids = details.pids ?? [];
  }
}
