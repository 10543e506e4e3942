/**
 * A shard: the accounts, mailboxes, receipts, groups and links of the users and groups that hash to it, behind
 * one asynchronous contract that is cut along transactions. A batch of commands is one transaction: all of it is
 * durable when the promise resolves, none of it when it rejects. The engine behind it may be remote.
 */
import type { DeviceId } from '../../protocol/ids.ts';
import type { AccountCommands } from '../accounts/contract.ts';
import type { GroupCommands } from '../groups/contract.ts';
import type { InviteCommands } from '../invites/contract.ts';
import type { LinkCommands } from '../links/contract.ts';
import type { TableReader } from '../mnesia/table-reader.ts';
import type { LinkSegment } from '../../protocol/delivery/link-items.ts';
import type { MailboxCommands } from '../mailboxes/contract.ts';
import type { MailboxRow } from '../mailboxes/row-tails.ts';
import type { ReceiptCommands } from '../receipts/contract.ts';

export interface ShardCommands
  extends
    AccountCommands,
    InviteCommands,
    MailboxCommands,
    ReceiptCommands,
    GroupCommands,
    LinkCommands {}

export type CommandKind = keyof ShardCommands;

/** A command of one kind, or of any. */
export type Command<K extends CommandKind = CommandKind> = {
  readonly [P in K]: { readonly kind: P } & ShardCommands[P]['command'];
}[K];

/** The outcome of a command of one kind. */
export type OutcomeOf<K extends CommandKind> = ShardCommands[K]['outcome'];

export interface Committed {
  /** One outcome per command, in their order. */
  readonly outcomes: readonly OutcomeOf<CommandKind>[];
  /** The rows that the batch left in mailboxes, for those that are being served. */
  readonly appended: ReadonlyMap<DeviceId, readonly MailboxRow[]>;
  /** What the batch left for other shards, by shard, for the links that carry it there. */
  readonly links: ReadonlyMap<number, readonly LinkSegment[]>;
}

export interface ShardStore {
  readonly shard: number;
  /** How many shards there are, fixed when the data directory was made. */
  readonly shards: number;
  /** A new number after every restore. */
  readonly era: number;
  /**
   * Carries out the batch in one transaction.
   *
   * @throws StorageError `disk_full` when there is no room: nothing of the batch was done. A batch of which every
   * command gives space back (see `freesSpace`) may use the reserve and still goes through.
   */
  commit(commands: readonly Command[]): Promise<Committed>;
  /** Whether the disk was full at the last commit. */
  readonly full: boolean;
  /** The tables behind it, where there are some that can be looked at. */
  readonly tables?: TableReader;
  /** A consistent copy into a new file, while commits go on. */
  backup(file: string): Promise<void>;
  close(): void;
}

/** Commands that only give space back, or read: these go on when the disk is full. */
export const freesSpace: Readonly<Record<CommandKind, boolean>> = {
  account: true,
  register: false,
  add_device: false,
  remove_device: true,
  set_blocked: false,
  make_invite: false,
  use_invite: false,
  state: true,
  decide: false,
  acknowledge: true,
  read_rows: true,
  expire: true,
  member_receipts: true,
  group: true,
  put_group: false,
  read_link: true,
  apply_link: false,
  trim_link: true,
};

const reading: ReadonlySet<CommandKind> = new Set<CommandKind>([
  'account',
  'state',
  'read_rows',
  'member_receipts',
  'group',
  'read_link',
]);

/** What commands need of a disk, from most to least: room, the reserve at most, nothing at all. */
export const needs = { room: 2, reserve: 1, nothing: 0 } as const;
export type Need = (typeof needs)[keyof typeof needs];

/** What these commands need when they are carried out together. */
export function needOf(commands: readonly Command[]): Need {
  if (commands.every(({ kind }) => reading.has(kind))) return needs.nothing;
  return commands.every(({ kind }) => freesSpace[kind]) ? needs.reserve : needs.room;
}
