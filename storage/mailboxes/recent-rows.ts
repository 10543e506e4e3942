/**
 * What stands at the end of mailboxes, in memory: enough of each row to let it go when it is acknowledged, without
 * reading it back. Covers a device's rows from some number on; what lies before is read from the table. Bounded over
 * all devices: the one appended to longest ago is forgotten first.
 */
import type { Conversation, DeviceId } from '../../protocol/ids.ts';

export interface RecentRow {
  readonly n: number;
  /** One of the row kinds. */
  readonly kind: number;
  readonly peer: DeviceId | null;
  readonly seq: number;
  readonly conversation: Conversation;
  readonly size: number;
  readonly bodyId: number | null;
}

/** What rows other than messages have there. */
export const blankRow = { seq: 0, conversation: null, size: 0, bodyId: null } as const;

interface Tail {
  /** Every row of the device with this number or a higher one is in `rows`. */
  from: number;
  rows: RecentRow[];
}

const ROWS = 200_000;

export class RecentRows {
  private readonly tails = new Map<DeviceId, Tail>();
  private count = 0;

  append(device: DeviceId, row: RecentRow): void {
    let tail = this.tails.get(device);
    if (tail === undefined) {
      tail = { from: row.n, rows: [] };
      this.tails.set(device, tail);
    }
    tail.rows.push(row);
    this.count++;
    while (this.count > ROWS) {
      const oldest = this.tails.keys().next();
      if (oldest.done) break;
      this.forget(oldest.value);
    }
  }

  /** Takes out the rows from `from` to `to`; undefined when they are not all known. */
  take(device: DeviceId, from: number, to: number): readonly RecentRow[] | undefined {
    const tail = this.tails.get(device);
    if (tail === undefined) return undefined;
    const known = tail.from <= from;
    // Those up to `to` are gone in any case: left here they would be let go a second time.
    let end = 0;
    while (end < tail.rows.length && (tail.rows[end]?.n ?? Infinity) <= to) end++;
    this.count -= end;
    tail.from = Math.max(tail.from, to + 1);
    let taken = tail.rows;
    if (end < tail.rows.length) taken = tail.rows.splice(0, end);
    else tail.rows = [];
    return known ? taken : undefined;
  }

  /** After a batch that failed, or when rows in the middle have gone: what was known may not be true. */
  forget(device: DeviceId): void {
    const tail = this.tails.get(device);
    if (tail === undefined) return;
    this.count -= tail.rows.length;
    this.tails.delete(device);
  }
}
