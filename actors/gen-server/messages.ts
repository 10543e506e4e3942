/** Messages as they lie in a mailbox: of `call` and `cast`, for every behaviour that takes them. */
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

/** What gen-server tells itself when a callback asked to continue. */
export class ContinueMessage {
  readonly value: unknown;

  constructor(value: unknown) {
    this.value = value;
  }
}

/** What gen-server tells itself when a timeout that has a message of its own is over. */
export class TimedMessage {
  readonly message: unknown;

  constructor(message: unknown) {
    this.message = message;
  }
}

export type ServerMessage = CallMessage | CastMessage | ContinueMessage;

export function isServerMessage(message: unknown): message is ServerMessage {
  return (
    message instanceof CallMessage ||
    message instanceof CastMessage ||
    message instanceof ContinueMessage
  );
}

/** A message in the shape in which Erlang shows it. */
export function asErlangs(message: unknown): unknown {
  if (message instanceof CallMessage) return ['$gen_call', message.from, message.request];
  if (message instanceof CastMessage) return ['$gen_cast', message.message];
  return message;
}

/** What kind of message it is, without its contents. */
export function kindOf(message: unknown): string {
  if (message instanceof CallMessage) return `call ${kindOf(message.request)}`;
  if (message instanceof CastMessage) return `cast ${kindOf(message.message)}`;
  if (message instanceof ContinueMessage) return 'continue';
  if (typeof message === 'object' && message !== null && 'kind' in message) {
    return String(message.kind);
  }
  return typeof message;
}
