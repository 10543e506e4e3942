/** Both ends of the links between shards, by the rules of protocol/delivery/link.ts. */
import { judgeBatch } from '../../protocol/delivery/link.ts';
import { appendMessage, appendNoted } from '../mailboxes/append.ts';
import type { Work } from '../shard/work.ts';
import type { LinkCommands } from './contract.ts';
import { linkRows } from './tables.ts';

export function readLink(
  work: Work,
  { target, after, rows }: LinkCommands['read_link']['command'],
): LinkCommands['read_link']['outcome'] {
  const end = work.linkEnd(target);
  const from = Math.max(after ?? 0, end.acked);
  const found = work.tx.range(linkRows, [target, from + 1], [target, end.last], { limit: rows });
  return { after: from, rows: found.map(({ m, item }) => ({ m, item })) };
}

export function applyLink(
  work: Work,
  { source, after, rows }: LinkCommands['apply_link']['command'],
): LinkCommands['apply_link']['outcome'] {
  const end = work.linkEnd(source);
  const judgement = judgeBatch(end.applied, after, rows.length);
  if (judgement.kind === 'gap') return { gap: true, upTo: end.applied };
  for (const { m, item } of rows.slice(judgement.skip)) {
    end.applied = m;
    if (item.kind === 'message') appendMessage(work, item, item.targets);
    else appendNoted(work, item.device, item.row);
  }
  return { gap: false, upTo: end.applied };
}

export function trimLink(
  work: Work,
  { target, upTo }: LinkCommands['trim_link']['command'],
): LinkCommands['trim_link']['outcome'] {
  const end = work.linkEnd(target);
  const trimmed = Math.min(upTo, end.last);
  if (trimmed > end.acked) {
    work.tx.deleteRange(linkRows, [target], end.acked + 1, trimmed);
    end.acked = trimmed;
  }
  return { trimmed: end.acked };
}
