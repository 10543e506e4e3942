import { readPairs, type ReceiptState } from '../../protocol/delivery/receipt.ts';
import type { DeviceId } from '../../protocol/ids.ts';
import { note } from '../mailboxes/append.ts';
import type { Work } from '../shard/work.ts';

/** Tells a sending device how far `peer` has got: the whole of it, because a newer receipt replaces an older one. */
export function tellReceipt(
  work: Work,
  sender: DeviceId,
  peer: DeviceId,
  state: ReceiptState,
): void {
  note(work, sender, {
    kind: 'receipt',
    peer,
    delivered: state.delivered,
    read: readPairs(state),
  });
}
