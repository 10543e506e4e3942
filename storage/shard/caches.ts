/** What a shard keeps in memory across batches, and how it is read back. */
import { decodeJournal, journal, type JournalEntry } from '../mailboxes/journal.ts';
import { JournalState, type JournalLimits } from '../mailboxes/journal-state.ts';
import type { JournaledRecord } from '../mailboxes/journaled-record.ts';
import { MailboxCache } from '../mailboxes/mailbox-cache.ts';
import { MailboxState, newWatermark, PairState } from '../mailboxes/mailbox-state.ts';
import { bodies, watermarks } from '../mailboxes/tables.ts';
import type { ReadOperations } from '../mnesia/operations.ts';
import { StorageError } from '../mnesia/storage-error.ts';

export interface ShardCaches {
  readonly mailboxes: MailboxCache;
  readonly journal: JournalState;
  /** The newest shared body's id. */
  lastBody: number;
}

/**
 * As of the last commit. Nothing is written: what the journal has goes into memory, on top of what the tables say.
 *
 * @throws StorageError `corrupt` when the journal is damaged
 */
export function loadCaches(tx: ReadOperations, limits: JournalLimits): ShardCaches {
  const mailboxes = new MailboxCache();
  const state = new JournalState(limits);
  for (const record of tx.range(journal, undefined, undefined)) {
    const journaled = state.has(record);
    for (const entry of decode(record.id, () => decodeJournal(record))) {
      const { device } = entry.watermark;
      let box = mailboxes.get(device);
      if (box === undefined) {
        box = new MailboxState(tx.read(watermarks, device) ?? newWatermark(device));
        mailboxes.add(box);
      }
      state.lacks(box, journaled);
      replay(box, entry, journaled);
      mailboxes.weigh(box);
    }
  }
  return { mailboxes, journal: state, lastBody: tx.last(bodies)?.id ?? 0 };
}

function replay(
  box: MailboxState,
  { watermark, rows, pairs }: JournalEntry,
  record: JournaledRecord,
): void {
  Object.assign(box, watermark);
  // What the tables had when the mailbox was read ends with `lastStored`: those rows were settled after the record.
  const newer = rows
    .filter(({ n }) => n > box.lastStored)
    .map(({ n, tail }) => ({ n, tail: { ...tail, atRest: null } }));
  if (newer.length > 0) (box.waiting ??= []).push({ record, rows: newer });
  for (const [sender, state] of pairs) {
    const pair = new PairState(box.device, sender, state);
    pair.waits = true;
    (box.pairs ??= new Map()).set(sender, pair);
  }
  if (pairs.length > 0) box.waitingPairs = [...(box.pairs?.values() ?? [])];
}

function decode<T>(id: number, read: () => T): T {
  try {
    return read();
  } catch (error) {
    // Whatever msgpack throws over bytes that it did not write.
    const why = error instanceof Error ? error.message : String(error);
    throw new StorageError(
      'corrupt',
      `Record ${id} of the mailboxes’ journal is damaged: ${why}. Restore a backup.`,
      { cause: error },
    );
  }
}
