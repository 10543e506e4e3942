/**
 * A device's home directory: `identity.json`, `outbox.db`, `inbox.db`. Everything is on the disk (SQLite with
 * synchronous=FULL) before a commit returns. A copy of a home is an older device: when it meets its server it
 * retires (protocol/delivery/), so homes are not to be restored from backups.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Identity } from '../../protocol/device/identity.ts';
import type { DeviceStore } from '../../protocol/device/store.ts';
import { makeDirectory } from '../make-directory.ts';
import { HomeError } from './home-error.ts';
import { readIdentity, writeIdentity } from './identity-file.ts';
import { InboxFile, inboxTables } from './inbox-file.ts';
import { OutboxFile, outboxTables, type SentBounds } from './outbox-file.ts';
import { openRoleFile } from './role-file.ts';

export interface HomeOptions {
  /** How long to wait for another process that has the role that is wanted; 5,000 if not given. */
  readonly waitMs?: number;
  /** How many accepted messages are kept for a restored server; see protocol/device/store.ts. */
  readonly sent?: SentBounds;
}

const identityFile = (directory: string): string => join(directory, 'identity.json');

/**
 * Makes the home of a new device; the directory is for its owner alone (0700 when it is made).
 * @throws HomeError `home_exists`, `home_io`
 */
export function createHome(
  directory: string,
  identity: Identity,
  options?: HomeOptions,
): DeviceStore {
  if (existsSync(identityFile(directory)))
    throw new HomeError(
      'home_exists',
      `${directory} is the home of a device already: use it, or take another directory.`,
    );
  makeHomeDirectory(directory);
  writeIdentity(identityFile(directory), identity);
  return openHome(directory, options);
}

/** @throws HomeError `home_io` */
export function makeHomeDirectory(directory: string): void {
  try {
    makeDirectory(directory);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new HomeError('home_io', `${directory} cannot be made: ${code ?? 'unknown'}.`, { cause });
  }
}

/** @throws HomeError `no_home`, `home_newer`, `home_corrupt`, `home_io`; opening a role also `role_taken` */
export function openHome(
  directory: string,
  { waitMs = 5_000, sent }: HomeOptions = {},
): DeviceStore {
  const file = identityFile(directory);
  readIdentity(file);
  const open = (
    name: string,
    role: 'send' | 'receive',
    tables: typeof outboxTables | typeof inboxTables,
  ) => openRoleFile({ file: join(directory, name), role, tables, waitMs });
  return {
    identity: () => readIdentity(file),
    saveIdentity: identity => writeIdentity(file, identity),
    openOutbox: async () => new OutboxFile(await open('outbox.db', 'send', outboxTables), sent),
    openInbox: async () => new InboxFile(await open('inbox.db', 'receive', inboxTables)),
  };
}
