/** Rows that came over a link, ready to be appended: their bytes as they are, and what must be known of them. */
import type { RowTail } from '../../protocol/codec/encoded-rows.ts';
import { messageHead, ownTail, peerOf } from '../../protocol/delivery/link-items.ts';
import { noMessage, type AppendedTail, type MessageTail } from '../mailboxes/row-tails.ts';

/** @throws DamagedRow when it is no message */
export function carriedMessage(tail: RowTail): MessageTail {
  const { kind, elements, bytes } = ownTail(tail);
  const { from, seq, conversation, size } = messageHead(tail);
  const summary = { peer: from, seq, conversation, size, bodyId: null };
  return { kind, elements, bytes, summary, atRest: null };
}

/** Of a receipt, an `undelivered` or a group's row. @throws DamagedRow when it names no peer */
export function carriedRow(tail: RowTail): AppendedTail {
  const { kind, elements, bytes } = ownTail(tail);
  const summary = { ...noMessage, peer: peerOf(tail) };
  return { kind, elements, bytes, summary, atRest: null };
}
