import { call } from '../../actors/index.ts';
import { shardOf } from '../../protocol/shard.ts';
import type { UserId } from '../../protocol/ids.ts';
import type { Account } from '../../storage/accounts/contract.ts';
import type { Command, CommandKind, OutcomeOf } from '../../storage/shard/contract.ts';
import { accountOf } from '../directory/tables.ts';
import { RequestError } from '../request-error.ts';
import { storeAt } from '../isolates/shard-map.ts';

/**
 * One command, committed. For those who may wait: requests, HTTP, housekeeping.
 *
 * @throws RequestError `storage_full` when there is no room; Exit when the store dies meanwhile
 */
export async function execute<K extends CommandKind>(
  shard: number,
  command: Command<K>,
): Promise<OutcomeOf<K>> {
  const answer = await call(storeAt(shard), { kind: 'execute', command: command as Command });
  if (answer === 'disk_full') throw new RequestError('storage_full');
  return answer.outcome;
}

/** The account, from memory or the store; null when there is none. */
export async function findAccount(user: UserId, shards: number): Promise<Account | null> {
  return accountOf(user) ?? execute(shardOf(user, shards), { kind: 'account', user });
}
