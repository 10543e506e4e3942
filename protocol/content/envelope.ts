import { isGroupId, isUserId, type GroupId, type UserId } from '../ids.ts';
import { limits } from '../limits.ts';
import { MsgpackError, integer, pack, Scanner, unpack } from '../codec/msgpack.ts';

/**
 * What is inside a body: the envelope that the sending client makes and the receiving client reads. The server
 * never does (and cannot, once bodies are encrypted). It is a msgpack map, so that fields can be added:
 *
 * `{ v: 1, id, sentAt, to, type, … }` and, by type, `text` or `bytes`.
 */

/** What every envelope says. */
export interface ContentHead {
  /** The content message id: 16 random bytes, the same for all its recipients and however often it is sent. */
  readonly id: Uint8Array;
  /** The sending device's clock, milliseconds since 1970. */
  readonly sentAt: number;
  /** The conversation as the sender sees it: the users it was sent to, or the group. */
  readonly to: readonly UserId[] | GroupId;
}

export interface TextContent extends ContentHead {
  readonly type: 'text';
  readonly text: string;
}

export interface BytesContent extends ContentHead {
  readonly type: 'bytes';
  readonly bytes: Uint8Array;
}

/** Of a type that this version does not know: shown as such, and kept for one that does. */
export interface UnknownContent extends ContentHead {
  readonly type: 'unknown';
  /** What the sender calls it. */
  readonly name: string;
  /** The whole body. */
  readonly bytes: Uint8Array;
}

/** Not an envelope, or one of another version. Its sender's fault; there is nothing to show but that. */
export interface InvalidContent {
  readonly type: 'invalid';
  /** A sentence for a programmer. */
  readonly reason: string;
  /** The whole body. */
  readonly bytes: Uint8Array;
}

export const contentVersion = 1;
export const contentIdBytes = 16;
/** Characters of a type's name. */
const typeLimitCharacters = 32;

/** @throws RangeError when the id is not 16 bytes or the envelope is larger than a body may be */
export function encodeContent(content: TextContent | BytesContent): Uint8Array {
  if (content.id.length !== contentIdBytes)
    throw new RangeError(`a content id has ${contentIdBytes} bytes, got ${content.id.length}`);
  const head = {
    v: contentVersion,
    id: content.id,
    sentAt: integer(content.sentAt),
    to: content.to,
    type: content.type,
  };
  const body = new Uint8Array(
    pack(
      content.type === 'text' ? { ...head, text: content.text } : { ...head, bytes: content.bytes },
    ),
  );
  if (body.length > limits.bodyBytes)
    throw new RangeError(
      `a body has at most ${limits.bodyBytes} bytes, got ${body.length}: send several, or less`,
    );
  return body;
}

/** Never throws: a body is whatever its sender made. Binary fields are views into `body`. */
export function decodeContent(
  body: Uint8Array,
): TextContent | BytesContent | UnknownContent | InvalidContent {
  const invalid = (reason: string): InvalidContent => ({ type: 'invalid', reason, bytes: body });
  const fault = faultOf(body);
  if (fault !== null) return invalid(fault);
  const value = unpack(body, 0, body.length);
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return invalid('The body is not a msgpack map.');
  const { v, id, sentAt, to, type, text, bytes } = value as Readonly<Record<string, unknown>>;
  if (v !== contentVersion) return invalid('The body is of another version.');
  if (!(id instanceof Uint8Array) || id.length !== contentIdBytes)
    return invalid(`id must be ${contentIdBytes} bytes.`);
  if (typeof sentAt !== 'number' || !Number.isSafeInteger(sentAt) || sentAt < 0)
    return invalid('sentAt must be milliseconds since 1970.');
  if (!isRecipients(to)) return invalid('to must be a group id or an array of user ids.');
  const head: ContentHead = { id, sentAt: sentAt + 0, to };
  switch (type) {
    case 'text':
      if (typeof text !== 'string') return invalid('text must be text.');
      return { ...head, type, text };
    case 'bytes':
      if (!(bytes instanceof Uint8Array)) return invalid('bytes must be binary.');
      return { ...head, type, bytes };
    default:
      if (typeof type !== 'string' || type.length > typeLimitCharacters)
        return invalid(`type must be a text of at most ${typeLimitCharacters} characters.`);
      return { ...head, type: 'unknown', name: type, bytes: body };
  }
}

const isRecipients = (to: unknown): to is readonly UserId[] | GroupId =>
  isGroupId(to) ||
  (Array.isArray(to) && to.length <= limits.recipientsPerSend && to.every(isUserId));

/** What keeps a body from being read at all, or null. */
function faultOf(body: Uint8Array): string | null {
  const scanner = new Scanner(body);
  try {
    scanner.skip(0);
  } catch (error) {
    if (!(error instanceof MsgpackError)) throw error;
    return `The body is not msgpack: ${error.message}.`;
  }
  if (scanner.position !== body.length) return 'There are bytes after the body’s map.';
  return scanner.fault;
}
