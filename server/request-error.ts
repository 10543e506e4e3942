import { errors, type ErrorCode } from '../protocol/errors.ts';

/** A request that is answered with an error of the protocol’s list. */
export class RequestError extends Error {
  readonly details: { readonly code: ErrorCode; readonly field?: string };

  constructor(code: ErrorCode, field?: string) {
    super(errors[code].text);
    this.details = field === undefined ? { code } : { code, field };
  }
}
