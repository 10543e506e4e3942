/** What brings a shard's file of an older version to the version of the tables. */
import { linkRowsToSegments } from '../links/rows-to-segments.ts';
import { rowsToSegments } from '../mailboxes/rows-to-segments.ts';
import type { Migration } from '../mnesia/migrations.ts';

export const migrations: readonly Migration[] = [
  { version: 2, name: 'mailbox rows become segments', up: rowsToSegments },
  { version: 3, name: 'link rows become segments', up: linkRowsToSegments },
];
