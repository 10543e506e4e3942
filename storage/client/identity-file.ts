/**
 * `identity.json` in a device's home: who the device is, with its private key, readable by its owner alone (0600).
 * Written as a whole: the old one or the new one is there after a crash, never half of one.
 */
import {
  closeSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import type { Identity } from '../../protocol/device/identity.ts';
import { isDeviceId, isUserId, userOf } from '../../protocol/ids.ts';
import { syncPath } from '../mnesia/durable-file.ts';
import { HomeError } from './home-error.ts';

const format = 'strowger home';
/** Raised when an older program could no longer read what is written. */
const version = 1;

const encode = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url');

/** Replaces the file, with fsync. @throws HomeError `home_io` */
export function writeIdentity(file: string, identity: Identity): void {
  const { server, user, device, publicKey, privateKey, retired } = identity;
  const keys = { publicKey: encode(publicKey), privateKey: encode(privateKey) };
  const text = JSON.stringify({ format, version, server, user, device, ...keys, retired }, null, 2);
  const next = `${file}.${process.pid}.new`;
  try {
    rmSync(next, { force: true });
    const descriptor = openSync(next, 'wx', 0o600);
    try {
      writeSync(descriptor, `${text}\n`);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(next, file);
    syncPath(dirname(file));
  } catch (cause) {
    throw new HomeError('home_io', `${file} cannot be written: ${reasonOf(cause)}.`, { cause });
  }
}

/** @throws HomeError `no_home`, `home_newer`, `home_corrupt`, `home_io` */
export function readIdentity(file: string): Identity {
  const fields = parse(file, read(file));
  const { server, user, device, retired } = fields;
  const [publicKey, privateKey] = [keyIn(fields['publicKey']), keyIn(fields['privateKey'])];
  if (
    typeof server !== 'string' ||
    !isUserId(user) ||
    !(device === null || (isDeviceId(device) && userOf(device) === user)) ||
    publicKey === null ||
    privateKey === null ||
    typeof retired !== 'boolean'
  )
    throw damaged(file, 'a field is missing or wrong');
  return { server, user, device, publicKey, privateKey, retired };
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR')
      throw new HomeError(
        'no_home',
        `${dirname(file)} is no home of a device: register one there, or link one, first.`,
        { cause },
      );
    throw new HomeError('home_io', `${file} cannot be read: ${reasonOf(cause)}.`, { cause });
  }
}

function parse(file: string, text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw damaged(file, 'it is not JSON', cause);
  }
  const fields = (value ?? {}) as Record<string, unknown>;
  if (fields['format'] !== format) throw damaged(file, 'it is no identity of a device');
  if (typeof fields['version'] !== 'number') throw damaged(file, 'its version is missing');
  if (fields['version'] > version)
    throw new HomeError(
      'home_newer',
      `${dirname(file)} was made by a newer program (version ${fields['version']}, this one knows ${version}): update this one.`,
    );
  return fields;
}

function keyIn(value: unknown): Uint8Array | null {
  if (typeof value !== 'string') return null;
  const bytes = new Uint8Array(Buffer.from(value, 'base64url'));
  return bytes.length === 32 ? bytes : null;
}

const damaged = (file: string, what: string, cause?: unknown): HomeError =>
  new HomeError(
    'home_corrupt',
    `${file} is damaged (${what}): put a copy of it back, or link this device anew in another directory.`,
    cause === undefined ? undefined : { cause },
  );

const reasonOf = (cause: unknown): string =>
  (cause as NodeJS.ErrnoException).code ?? (cause instanceof Error ? cause.message : 'unknown');
