import type { LinkSegment } from '../../protocol/delivery/link-items.ts';

/** From the source's store: what it has just committed for the other shard. */
export interface Linked {
  readonly kind: 'linked';
  readonly segments: readonly LinkSegment[];
}
