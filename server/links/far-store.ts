/**
 * A link's way to the store of the receiving shard: several batches may be under way, and nothing is kept of them here.
 * What becomes of each is told; when the store dies, or cannot take one, the owner sends again what is not
 * acknowledged, as often as need be: watermarks decide.
 */
import { monitor, self, send, type DownMessage, type MonitorRef } from '../../actors/index.ts';
import type { LinkSegment } from '../../protocol/delivery/link-items.ts';
import type { Command, OutcomeOf } from '../../storage/shard/contract.ts';
import { storeAt } from '../isolates/shard-map.ts';
import type { Batch, BatchAnswer } from '../stores/protocol.ts';

export type Arrival =
  /** Everything up to this row is stored there. */
  | { readonly kind: 'applied'; readonly upTo: number }
  /** It lacks rows before those of a batch. */
  | { readonly kind: 'gap' }
  /** Its disk is full: nothing of a batch was done. */
  | { readonly kind: 'full' }
  /** It died. */
  | { readonly kind: 'lost' }
  /** It is being restarted, or on its way to another isolate. */
  | { readonly kind: 'absent' };

export class FarStore {
  readonly shard: number;
  private readonly source: number;
  private watch: MonitorRef | undefined;
  // Below zero: a StorePort of the same process counts upwards from zero.
  private tag = 0;
  /** Answers to this batch and those before it say nothing of what is under way now. */
  private over = 0;

  constructor(shard: number, source: number) {
    this.shard = shard;
    this.source = source;
  }

  apply(segments: readonly LinkSegment[]): void {
    const store = storeAt(this.shard);
    this.watch ??= monitor(store);
    const commands = segments.map((segment): Command => ({
      kind: 'apply_link',
      source: this.source,
      segment,
    }));
    send(store, { kind: 'batch', from: self(), tag: --this.tag, commands } satisfies Batch);
  }

  /** What is under way is sent again: only what happens to that counts from here on. */
  startOver(): void {
    this.over = this.tag;
  }

  /** @returns undefined for what is not meant for this, or tells nothing new */
  handle(message: BatchAnswer | DownMessage): Arrival | undefined {
    switch (message.kind) {
      case 'batch_done': {
        if (message.tag >= 0) return undefined;
        const { gap, upTo } = message.outcomes.at(-1) as OutcomeOf<'apply_link'>;
        if (!gap) return { kind: 'applied', upTo };
        return message.tag < this.over ? { kind: 'gap' } : undefined;
      }
      case 'batch_failed':
        return message.tag < this.over ? { kind: 'full' } : undefined;
      case 'DOWN': {
        if (message.ref !== this.watch) return undefined;
        this.watch = undefined;
        const { reason } = message;
        return { kind: reason === 'noproc' || reason === 'noconnection' ? 'absent' : 'lost' };
      }
    }
  }
}
