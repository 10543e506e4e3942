import { readPairs } from '../../protocol/delivery/receipt.ts';
import { note } from '../mailboxes/append.ts';
import type { PairState } from '../mailboxes/mailbox-state.ts';
import type { Work } from '../shard/work.ts';

/** Tells a sending device how far its peer has got: the whole of it, because a newer receipt replaces an older one. */
export function tellReceipt(work: Work, pair: PairState): void {
  const { sender, peer, delivered } = pair;
  note(work, sender, { kind: 'receipt', peer, delivered, read: readPairs(pair) });
}
