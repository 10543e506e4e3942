/** The journal as it stands: which of its records the tables do not have yet, and whose changes those are. */
import type { Transaction } from '../mnesia/operations.ts';
import { encodeJournal, journal, type JournalRecord } from './journal.ts';
import type { MailboxState } from './mailbox-state.ts';
import { letWait, settle } from './settle.ts';

export interface JournalLimits {
  /** Beyond so many bytes mailboxes are written to the tables with every batch, those that wait longest first. */
  readonly bytes: number;
  /** So many with one batch, and as many as it has changed where that is more: what waits cannot become ever more. */
  readonly settledAtOnce: number;
}

/**
 * With 4 MiB a mailbox in a busy conversation is written to its tables with every eighth or so of the batches that
 * change it; more gained nothing, and must be read back at the next start and find room in the reserve of a full disk.
 */
export const journalLimits: JournalLimits = { bytes: 4 * 1024 * 1024, settledAtOnce: 64 };

export class JournalState {
  private readonly limits: JournalLimits;
  /** Mailboxes of which the tables lack something, in the order of `since`. */
  private readonly unsettled = new Set<MailboxState>();
  private records: { readonly id: number; readonly bytes: number }[] = [];
  private bytes = 0;
  private lastId = 0;

  constructor(limits: JournalLimits) {
    this.limits = limits;
  }

  /** Journals what the running batch does to these mailboxes. */
  append(tx: Transaction, boxes: readonly MailboxState[]): void {
    const record = encodeJournal(this.lastId + 1, boxes);
    tx.insert(journal, record);
    this.has(record);
    for (const box of boxes) {
      this.lacks(box);
      letWait(box);
    }
    let most = Math.max(this.limits.settledAtOnce, boxes.length);
    if (this.bytes > this.limits.bytes)
      for (const box of this.unsettled) {
        if (most-- === 0) break;
        this.settle(tx, box);
      }
    this.trim(tx);
  }

  /** Writes all that wait to the tables. */
  settleAll(tx: Transaction): void {
    // First its own room is given back: on a full disk the tables need it.
    if (this.records.length > 0) tx.deleteRange(journal, [], undefined, this.lastId);
    this.records = [];
    this.bytes = 0;
    for (const box of this.unsettled) this.settle(tx, box);
  }

  /** A record is in the journal. */
  has({ id, entries, rows }: JournalRecord): void {
    const bytes = entries.length + rows.length;
    this.records.push({ id, bytes });
    this.bytes += bytes;
    this.lastId = id;
  }

  /** The newest record says something of the mailbox that its tables lack. */
  lacks(box: MailboxState): void {
    if (box.since !== 0) return;
    box.since = this.lastId;
    this.unsettled.add(box);
  }

  private settle(tx: Transaction, box: MailboxState): void {
    settle(tx, box);
    this.unsettled.delete(box);
  }

  /** Records that say nothing new any more go. */
  private trim(tx: Transaction): void {
    const oldest = this.unsettled.values().next();
    const since = oldest.done ? Infinity : oldest.value.since;
    let last = 0;
    while ((this.records[0]?.id ?? Infinity) < since) {
      const record = this.records.shift();
      if (record === undefined) break;
      this.bytes -= record.bytes;
      last = record.id;
    }
    if (last > 0) tx.deleteRange(journal, [], undefined, last);
  }
}
