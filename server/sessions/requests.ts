/** Requests run beside the packets, so that a slow one holds up nothing; their answers come back as messages. */
import { Exit, failedIn, self, send, stepUnderWay } from '../../actors/index.ts';
import { errors, type ErrorCode } from '../../protocol/errors.ts';
import type { RequestPacket } from '../../protocol/packets.ts';
import type { Method, Reply } from '../../protocol/requests.ts';
import { answerRequest } from '../handlers/contract.ts';
import { RequestError } from '../request-error.ts';
import { say, sayError } from './outgoing.ts';
import type { SessionState } from './state.ts';

/** To itself: what became of a request. */
export interface Answered {
  readonly kind: 'request_answered';
  readonly id: number;
  readonly answer:
    | { readonly kind: 'reply'; readonly method: Method; readonly value: Reply<Method> }
    | { readonly kind: 'error'; readonly code: ErrorCode; readonly field?: string };
}

export function perform(state: SessionState, packet: RequestPacket): void {
  const me = self();
  const { id } = packet;
  const tell = (answer: Answered['answer']): void => {
    send(me, { kind: 'request_answered', id, answer } satisfies Answered);
  };
  const { device, user, services } = state;
  const step = stepUnderWay();
  answerRequest(packet.method, { device, user, shards: services.shards }, packet.argument).then(
    value => {
      tell({ kind: 'reply', method: packet.method, value });
    },
    (error: unknown) => {
      if (error instanceof RequestError) tell({ kind: 'error', ...error.details });
      // Whom it called has died or is not there yet: the client asks again.
      else if (error instanceof Exit) tell({ kind: 'error', code: 'unavailable' });
      else {
        failedIn(step, error);
        throw error;
      }
    },
  );
}

export function answered(state: SessionState, { id, answer }: Answered): void {
  state.openRequests--;
  if (answer.kind === 'reply') say(state, { id, ...answer });
  else {
    const { code, field } = answer;
    sayError(state, code, {
      about: id,
      ...(field === undefined ? {} : { field }),
      ...(errors[code].again ? { retryAfterMs: 1_000 } : {}),
    });
  }
}
