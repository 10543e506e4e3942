/** What `sys` shows of an event manager: the messages that it gets, in the shapes of `gen_event.erl`. */
import { CallMessage, CastMessage } from '../gen-server/messages.ts';
import { showTerm, showWho } from '../sys/event-format.ts';
import type { FormatEvent, SystemEvent } from '../sys/system-event.ts';
import { isNotification } from './requests.ts';

/** `['notify', event]`, `[pid, from, [request, …details]]`, anything else as it is. */
export function incoming(message: unknown): SystemEvent {
  if (message instanceof CastMessage) {
    const { message: told } = message;
    return ['in', isNotification(told) ? ['notify', told.event] : ['$gen_cast', told]];
  }
  if (message instanceof CallMessage) {
    const { kind, ...details } = message.request as { readonly kind: string };
    return ['in', [message.from.pid, message.from, [kind, ...Object.values(details)]]];
  }
  return ['in', message];
}

/** As `gen_event.erl`, `print_event/3`. */
export const showIncoming: FormatEvent = (event, extra) => {
  const who = `*DBG* ${showWho(extra)}`;
  if (event[0] !== 'in') return `${who} : ${showTerm(event)}`;
  const message: unknown = event[1];
  if (Array.isArray(message) && message[0] === 'notify') {
    return `${who} got event ${showTerm(message[1])}`;
  }
  const request: unknown = Array.isArray(message) ? message[2] : undefined;
  if (Array.isArray(request) && request[0] === 'call') {
    return `${who}(${showHandler(request[1])}) got call ${showTerm(request[2])}`;
  }
  return `${who} got ${showTerm(message)}`;
};

function showHandler(handler: unknown): string {
  if (Array.isArray(handler)) return `[${handler.map(showHandler).join(', ')}]`;
  const name: unknown =
    typeof handler === 'object' && handler !== null && 'name' in handler ? handler.name : handler;
  return showTerm(name);
}
