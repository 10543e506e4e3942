/** What a message says, from standard input. */
import { buffer } from 'node:stream/consumers';
import type { Readable } from 'node:stream';
import type { Body } from '../client/body.ts';
import { ClientError } from '../client/errors.ts';
import { limits } from '../protocol/limits.ts';
import { say } from './output.ts';

/**
 * Reads to the end. Valid UTF-8 is a text, everything else is bytes; nothing is added or taken away.
 * @throws (rejects) ClientError `field_too_large` as soon as it is more than a message holds
 */
export async function readBody(input: Readable & { readonly isTTY?: boolean }): Promise<Body> {
  if (input.isTTY === true) say('Type the message and end it with Ctrl-D on an empty line.');
  const bytes = await buffer(bounded(input, limits.bodyBytes));
  const text = textOf(bytes);
  return text === null ? { bytes: new Uint8Array(bytes) } : { text };
}

async function* bounded(input: Readable, limit: number): AsyncGenerator<Buffer> {
  let length = 0;
  for await (const chunk of input as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > limit)
      throw new ClientError('field_too_large', `A message has at most ${limit} bytes.`, {
        field: 'body',
        limit,
      });
    yield chunk;
  }
}

/** Null for what is not UTF-8. A byte order mark is part of the text. */
function textOf(bytes: Buffer): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) return null;
    throw error;
  }
}
