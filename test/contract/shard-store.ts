/**
 * What every implementation of a ShardStore must keep: storage/shard/contract.ts, by the rules of DESIGN.md and
 * protocol/delivery/.
 */
import { accountsContract } from './shard/accounts.ts';
import { atomicityContract } from './shard/atomicity.ts';
import { decidingContract } from './shard/deciding.ts';
import { fullDiskContract } from './shard/full-disk.ts';
import { groupsContract } from './shard/groups.ts';
import { linksContract } from './shard/links.ts';
import { modelContract } from './shard/model.ts';
import { mailboxesContract } from './shard/mailboxes.ts';
import { receiptsContract } from './shard/receipts.ts';
import { segmentsContract } from './shard/segments.ts';
import type { ShardContract } from './shard/fixture.ts';

export function shardStoreContract(contract: ShardContract): void {
  decidingContract(contract);
  mailboxesContract(contract);
  segmentsContract(contract);
  receiptsContract(contract);
  accountsContract(contract);
  groupsContract(contract);
  linksContract(contract);
  atomicityContract(contract);
  fullDiskContract(contract);
  modelContract(contract);
}
