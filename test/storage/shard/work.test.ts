import t from 'tap';
import { limits } from '../../../protocol/limits.ts';
import { deviceState } from '../../../storage/mailboxes/decide.ts';
import { journalLimits } from '../../../storage/mailboxes/journal-state.ts';
import { readRows } from '../../../storage/mailboxes/read-rows.ts';
import { openDatabase } from '../../../storage/mnesia/database.ts';
import { loadCaches } from '../../../storage/shard/caches.ts';
import { SCHEMA_VERSION, tables } from '../../../storage/shard/tables.ts';
import { Work } from '../../../storage/shard/work.ts';
import { dev } from '../../contract/shard/fixture.ts';

const ann = dev('ann');

void t.test('a device that is only looked at, as at a login, is not kept in memory', t => {
  const database = openDatabase({ tables, schemaVersion: SCHEMA_VERSION });
  database.transaction(tx => {
    const caches = loadCaches(tx, journalLimits);
    const work = new Work(tx, caches, { shard: 0, shards: 1 }, limits);
    t.match(deviceState(work, 7, ann), { upTo: 0, acked: 0, era: 7 });
    t.match(readRows(work, { device: ann, after: 0, rows: 9, bytes: 9 }), { complete: true });
    t.same([...caches.mailboxes.all()], []);
    // What the batch changes is what it sees.
    work.mailbox(ann).upTo = 5;
    t.match(deviceState(work, 7, ann), { upTo: 5 });
    t.equal([...caches.mailboxes.all()].length, 1);
  });
  database.close();
  t.end();
});
