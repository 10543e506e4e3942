import { join } from 'node:path';
import t from 'tap';
import { openShard } from '../../../storage/shard/sqlite-shard.ts';
import type { ShardContract } from '../../contract/shard/fixture.ts';
import { modelContract } from '../../contract/shard/model.ts';
import { segmentsContract } from '../../contract/shard/segments.ts';
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

// The tables are written by parts of what waits, and the journal read back between.
const hasty: ShardContract = {
  name: 'a file with a short journal',
  durable: true,
  open: ({ name, ...options }) => {
    const journal = { bytes: 300, settledAtOnce: 1 };
    return openShard({ ...options, reserveBytes, journal, file: join(directory, `${name}.db`) });
  },
};
segmentsContract(hasty);
modelContract(hasty);
