/** Why a socket is closed, as WebSocket says it. */
import type { CloseCode } from '../../protocol/errors.ts';

/** The socket went without a close frame (RFC 6455, section 7.1.5). */
export const ABNORMAL_CLOSURE = 1006;

const REASON_BYTES = 123;

/** The reason in a close frame: `code: sentence` in at most 123 bytes of UTF-8 (RFC 6455, section 5.5.1). */
export function closeReason(code: CloseCode, message: string): string {
  const bytes = new TextEncoder().encode(`${code}: ${message}`);
  if (bytes.length <= REASON_BYTES) return `${code}: ${message}`;
  let end = REASON_BYTES;
  // Not in the middle of a character: 0b10xxxxxx continues one.
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return new TextDecoder().decode(bytes.subarray(0, end));
}
