/** `strowger/protocol`, as handlers import it: packets, ids, limits, errors and the rules of delivery. */
export * from '../../../protocol/delivery/receipt.ts';
export * from '../../../protocol/delivery/sender.ts';
export * from '../../../protocol/errors.ts';
export * from '../../../protocol/ids.ts';
export * from '../../../protocol/limits.ts';
export * from '../../../protocol/packets.ts';
export * from '../../../protocol/refusal.ts';
export * from '../../../protocol/requests.ts';
export * from '../../../protocol/rows.ts';
export * from '../../../protocol/shard.ts';
export * from '../../../protocol/signing.ts';
