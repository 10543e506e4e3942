/**
 * Committed mailboxes in memory, across batches. When there are too many, those read longest ago are forgotten: what
 * they held can always be read again.
 */
import type { DeviceId } from '../../protocol/ids.ts';
import type { MailboxState } from './mailbox-state.ts';

/** Devices, pairs and recent rows, of some hundred bytes each. */
const RECORDS = 400_000;

export class MailboxCache {
  private readonly limit: number;
  private readonly states = new Map<DeviceId, MailboxState>();
  private weight = 0;

  constructor(limit = RECORDS) {
    this.limit = limit;
  }

  get(device: DeviceId): MailboxState | undefined {
    return this.states.get(device);
  }

  all(): IterableIterator<MailboxState> {
    return this.states.values();
  }

  add(state: MailboxState): void {
    this.states.set(state.device, state);
    this.weigh(state);
  }

  /** After what it holds has grown or shrunk. */
  weigh(state: MailboxState): void {
    const { weight } = state;
    this.weight += weight - state.weighed;
    state.weighed = weight;
  }

  /** Only between batches: within one a mailbox may be changed and not yet written. */
  trim(): void {
    if (this.weight <= this.limit) return;
    let looked = this.states.size;
    for (const state of this.states.values()) {
      this.forget(state);
      // What the tables do not have is only here: it is looked at again when the others have been.
      if (state.since !== undefined) this.add(state);
      if (this.weight <= this.limit || --looked === 0) return;
    }
  }

  private forget(state: MailboxState): void {
    this.states.delete(state.device);
    this.weight -= state.weighed;
    state.weighed = 0;
  }
}
