import type { Conversation, DeviceId } from '../../protocol/ids.ts';
import type { GroupRow, ReceiptRow, UndeliveredRow } from '../../protocol/rows.ts';

/** What one shard tells another: the same things that it does to its own mailboxes. */
export type LinkItem =
  | {
      readonly kind: 'message';
      readonly from: DeviceId;
      readonly seq: number;
      readonly conversation: Conversation;
      readonly acceptedAt: number;
      /** Devices of the receiving shard; the body travels once for all of them. */
      readonly targets: readonly DeviceId[];
      readonly body: Uint8Array;
    }
  | { readonly kind: 'row'; readonly device: DeviceId; readonly row: NotedRow };

/** A row that is not a message, before the mailbox has numbered it. */
export type NotedRow = Omit<ReceiptRow, 'n'> | Omit<UndeliveredRow, 'n'> | Omit<GroupRow, 'n'>;

/** Commands of the links between shards, by the rules of protocol/delivery/link.ts. */
export interface LinkCommands {
  /** Rows waiting for shard `target`, numbered `m`, from the first that is not acknowledged or after `after`. */
  read_link: {
    command: { readonly target: number; readonly after: number | null; readonly rows: number };
    outcome: {
      readonly after: number;
      readonly rows: readonly { readonly m: number; readonly item: LinkItem }[];
    };
  };
  /** Rows of shard `source`, those after number `after`; answers with the watermark. */
  apply_link: {
    command: {
      readonly source: number;
      readonly after: number;
      readonly rows: readonly { readonly m: number; readonly item: LinkItem }[];
    };
    outcome: { readonly gap: boolean; readonly upTo: number };
  };
  /** Shard `target` has them up to `upTo`. */
  trim_link: {
    command: { readonly target: number; readonly upTo: number };
    outcome: { readonly trimmed: number };
  };
}
