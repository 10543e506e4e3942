/** The home directory of a device: where it is, and how a new one is made. */
import { chmodSync, existsSync, readdirSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { Option } from 'commander';
import { ClientError } from '../client/errors.ts';
import { newIdentity } from '../client/registration.ts';
import type { CryptoBackend } from '../protocol/crypto/backend.ts';
import type { Identity } from '../protocol/device/identity.ts';
import type { DeviceStore } from '../protocol/device/store.ts';
import { HomeError } from '../storage/client/home-error.ts';
import { createHome, makeHomeDirectory, openHome } from '../storage/client/home.ts';
import { CommandError } from './failure.ts';

export const homeOption = (): Option =>
  new Option('--home <dir>', 'the device’s home directory')
    .env('STROWGER_HOME')
    .default(join(homedir(), '.strowger'), '~/.strowger');

const ownerOnly = 0o700;

/**
 * The home in which a new device waits for its name at the server: made in a new or empty directory, or what an
 * earlier run that was cut off has left, with its key.
 * @throws CommandError, HomeError, ClientError `bad_handle`
 */
export async function unnamedHome(
  crypto: CryptoBackend,
  directory: string,
  server: string,
  handle: string,
): Promise<{ store: DeviceStore; identity: Identity; isNew: boolean }> {
  const path = resolve(directory);
  const fresh = await newIdentity(crypto, server, handle);
  if (!existsSync(path) || readdirSync(path).length === 0) {
    makeHomeDirectory(path);
    chmodSync(path, ownerOnly);
    return { store: createHome(path, fresh), identity: fresh, isNew: true };
  }
  const store = homeIn(path);
  const identity = await store.identity();
  const waitsFor = `${identity.user} at ${identity.server}`;
  if (identity.device !== null)
    throw new HomeError(
      'home_exists',
      `${path} is the home of ${identity.device} (${identity.server}) already: take another directory.`,
    );
  if (identity.server !== server || identity.user !== fresh.user)
    throw new HomeError(
      'home_exists',
      `${path} waits to become a device of ${waitsFor}: ask for that again, or take another directory.`,
    );
  return { store, identity, isNew: false };
}

function homeIn(path: string): DeviceStore {
  try {
    return openHome(path);
  } catch (cause) {
    if (!(cause instanceof HomeError) || cause.code !== 'no_home') throw cause;
    throw new CommandError(
      'home_not_empty',
      `${path} is neither empty nor a home: a home is made in a new or an empty directory.`,
      { cause },
    );
  }
}

/**
 * Removes a home that was just made when the server will never take its device, so that the next try starts anew.
 * After an answer that leaves this open the home stays, with the key that the server may have taken.
 */
export function forgetRefusedHome(directory: string, error: unknown): void {
  if (!(error instanceof ClientError)) return;
  if (refusals.has(error.code) || (error.code === 'unreachable' && neverConnected(error)))
    rmSync(resolve(directory), { recursive: true });
}

/** No connection was made, so nothing was asked. */
function neverConnected(error: Error): boolean {
  let inner: unknown = error;
  while (inner instanceof Error && inner.cause !== undefined) inner = inner.cause;
  const { code, message } = inner as NodeJS.ErrnoException;
  return noConnection.has(code ?? '') || message === 'bad port';
}

/** Of connect(2) and getaddrinfo(3). */
const noConnection: ReadonlySet<string> = new Set([
  'EAI_AGAIN',
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
]);

const refusals: ReadonlySet<string> = new Set([
  'bad_field',
  'bad_handle',
  'bad_invite',
  'bad_signature',
  'handle_taken',
  'invite_needed',
  'key_taken',
  'too_many_requests',
  'unknown_user',
]);
