/** Every table of a shard's file. */
import { accounts, blocks, devices } from '../accounts/tables.ts';
import { groups, members } from '../groups/tables.ts';
import { invites } from '../invites/tables.ts';
import { linkEnds, linkRows } from '../links/tables.ts';
import { bodies, bodyCounts, mailboxRows, receiptRows, watermarks } from '../mailboxes/tables.ts';
import { receipts } from '../receipts/tables.ts';
import type { Table } from '../mnesia/schema.ts';
import { facts } from './facts.ts';

/** The version of the tables; a change of them comes with a migration. */
export const SCHEMA_VERSION = 1;

export const tables: readonly Table<object>[] = [
  facts,
  accounts,
  devices,
  blocks,
  invites,
  watermarks,
  mailboxRows,
  bodies,
  bodyCounts,
  receiptRows,
  receipts,
  groups,
  members,
  linkRows,
  linkEnds,
];
