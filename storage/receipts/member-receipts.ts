import type { MemberReceipt } from '../../protocol/requests.ts';
import type { Work } from '../shard/work.ts';
import type { ReceiptCommands } from './contract.ts';

export const memberReceipts = (
  work: Work,
  { sender, group, devices }: ReceiptCommands['member_receipts']['command'],
): MemberReceipt[] =>
  devices.map(device => {
    const { delivered, read } = work.peekPair(sender, device);
    return { device, delivered, read: read[group] ?? 0 };
  });
