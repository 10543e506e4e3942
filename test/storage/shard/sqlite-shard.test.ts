import { join } from 'node:path';
import t from 'tap';
import { openShard } from '../../../storage/shard/sqlite-shard.ts';
import { shardStoreContract } from '../../contract/shard-store.ts';

/** Room for deleting that a test fills in no time. */
const reserveBytes = 256 * 1024;

const directory = t.testdir();

shardStoreContract({
  name: 'a file',
  durable: true,
  open: ({ name, ...options }) =>
    openShard({ ...options, reserveBytes, file: join(directory, `${name}.db`) }),
});

shardStoreContract({
  name: 'in memory',
  durable: false,
  open: ({ name: _, ...options }) => openShard(options),
});
