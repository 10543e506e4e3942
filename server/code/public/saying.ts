/** What a session says, as handlers get it: with a look at what they say, see `requireReadable`. */
import { errors } from '../../../protocol/errors.ts';
import { requireReadable } from '../../handlers/readable.ts';
import * as session from '../../sessions/outgoing.ts';

export const say: typeof session.say = (state, packet) => {
  // Rows that were encoded already are the mailbox's.
  if (!('encoded' in packet)) requireReadable(packet);
  session.say(state, packet);
};

export const sayWithNext: typeof session.sayWithNext = (state, packet) => {
  requireReadable(packet);
  session.sayWithNext(state, packet);
};

export const sayAccepted: typeof session.sayAccepted = (state, upTo) => {
  requireReadable({ kind: 'accepted', upTo, at: 0 });
  session.sayAccepted(state, upTo);
};

export const sayError: typeof session.sayError = (state, code, details) => {
  requireReadable({ kind: 'error', code, message: errors[code].text, ...details });
  session.sayError(state, code, details);
};

export const closeWith: typeof session.closeWith = (state, code, message) => {
  requireReadable({
    kind: 'close',
    code,
    message: message ?? errors[code].text,
    retryAfterMs: null,
  });
  session.closeWith(state, code, message);
};
