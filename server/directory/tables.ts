/**
 * What every process of the isolate may read without asking, as from a public ETS table: accounts and groups as they
 * were committed last. The store processes of this isolate publish what they commit in the same turn; those of other
 * isolates tell the directory of changes. The tables are emptied when a store or the directory starts. Bounded: what
 * was forgotten is loaded again.
 */
import type { GroupId, UserId } from '../../protocol/ids.ts';
import type { Account } from '../../storage/accounts/contract.ts';
import type { Group } from '../../storage/groups/contract.ts';
import { BoundedCache } from '../../storage/shard/bounded-cache.ts';
import type { Command, CommandKind } from '../../storage/shard/contract.ts';
import type { Outcome } from '../stores/protocol.ts';

const ACCOUNTS = 500_000;
const GROUPS = 20_000;

let accounts = new BoundedCache<UserId, Account | null>(ACCOUNTS);
let groups = new BoundedCache<GroupId, Group | null>(GROUPS);

/** The account, null when there is none, undefined when it must be loaded. */
export const accountOf = (user: UserId): Account | null | undefined => accounts.get(user);
/** The group, null when there is none, undefined when it must be loaded. */
export const groupOf = (group: GroupId): Group | null | undefined => groups.get(group);

/** Forgets everything. */
export function clearTables(): void {
  accounts = new BoundedCache(ACCOUNTS);
  groups = new BoundedCache(GROUPS);
}

/** Commands that change an account or a group: what they leave is told to every isolate. */
export const changing: ReadonlySet<CommandKind> = new Set<CommandKind>([
  'register',
  'add_device',
  'remove_device',
  'set_blocked',
  'put_group',
]);

/** Takes over what a committed command says about an account or a group. */
export function publish(command: Command, outcome: Outcome): void {
  switch (command.kind) {
    case 'account':
      accounts.set(command.user, outcome as Account | null);
      return;
    case 'register':
    case 'add_device':
    case 'remove_device':
    case 'set_blocked':
      if (typeof outcome === 'object') {
        const account = outcome as Account;
        accounts.set(account.user, account);
      }
      return;
    case 'group':
      groups.set(command.group, outcome as Group | null);
      return;
    case 'put_group':
      groups.set(command.next.group, outcome as Group);
      return;
    default:
      return;
  }
}
