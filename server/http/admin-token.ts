/**
 * The admin token: a secret in a file that only the host can read. Who shows it may administer; it is made
 * when the server first starts.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { chmodSync, closeSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';

const TOKEN = /^[A-Za-z0-9_-]{43}$/;
const OWNER_ONLY = 0o600;

/**
 * Reads the token, or makes one of 32 random bytes. The file's mode is set to 0600 in either case.
 * Throws when the file cannot be read or written, or holds something else.
 */
export function ensureAdminToken(file: string): string {
  const made = makeToken(file);
  if (made !== undefined) return made;
  chmodSync(file, OWNER_ONLY);
  const token = readFileSync(file, 'utf8').trim();
  if (!TOKEN.test(token)) {
    throw new Error(`${file} does not hold an admin token: remove it, and a new one is made.`);
  }
  return token;
}

/** Undefined when the file exists already. */
function makeToken(file: string): string | undefined {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'wx', OWNER_ONLY);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return undefined;
    throw cause;
  }
  try {
    const token = randomBytes(32).toString('base64url');
    writeSync(descriptor, `${token}\n`);
    fsyncSync(descriptor);
    return token;
  } finally {
    closeSync(descriptor);
  }
}

/** Tells whether an `Authorization` header carries the token; takes the same time wherever they differ. */
export function adminCheck(token: string): (authorization: string | undefined) => boolean {
  const expected = digest(token);
  return authorization => {
    const shown = /^Bearer ([^ ]+)$/i.exec(authorization ?? '')?.[1];
    return shown !== undefined && timingSafeEqual(digest(shown), expected);
  };
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
