/** What `listen --json` prints for an event: one JSON object on one line. */
import type { MessageEvent, StoredEvent } from '../client/events.ts';
import type { UserId } from '../protocol/ids.ts';

/** @param self whose device listens */
export const eventAsJson = (event: StoredEvent, self: UserId): string =>
  JSON.stringify(fieldsOf(event, self));

function fieldsOf(event: StoredEvent, self: UserId): object {
  switch (event.kind) {
    case 'message':
      return messageFields(event, self);
    case 'receipt':
      return {
        kind: 'receipt',
        device: event.peer,
        delivered: event.delivered,
        read: event.read.map(([group, upTo]) => ({ group, upTo })),
      };
    case 'undelivered':
      return { kind: 'undelivered', device: event.peer, after: event.after, upTo: event.upTo };
    case 'group': {
      const { group, event: change, by, users, version, at } = event;
      return { kind: 'group', group, event: change, by, users, version, at };
    }
    default:
      return event satisfies never;
  }
}

function messageFields(message: MessageEvent, self: UserId): object {
  const { id, from, device, conversation, text, bytes, sentAt, to } = message;
  return {
    kind: 'message',
    id,
    from,
    fromDevice: device,
    group: conversation,
    ...(text === null ? { bodyBase64: Buffer.from(bytes).toString('base64') } : { body: text }),
    sentAt,
    // A copy of what the user has sent from another device: to whom says only its body.
    ...(from === self ? { to } : {}),
  };
}
