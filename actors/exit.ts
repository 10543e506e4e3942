/**
 * Exit reasons, and the exception that carries one.
 *
 * A reason is any value. Erlang's atoms are string literals, its tuples arrays:
 * `'normal'`, `'shutdown'`, `['shutdown', term]`, `'killed'`, `['noproc', ['call', …]]`.
 * A thrown error becomes an error exit `{ reason, stack }`.
 */
export type ExitReason = unknown;

/** What a process exits with when its code threw something that is not an {@link Exit}. */
export interface ErrorExit {
  readonly reason: unknown;
  readonly stack: string;
}

/**
 * Ends a process with a bare reason. Caught like Erlang's `catch exit:Reason`. It records no stack:
 * a chosen end has none in Erlang either, and collecting one costs more than starting a process.
 */
export class Exit extends Error {
  readonly reason: ExitReason;

  constructor(reason: ExitReason) {
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 0;
    super(`exit: ${describeReason(reason)}`);
    Error.stackTraceLimit = limit;
    this.name = 'Exit';
    this.reason = reason;
  }
}

/** Thrown at code that goes on running after its process died; nobody sees it. */
export class FencedExit extends Exit {
  constructor() {
    super('fenced');
    this.name = 'FencedExit';
  }
}

/** The exit reason that a thrown value stands for. */
export function reasonOf(thrown: unknown): ExitReason {
  if (thrown instanceof Exit) return thrown.reason;
  // What is no error is Erlang's throw, which nobody caught.
  if (!(thrown instanceof Error)) return { reason: ['nocatch', thrown], stack: '' };
  return { reason: thrown, stack: stackOf(thrown) } satisfies ErrorExit;
}

/** An error's stack may be foreign code, too (`Error.prepareStackTrace`): one that fails has none. */
function stackOf(error: Error): string {
  try {
    return error.stack ?? '';
  } catch {
    return '';
  }
}

/** True for an error exit: the process did not choose its end, it crashed. */
export function isErrorExit(reason: ExitReason): reason is ErrorExit {
  return typeof reason === 'object' && reason !== null && 'reason' in reason && 'stack' in reason;
}

/** True for `normal`, `shutdown` and `['shutdown', _]`: the ends that are not logged as crashes. */
export function isOrderly(reason: ExitReason): boolean {
  return (
    reason === 'normal' ||
    reason === 'shutdown' ||
    (Array.isArray(reason) && reason.length === 2 && reason[0] === 'shutdown')
  );
}

/**
 * A reason in one line, for log texts and error messages. What a reason says of itself (a message
 * behind a getter, a `toString`, a proxy) is foreign code, and a death is told of while it runs: one
 * that fails is shown as what cannot be read.
 */
export function describeReason(reason: ExitReason): string {
  try {
    return described(reason, 0);
  } catch {
    return '{unreadable}';
  }
}

function described(reason: ExitReason, depth: number): string {
  if (typeof reason === 'string') return reason;
  if (isErrorExit(reason)) return described(reason.reason, depth + 1);
  if (reason instanceof Error) return `${reason.name}: ${reason.message}`;
  if (Array.isArray(reason) && depth < 4) {
    return `[${reason.map(item => described(item, depth + 1)).join(', ')}]`;
  }
  if (typeof reason === 'object' && reason !== null) return '{…}';
  return String(reason);
}
