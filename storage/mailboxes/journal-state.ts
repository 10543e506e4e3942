/**
 * The journal as it stands: which of its records say something that nothing else says, and of whose mailboxes.
 *
 * A mailbox that goes on being changed is never written to the tables. Each entry has its watermarks anyway; when the
 * record that it waits for grows old, the next entry says its waiting pairs too, and from then on it waits only for the
 * oldest record of which a row is not acknowledged. So only mailboxes that have become quiet, or whose device does not
 * take its rows, are written to the tables.
 */
import type { Transaction } from '../mnesia/operations.ts';
import { encodeJournal, journal, type JournalRecord } from './journal.ts';
import type { JournaledRecord } from './journaled-record.ts';
import type { MailboxState } from './mailbox-state.ts';
import type { AppendedRow } from './row-tails.ts';
import { settle } from './settle.ts';

export interface JournalLimits {
  /** Beyond so many bytes mailboxes are written to the tables with every batch, those that wait longest first. */
  readonly bytes: number;
  /** So many with one batch, and as many as it has changed where that is more: what waits cannot become ever more. */
  readonly settledAtOnce: number;
}

/** More must be read back at the next start and find room in the reserve of a full disk. */
export const journalLimits: JournalLimits = { bytes: 4 * 1024 * 1024, settledAtOnce: 64 };

/** Parts of the limit: a record is old, and too old to be waited for any longer. */
const OLD = 1 / 4;
const TOO_OLD = 1 / 2;
/** More pairs than this are not said once more: a member of a large group has hundreds that nobody changes. */
const REPEATED_PAIRS = 16;

export class JournalState {
  private readonly limits: JournalLimits;
  /** Mailboxes of which the tables lack something; those that began to need a record longest ago come first. */
  private readonly unsettled = new Set<MailboxState>();
  private records: JournaledRecord[] = [];
  private bytes = 0;
  private lastId = 0;
  /** The bytes of all records that there ever were. */
  private end = 0;

  constructor(limits: JournalLimits) {
    this.limits = limits;
  }

  /** Journals what the running batch does to these mailboxes. */
  append(tx: Transaction, boxes: readonly MailboxState[]): void {
    const repeats = boxes.map(box => {
      dropAcknowledged(box);
      letPairsWait(box);
      return this.repeatsPairs(box);
    });
    const encoded = encodeJournal(this.lastId + 1, boxes, repeats);
    tx.insert(journal, encoded);
    const record = this.has(encoded);
    boxes.forEach((box, i) => {
      letRowsWait(box, record);
      if (repeats[i] === true) this.needs(box, box.waiting?.[0]?.record ?? record);
      else this.lacks(box, record);
    });
    if (this.bytes > this.limits.bytes) this.settleOldest(tx, boxes.length);
    this.trim(tx);
  }

  /** Writes all that wait to the tables, and these mailboxes as the running batch has them. */
  settleAll(tx: Transaction, boxes: readonly MailboxState[]): void {
    // First its own room is given back: on a full disk the tables need it.
    if (this.records.length > 0) tx.deleteRange(journal, [], undefined, this.lastId);
    this.records = [];
    this.bytes = 0;
    for (const box of boxes) this.unsettled.add(box);
    for (const box of this.unsettled) this.settle(tx, box);
  }

  /** A record is in the journal. */
  has({ id, entries, rows }: JournalRecord): JournaledRecord {
    const bytes = entries.length + rows.length;
    const record = { id, bytes, at: this.end, needed: 0 };
    this.records.push(record);
    this.bytes += bytes;
    this.end += bytes;
    this.lastId = id;
    return record;
  }

  /** The newest record says something of the mailbox that its tables lack. */
  lacks(box: MailboxState, record: JournaledRecord): void {
    if (box.since === undefined) this.needs(box, record);
  }

  /** From now on nothing that older records say of the mailbox is needed. */
  private needs(box: MailboxState, record: JournaledRecord): void {
    if (box.since !== undefined) box.since.needed--;
    box.since = record;
    record.needed++;
    this.unsettled.delete(box);
    this.unsettled.add(box);
  }

  /** Whether the next entry of the mailbox says all its waiting pairs, so that it need not wait for so old a record. */
  private repeatsPairs({ since, waiting, waitingPairs }: MailboxState): boolean {
    if (since === undefined || !this.isPast(OLD, since)) return false;
    const oldest = waiting?.[0]?.record;
    if (oldest !== undefined && (oldest === since || this.isPast(TOO_OLD, oldest))) return false;
    return (waitingPairs?.length ?? 0) <= REPEATED_PAIRS;
  }

  /** Whether this part of the limit has been journaled since. */
  private isPast(part: number, { at, bytes }: JournaledRecord): boolean {
    return this.end - at - bytes >= this.limits.bytes * part;
  }

  private settleOldest(tx: Transaction, changed: number): void {
    let most = Math.max(this.limits.settledAtOnce, changed);
    for (const box of this.unsettled) {
      // Behind a young one there may be older ones, but none that is past the limit.
      if (most-- === 0 || (box.since !== undefined && !this.isPast(TOO_OLD, box.since))) return;
      this.settle(tx, box);
    }
  }

  private settle(tx: Transaction, box: MailboxState): void {
    settle(tx, box);
    if (box.since !== undefined) box.since.needed--;
    box.since = undefined;
    this.unsettled.delete(box);
  }

  /** Records that say nothing new any more go. */
  private trim(tx: Transaction): void {
    let gone = 0;
    for (const record of this.records) {
      if (record.needed > 0) break;
      this.bytes -= record.bytes;
      gone++;
    }
    const last = this.records[gone - 1];
    if (last === undefined) return;
    this.records.splice(0, gone);
    tx.deleteRange(journal, [], undefined, last.id);
  }
}

/** What the device has taken need not wait any longer. */
function dropAcknowledged(box: MailboxState): void {
  const { waiting, acked } = box;
  if (waiting === undefined) return;
  let gone = 0;
  for (const { rows } of waiting) {
    if ((rows.at(-1)?.n ?? 0) > acked) break;
    gone++;
  }
  if (gone === waiting.length) box.waiting = undefined;
  else if (gone > 0) waiting.splice(0, gone);
}

function letPairsWait(box: MailboxState): void {
  for (const pair of box.changedPairs ?? []) {
    if (pair.waits) continue;
    pair.waits = true;
    (box.waitingPairs ??= []).push(pair);
  }
}

/** The rows of the running batch are in this record: they need not be in the tables yet. */
function letRowsWait(box: MailboxState, record: JournaledRecord): void {
  const { appended, stored, acked } = box;
  if (appended === undefined) return;
  box.stored = appended.length;
  if ((appended.at(-1) as AppendedRow).n <= acked || stored === appended.length) return;
  const rows = stored === 0 ? appended : appended.slice(stored);
  (box.waiting ??= []).push({ record, rows });
}
