/** Both ends of the links between shards, by the rules of protocol/delivery/link.ts. */
import { rowKinds } from '../../protocol/codec/rows.ts';
import { judgeBatch } from '../../protocol/delivery/link.ts';
import { appendMessage, appendNoted } from '../mailboxes/append.ts';
import type { Work } from '../shard/work.ts';
import type { LinkCommands } from './contract.ts';
import { type LinkItem, type LinkSegment, readItems } from '../../protocol/delivery/link-items.ts';
import { lastOf, linkSegmentsAfter, weightOf } from './link-segments.ts';
import { linkSegments } from './tables.ts';
import { carriedMessage, carriedRow } from './carried-tails.ts';

export function readLink(
  work: Work,
  { target, after, bytes }: LinkCommands['read_link']['command'],
): LinkCommands['read_link']['outcome'] {
  const { acked } = work.peekLinkEnd(target);
  const segments: LinkSegment[] = [];
  let sum = 0;
  for (const segment of linkSegmentsAfter(work.tx, target, Math.max(after ?? 0, acked))) {
    sum += weightOf(segment);
    if (sum > bytes && segments.length > 0) return { segments, complete: false };
    segments.push(segment);
  }
  return { segments, complete: true };
}

export function applyLink(
  work: Work,
  { source, segment }: LinkCommands['apply_link']['command'],
): LinkCommands['apply_link']['outcome'] {
  const { applied } = work.peekLinkEnd(source);
  const judgement = judgeBatch(applied, segment.after, segment.count);
  if (judgement.kind === 'gap') return { gap: true, upTo: applied };
  if (judgement.skip === segment.count) return { gap: false, upTo: applied };
  const items = readItems(segment);
  for (let i = judgement.skip; i < items.length; i++) append(work, items[i] as LinkItem);
  work.linkEnd(source).applied = lastOf(segment);
  return { gap: false, upTo: lastOf(segment) };
}

function append(work: Work, { devices, tail }: LinkItem): void {
  if (tail.kind === rowKinds.message) {
    appendMessage(work, carriedMessage(tail), devices);
    return;
  }
  const row = carriedRow(tail);
  for (const device of devices) appendNoted(work, device, row);
}

export function trimLink(
  work: Work,
  { target, upTo }: LinkCommands['trim_link']['command'],
): LinkCommands['trim_link']['outcome'] {
  const { last, acked } = work.peekLinkEnd(target);
  const trimmed = Math.min(upTo, last);
  if (trimmed <= acked) return { trimmed: acked };
  // A segment of which a part is not acknowledged stays as it is.
  work.tx.deleteRange(linkSegments, [target], undefined, trimmed);
  work.linkEnd(target).acked = trimmed;
  return { trimmed };
}
