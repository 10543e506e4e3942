import type { LinkSegment } from '../../protocol/delivery/link-items.ts';
import type { GroupRow, ReceiptRow, UndeliveredRow } from '../../protocol/rows.ts';

/** A row that is not a message, before the mailbox has numbered it. */
export type NotedRow = Omit<ReceiptRow, 'n'> | Omit<UndeliveredRow, 'n'> | Omit<GroupRow, 'n'>;

/** Commands of the links between shards, by the rules of protocol/delivery/link.ts. */
export interface LinkCommands {
  /**
   * What earlier batches left for shard `target`, from the first row that is not acknowledged or after `after`: what
   * takes so many bytes in memory, or one segment. The first segment may begin before what was asked for.
   */
  read_link: {
    command: { readonly target: number; readonly after: number | null; readonly bytes: number };
    outcome: {
      readonly segments: readonly LinkSegment[];
      /** Whether nothing more waits behind them. */
      readonly complete: boolean;
    };
  };
  /** Rows of shard `source`; answers with the watermark. */
  apply_link: {
    command: { readonly source: number; readonly segment: LinkSegment };
    outcome: { readonly gap: boolean; readonly upTo: number };
  };
  /** Shard `target` has them up to `upTo`. */
  trim_link: {
    command: { readonly target: number; readonly upTo: number };
    outcome: { readonly trimmed: number };
  };
}
