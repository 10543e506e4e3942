/**
 * Answers for what went wrong: `{ error, message, field? }`. `error` is a code of the protocol's list or of the few
 * that only HTTP has.
 */
import { errors } from '../../protocol/errors.ts';
import type { ErrorCode } from '../../protocol/errors.ts';
import type { HttpAnswer } from './http-request.ts';

/** What only HTTP knows. */
export const httpErrors = {
  not_found:
    'There is nothing at this path: see docs/protocol.md for what there is, and docs/observer.md for what is below /observer.',
  method_not_allowed: 'This path does not know this method.',
  bad_json: 'The body is not JSON: send one JSON object with content-type application/json.',
  body_too_large: 'The body is larger than the limit of 64 KiB.',
  forbidden: 'This is only done for who is on the server’s own machine.',
  upgrade_refused: 'The new program was not taken: the server goes on with the one it has.',
  no_process: 'No such process lives.',
  no_answer: 'Who was asked did not answer in time: it may be busy, or wait for something.',
  refused: 'It cannot be done as things are now.',
  code_refused: 'This code was not taken: the server goes on with what it has.',
  upgrade_needed: 'This path speaks WebSocket only: connect with the subprotocol strowger.v1.',
} as const;

export type HttpErrorCode = ErrorCode | keyof typeof httpErrors;

export interface HttpErrorBody {
  readonly error: HttpErrorCode;
  readonly message: string;
  readonly field?: string;
}

export interface HttpErrorDetail {
  /** Instead of the code's own sentence. */
  readonly message?: string;
  readonly field?: string;
  /** Whole seconds after which the same may succeed. */
  readonly retryAfterSeconds?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The answer for an error. */
export function httpError(
  status: number,
  error: HttpErrorCode,
  detail: HttpErrorDetail = {},
): HttpAnswer {
  const body: HttpErrorBody = {
    error,
    message: detail.message ?? sentence(error),
    ...(detail.field === undefined ? {} : { field: detail.field }),
  };
  const retry =
    detail.retryAfterSeconds === undefined
      ? {}
      : { 'retry-after': String(detail.retryAfterSeconds) };
  return { status, body, headers: { ...detail.headers, ...retry } };
}

const sentence = (code: HttpErrorCode): string =>
  code in httpErrors ? httpErrors[code as keyof typeof httpErrors] : errors[code as ErrorCode].text;

/** Thrown by what a handler calls when the request itself is wrong; the router turns it into the answer. */
export class HttpProblem extends Error {
  override readonly name = 'HttpProblem';
  readonly answer: HttpAnswer;

  constructor(answer: HttpAnswer) {
    super((answer.body as HttpErrorBody).message);
    this.answer = answer;
  }
}
