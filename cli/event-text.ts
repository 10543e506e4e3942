/** What `listen` prints for an event for people to read. */
import type { MessageEvent, StoredEvent } from '../client/events.ts';
import type { Conversation, UserId } from '../protocol/ids.ts';

/** @param self whose device listens */
export function eventAsText(event: StoredEvent, self: UserId): string {
  switch (event.kind) {
    case 'message':
      return messageLine(event, self);
    case 'receipt': {
      const has = `  ${event.peer} has your messages up to ${event.delivered}`;
      const read = event.read.map(([group, upTo]) => `read up to ${upTo}${within(group)}`);
      return [has, ...read].join(', ');
    }
    case 'undelivered':
      return `  ${event.peer} will not get ${event.after + 1} to ${event.upTo}`;
    case 'group': {
      const whom = event.event === 'left' ? '' : ` ${event.users.join(', ')}`;
      return `  ${event.by} has ${changes[event.event]}${whom}${within(event.group)}`;
    }
    default:
      return event satisfies never;
  }
}

const changes = {
  created: 'made a group with',
  added: 'added',
  removed: 'removed',
  left: 'left',
};

const within = (conversation: Conversation): string =>
  conversation === null ? '' : ` in ${conversation}`;

function messageLine(message: MessageEvent, self: UserId): string {
  const { from, conversation, text, bytes, sentAt, to } = message;
  const time = new Date(sentAt).toTimeString().slice(0, 5);
  const target = from === self && Array.isArray(to) ? ` to ${to.join(', ')}` : within(conversation);
  const body = text === null ? `(${bytes.length} bytes that are no text)` : harmless(text);
  return `${time} ${from}${target}: ${body}`;
}

/** A text that leaves the terminal alone: control characters are shown, line ends are kept. */
const harmless = (text: string): string =>
  text
    .trimEnd()
    .replace(
      /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g,
      character => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
    );
