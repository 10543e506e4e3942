import { errors, type ErrorCode } from '../protocol/errors.ts';
import type { Refusal } from '../protocol/refusal.ts';

/** What goes wrong on the device itself, beside the protocol's own codes (protocol/errors.ts). */
export const deviceErrors = {
  unreachable: 'The server cannot be reached: check its address and that it runs.',
  upgrade_refused: 'The server refused the connection.',
  disconnected: 'The connection is gone; what was not answered may be asked again.',
  request_timeout: 'No answer came in time: ask again.',
  closed: 'This client is closed: make a new one.',
  retired:
    'This device’s memory is an older copy than what the server has seen of it: link it anew, under a new home.',
  refused: 'The server refused this message and no longer knows why: send it again.',
  unresolved:
    'The server lost this message when it was restored and does not take it again: ask the recipients whether they have it.',
  outbox_full: 'Too many messages wait to be sent: wait until some are accepted.',
  not_registered: 'This device has no name at the server yet: register it, or have it approved.',
  bad_answer: 'The server’s answer is not what the protocol says: is this a Strowger server?',
  not_done: 'The server did not do it: its sentence says why.',
  role_taken:
    'Another program already sends, or listens, for this device: wait until it has ended.',
  store_failed: 'The device’s own store failed: see the cause.',
} as const;

export type DeviceErrorCode = keyof typeof deviceErrors;

/** Every error that the SDK throws on purpose. `code` is stable; `message` says what to do. */
export class ClientError extends Error {
  override readonly name: string = 'ClientError';
  readonly code: ErrorCode | DeviceErrorCode;
  /** The field or limit that the server named, if it did. */
  readonly field: string | undefined;
  readonly limit: number | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(
    code: ErrorCode | DeviceErrorCode,
    message?: string,
    more: { field?: string; limit?: number; retryAfterMs?: number; cause?: unknown } = {},
  ) {
    super(message || textOf(code), 'cause' in more ? { cause: more.cause } : undefined);
    this.code = code;
    this.field = more.field;
    this.limit = more.limit;
    this.retryAfterMs = more.retryAfterMs;
  }
}

/** A message that will not reach anybody. */
export class RefusedError extends ClientError {
  override readonly name = 'RefusedError';
  readonly seq: number;
  /** The server's reason with its details; null when it no longer knows. */
  readonly refusal: Refusal | null;

  constructor(seq: number, refusal: Refusal | null, code?: DeviceErrorCode) {
    super(code ?? refusal?.code ?? 'refused');
    this.seq = seq;
    this.refusal = refusal;
  }
}

const textOf = (code: ErrorCode | DeviceErrorCode): string =>
  code in deviceErrors ? deviceErrors[code as DeviceErrorCode] : errors[code as ErrorCode].text;

/** The code that a WebSocket close code stands for, or null. */
export const codeOfClose = (number: number): ErrorCode | null => byClose.get(number) ?? null;

/** Of codes that close with the same number the first one. */
const byClose = new Map<number | null, ErrorCode>(
  Object.entries(errors)
    .map(([code, { closes }]) => [closes, code as ErrorCode] as const)
    .reverse(),
);
