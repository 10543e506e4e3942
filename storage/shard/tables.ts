/** Every table of a shard's file. */
import { accounts, blocks, devices } from '../accounts/tables.ts';
import { groups, members } from '../groups/tables.ts';
import { invites } from '../invites/tables.ts';
import { linkEnds, linkSegments } from '../links/tables.ts';
import {
  bodies,
  bodyCounts,
  mailboxSegments,
  receiptRows,
  watermarks,
} from '../mailboxes/tables.ts';
import { receipts } from '../receipts/tables.ts';
import { journal } from '../mailboxes/journal.ts';
import type { Table } from '../mnesia/schema.ts';
import { facts } from './facts.ts';

/** The version of the tables; a change of them comes with a migration, see migrations.ts. */
export const SCHEMA_VERSION = 3;

export const tables: readonly Table<object>[] = [
  facts,
  accounts,
  devices,
  blocks,
  invites,
  watermarks,
  mailboxSegments,
  journal,
  bodies,
  bodyCounts,
  receiptRows,
  receipts,
  groups,
  members,
  linkSegments,
  linkEnds,
];
