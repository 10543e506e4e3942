import { rowKinds } from '../../protocol/codec/rows.ts';
import { journalLimits } from '../mailboxes/journal-state.ts';
import { MailboxState } from '../mailboxes/mailbox-state.ts';
import { watermarks } from '../mailboxes/tables.ts';
import { waitingAfter } from '../mailboxes/unstored.ts';
import { openDatabase } from '../mnesia/database.ts';
import type { ReadOperations } from '../mnesia/operations.ts';
import { loadCaches } from './caches.ts';
import { migrations } from './migrations.ts';
import { SCHEMA_VERSION, tables } from './tables.ts';

/** How many messages wait in a shard's file, counted row by row; nobody else may have it open. For tools. */
export function countMessages(file: string): number {
  const database = openDatabase({ file, tables, migrations, schemaVersion: SCHEMA_VERSION });
  try {
    return database.transaction(tx => {
      const { mailboxes } = loadCaches(tx, journalLimits);
      const journaled = [...mailboxes.all()].reduce((sum, box) => sum + countIn(tx, box), 0);
      return tx.foldl(
        watermarks,
        (record, sum) =>
          mailboxes.get(record.device) === undefined
            ? sum + countIn(tx, new MailboxState(record))
            : sum,
        journaled,
      );
    });
  } finally {
    database.close();
  }
}

function countIn(tx: ReadOperations, box: MailboxState): number {
  let messages = 0;
  for (const { rows } of waitingAfter(tx, box, box.acked))
    for (const { n, tail } of rows) if (n > box.acked && tail.kind === rowKinds.message) messages++;
  return messages;
}
