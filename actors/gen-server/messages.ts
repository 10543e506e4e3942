/** The messages of `call` and `cast` as they lie in a mailbox, for every behaviour that takes them. */
import type { Replier } from './reply-slot.ts';

/** A call on its way. */
export class CallMessage {
  readonly request: unknown;
  readonly from: Replier;

  constructor(request: unknown, from: Replier) {
    this.request = request;
    this.from = from;
  }
}

/** A cast on its way. */
export class CastMessage {
  readonly message: unknown;

  constructor(message: unknown) {
    this.message = message;
  }
}
