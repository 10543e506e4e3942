import { randomInt } from 'node:crypto';
import { z } from 'zod';

/** Base64url of exactly `bytes` bytes, decoded. */
export const base64url = (bytes: number) =>
  z
    .string()
    .regex(/^[A-Za-z0-9_-]*$/, 'expected base64url without padding')
    .transform((text, context) => {
      const decoded = Buffer.from(text, 'base64url');
      if (decoded.length === bytes) return new Uint8Array(decoded);
      context.addIssue(`expected ${bytes} bytes as base64url, got ${decoded.length}`);
      return z.NEVER;
    });

/** Without the letters and digits that are easily taken for others. */
const ALPHABET = 'ABCDEFGHJKMNPQRSTUVWXYZ23456789';

/** An invite code to be read out: three groups of four, about 59 bits. */
export function newInviteCode(): string {
  const letter = () => ALPHABET[randomInt(ALPHABET.length)] ?? '';
  const group = () => Array.from({ length: 4 }, letter).join('');
  return `${group()}-${group()}-${group()}`;
}
