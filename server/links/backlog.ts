/**
 * What a link holds in memory: segments that the other shard has not acknowledged, one after the other without a hole,
 * the first of them under way. The source's store has them all; here is a part from the front, as much as the bound
 * allows. What is committed beyond it stays in the store, from where it is read when the part here has been carried.
 */
import type { LinkSegment } from '../../protocol/delivery/link-items.ts';
import { lastOf, weightOf } from '../../storage/links/link-segments.ts';

export interface BacklogLimits {
  /** Bytes of segments in memory, those under way included; one segment may come on top. */
  readonly memoryBytes: number;
  /** Bytes that are sent and not yet answered, or one segment. */
  readonly windowBytes: number;
  /** Segments that are sent and not yet answered. */
  readonly windowSegments: number;
  /** Bytes that are read from the store at once, or one segment. */
  readonly readBytes: number;
}

export class Backlog {
  private readonly limits: BacklogLimits;
  private segments: LinkSegment[] = [];
  private bytes = 0;
  /** So many of the first are under way. */
  private sent = 0;
  private sentBytes = 0;
  /** The newest row that was ever in memory; null before the store has been read. */
  private last: number | null = null;
  /** Whether the store has nothing for the other shard beyond `last`. */
  private complete = false;

  constructor(limits: BacklogLimits) {
    this.limits = limits;
  }

  /** The store has committed these. They are passed over when the store must be read in any case, or memory is full. */
  committed(segments: readonly LinkSegment[]): void {
    for (const segment of segments) {
      if (!this.complete) return;
      if (segment.after !== this.last || this.bytes >= this.limits.memoryBytes)
        this.complete = false;
      else this.push(segment);
    }
  }

  /** The store may have committed what nobody was told of. */
  doubt(): void {
    this.complete = false;
  }

  /** What to read from the store, when there may be more in it and room for it here. */
  wanted(): { readonly after: number | null; readonly bytes: number } | undefined {
    const room = this.limits.memoryBytes - this.bytes;
    if (this.complete || room < this.limits.memoryBytes / 2) return undefined;
    return { after: this.last, bytes: Math.min(room, this.limits.readBytes) };
  }

  /** The store was read, as {@link wanted} said. */
  read(segments: readonly LinkSegment[], complete: boolean): void {
    for (const segment of segments) this.push(segment);
    this.last ??= 0;
    this.complete = complete;
  }

  /** Segments to be sent now, in their order: they are under way from here on. */
  send(): LinkSegment[] {
    const { windowBytes, windowSegments } = this.limits;
    const segments: LinkSegment[] = [];
    while (this.sent < Math.min(windowSegments, this.segments.length)) {
      const segment = this.segments[this.sent] as LinkSegment;
      if (this.sent > 0 && this.sentBytes + weightOf(segment) > windowBytes) break;
      segments.push(segment);
      this.sent++;
      this.sentBytes += weightOf(segment);
    }
    return segments;
  }

  /** The other shard has everything up to this row. */
  acknowledged(upTo: number): void {
    let gone = 0;
    for (const segment of this.segments) {
      if (lastOf(segment) > upTo) break;
      gone++;
      this.bytes -= weightOf(segment);
      if (gone <= this.sent) this.sentBytes -= weightOf(segment);
    }
    if (gone === 0) return;
    this.segments.splice(0, gone);
    this.sent = Math.max(0, this.sent - gone);
  }

  /** What was under way may not have arrived: all of it is sent again. */
  rewind(): void {
    this.sent = 0;
    this.sentBytes = 0;
  }

  /** Forgets everything: the store says anew where to begin. */
  forget(): void {
    this.rewind();
    this.segments = [];
    this.bytes = 0;
    this.last = null;
    this.complete = false;
  }

  private push(segment: LinkSegment): void {
    this.segments.push(segment);
    this.bytes += weightOf(segment);
    this.last = lastOf(segment);
  }
}
