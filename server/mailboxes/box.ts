/**
 * One device's side of a mailbox: what is buffered, what is under way, what is acknowledged. It says what to do next
 * and does nothing itself.
 */
import type { MonitorRef, Pid } from '../../actors/index.ts';
import { rowKinds } from '../../protocol/codec/rows.ts';
import type { MailboxRow } from '../../storage/mailboxes/row-tails.ts';
import { withItem } from '../young-list.ts';

/** Rows kept in memory ahead of the window. What goes beyond is read from the store when its turn comes. */
const BUFFERED_ROWS = 1024;

const isReceipt = ({ tail }: MailboxRow): boolean => tail.kind === rowKinds.receipt;

/** How much may be under way to a device, see protocol/limits.ts; no more bytes than this wait behind it. */
export interface Window {
  readonly unackedRows: number;
  readonly unackedBytes: number;
}

export class Box {
  private readonly window: Window;
  readonly session: Pid;
  readonly watch: MonitorRef;
  /** Asked of the store, and committed by it. */
  acked: number;
  ackWanted: number;
  ackUnderWay = false;
  paused = false;
  /** Counts resets: the answer to a read from before one is not for now. */
  generation = 0;
  reading = false;
  /** Whether a timer runs for the receipts that are held. */
  holding = false;
  /** The number of the last row pushed. */
  private cursor: number;
  private buffer: MailboxRow[] = [];
  private bufferBytes = 0;
  /** Whether every row behind the cursor is in the buffer. */
  private complete = false;
  /** The number of the last row that came while the store was read and was not buffered. */
  private passedOver = 0;
  /** Rows in the buffer that are no receipts. */
  private pressing = 0;
  private receiptsAreDue = false;
  /** The rows under way: their numbers and what each counts. Two lists, so that a row costs no object. */
  private readonly flight: number[] = [];
  private readonly flightSizes: number[] = [];
  private flightBytes = 0;

  /** @param from what the device has stored, and what of it the store has committed */
  constructor(
    session: Pid,
    watch: MonitorRef,
    from: { readonly acked: number; readonly committed: number },
    window: Window,
  ) {
    this.window = window;
    this.session = session;
    this.watch = watch;
    this.acked = from.committed;
    this.ackWanted = this.cursor = from.acked;
  }

  /** Rows just committed. */
  appended(rows: readonly MailboxRow[]): void {
    let bytes = this.bufferBytes;
    for (const { tail } of rows) bytes += tail.summary.size;
    const fits =
      this.buffer.length + rows.length <= BUFFERED_ROWS && bytes <= this.window.unackedBytes;
    if (this.complete && fits) this.enqueue(rows);
    else this.passOver(rows);
  }

  /** Rows may have been committed without a word: what comes behind the buffer is to be read. */
  missed(): void {
    this.complete = false;
  }

  /** The store is being asked for the rows behind the cursor: what was passed over before is among them. */
  startReading(): void {
    this.reading = true;
    this.passedOver = 0;
  }

  /** Rows read from the store. What was appended while it read may not be among them. */
  loaded(rows: readonly MailboxRow[], complete: boolean): void {
    this.reading = false;
    this.enqueue(rows);
    this.complete = complete && this.last() >= this.passedOver;
  }

  /** The device has stored everything up to `upTo`; with `again` it misses what follows. */
  taken(upTo: number, again: boolean): void {
    this.ackWanted = Math.max(this.ackWanted, upTo);
    if (again) {
      this.generation++;
      this.reading = this.complete = false;
      this.cursor = Math.max(upTo, this.acked);
      this.buffer = [];
      this.bufferBytes = this.pressing = 0;
      this.landed(this.flight.length);
      return;
    }
    let gone = 0;
    while (gone < this.flight.length && (this.flight[gone] ?? Infinity) <= upTo) gone++;
    this.landed(gone);
  }

  /** The next rows to push within the window, or null. */
  next(): { after: number; rows: readonly MailboxRow[] } | null {
    if (this.paused || this.holdsReceipts) return null;
    this.receiptsAreDue = false;
    let count = 0;
    for (const row of this.buffer) {
      const bytes = row.tail.summary.size;
      if (this.flight.length >= this.window.unackedRows) break;
      if (this.flight.length > 0 && this.flightBytes + bytes > this.window.unackedBytes) break;
      this.flight.push(row.n);
      this.flightSizes.push(bytes);
      this.flightBytes += bytes;
      this.bufferBytes -= bytes;
      if (!isReceipt(row)) this.pressing--;
      count++;
    }
    if (count === 0) return null;
    const after = this.cursor;
    let rows = this.buffer;
    if (count === rows.length) this.buffer = [];
    else rows = rows.splice(0, count);
    this.cursor = rows.at(-1)?.n ?? after;
    return { after, rows };
  }

  /**
   * Receipts alone wait a moment for company: pushed one by one they would cost as many frames as the messages that
   * they tell of.
   */
  get holdsReceipts(): boolean {
    return this.buffer.length > 0 && this.pressing === 0 && this.complete && !this.receiptsAreDue;
  }

  /** Receipts have waited long enough. */
  receiptsDue(): void {
    this.receiptsAreDue = true;
  }

  /** Everything there is has arrived, and the store knows. */
  get isAtRest(): boolean {
    const arrived = this.complete && this.buffer.length === 0 && this.flight.length === 0;
    return arrived && !this.reading && !this.ackUnderWay && this.ackWanted <= this.acked;
  }

  /** After which row the store is to be read, or null when there is no need now. */
  readAfter(): number | null {
    if (this.complete || this.reading || this.paused || this.buffer.length > 0) return null;
    return this.flight.length >= this.window.unackedRows ? null : this.cursor;
  }

  private passOver(rows: readonly MailboxRow[]): void {
    this.complete = false;
    this.passedOver = rows.at(-1)?.n ?? this.passedOver;
  }

  /** The number of the last row buffered or pushed. */
  private last(): number {
    return this.buffer.at(-1)?.n ?? this.cursor;
  }

  /** The first `count` rows under way have arrived, or will not. */
  private landed(count: number): void {
    for (let i = 0; i < count; i++) this.flightBytes -= this.flightSizes[i] as number;
    this.flight.splice(0, count);
    this.flightSizes.splice(0, count);
  }

  /** Of a peer's receipts that wait only the newest says anything. */
  private dropOlderReceipt({ tail }: MailboxRow): void {
    const { peer } = tail.summary;
    const older = this.buffer.findIndex(row => isReceipt(row) && row.tail.summary.peer === peer);
    if (older !== -1) this.buffer.splice(older, 1);
  }

  private enqueue(rows: readonly MailboxRow[]): void {
    let last = this.last();
    for (const row of rows) {
      if (row.n <= last) continue;
      if (!isReceipt(row)) this.pressing++;
      else if (this.pressing === 0) this.dropOlderReceipt(row);
      this.buffer = withItem(this.buffer, row);
      this.bufferBytes += row.tail.summary.size;
      last = row.n;
    }
  }
}
