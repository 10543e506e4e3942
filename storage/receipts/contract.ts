import type { GroupId, DeviceId } from '../../protocol/ids.ts';
import type { MemberReceipt } from '../../protocol/requests.ts';

/** Receipts are written by the mailboxes' commands; what is left is to read them. */
export interface ReceiptCommands {
  /** How far devices of this shard have got with what `sender` sent, in a group. */
  member_receipts: {
    command: {
      readonly sender: DeviceId;
      readonly group: GroupId;
      readonly devices: readonly DeviceId[];
    };
    outcome: readonly MemberReceipt[];
  };
}
