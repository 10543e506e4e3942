import { decodeContent, encodeContent, contentIdBytes } from '../protocol/content/envelope.ts';
import type { CryptoBackend } from '../protocol/crypto/backend.ts';
import { userOf, type GroupId, type UserId } from '../protocol/ids.ts';
import { limits } from '../protocol/limits.ts';
import type { MessageRow, Row } from '../protocol/rows.ts';
import { toBase64url } from './base64url.ts';
import { ClientError } from './errors.ts';
import type { MessageEvent, StoredEvent } from './events.ts';

/** What a message says. */
export type Body = { readonly text: string } | { readonly bytes: Uint8Array };

/**
 * @param sentAt milliseconds since 1970
 * @param to the conversation as the sender sees it
 * @returns the message's id as applications know it, and what is sent
 * @throws ClientError `field_too_large`
 */
export function encodeBody(
  crypto: CryptoBackend,
  sentAt: number,
  to: readonly UserId[] | GroupId,
  content: Body,
): { id: string; body: Uint8Array } {
  const id = crypto.randomBytes(contentIdBytes);
  const head = { id, sentAt, to };
  try {
    const body = encodeContent(
      'text' in content
        ? { ...head, type: 'text', text: content.text }
        : { ...head, type: 'bytes', bytes: content.bytes },
    );
    return { id: toBase64url(id), body };
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new ClientError('field_too_large', cause.message, {
      field: 'body',
      limit: limits.bodyBytes,
      cause,
    });
  }
}

/** A stored row as the application sees it. */
export function eventOf(row: Row): StoredEvent {
  switch (row.kind) {
    case 'message':
      return messageOf(row);
    case 'receipt':
      return { kind: 'receipt', peer: row.peer, delivered: row.delivered, read: row.read };
    case 'undelivered':
      return { kind: 'undelivered', peer: row.peer, after: row.after, upTo: row.upTo };
    case 'group': {
      const { group, version, event, by, users, at } = row;
      return { kind: 'group', group, version, event, by, users, at };
    }
    default:
      return row satisfies never;
  }
}

const utf8 = new TextEncoder();

function messageOf(row: MessageRow): MessageEvent {
  const { from: device, seq, conversation, acceptedAt } = row;
  const head = {
    kind: 'message',
    from: userOf(device),
    device,
    seq,
    conversation,
    acceptedAt,
  } as const;
  const content = decodeContent(row.body);
  if (content.type === 'invalid')
    return {
      ...head,
      id: `${device}/${seq}`,
      to: null,
      sentAt: acceptedAt,
      text: null,
      bytes: row.body,
      understood: false,
    };
  const text = content.type === 'text' ? content.text : null;
  return {
    ...head,
    id: toBase64url(content.id),
    to: content.to,
    sentAt: content.sentAt,
    text,
    bytes: content.type === 'text' ? utf8.encode(content.text) : content.bytes,
    understood: content.type !== 'unknown',
  };
}
