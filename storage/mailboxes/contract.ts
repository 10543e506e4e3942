import type { Offer } from '../../protocol/delivery/sender.ts';
import type { Conversation, DeviceId } from '../../protocol/ids.ts';
import type { State } from '../../protocol/packets.ts';
import type { Refusal } from '../../protocol/refusal.ts';
import type { MailboxRow } from './row-tails.ts';

/** A device's committed watermarks, as the `state` packet tells them. */
export type DeviceState = Omit<State, 'kind'>;

/** What a send does once it is accepted. */
export type Effect =
  | {
      readonly kind: 'message';
      readonly conversation: Conversation;
      /** Every addressed device, also of other shards, without the sending one. */
      readonly targets: readonly DeviceId[];
      readonly body: Uint8Array;
    }
  | {
      readonly kind: 'read';
      readonly sender: DeviceId;
      readonly conversation: Conversation;
      readonly upTo: number;
    };

/** What the directory said about the send: carry it out, or refuse it. */
export type Intent = Effect | { readonly kind: 'refuse'; readonly why: Refusal };

export type Decision =
  | { readonly kind: 'accepted'; readonly upTo: number }
  | {
      readonly kind: 'rejected';
      readonly seq: number;
      readonly rev: number;
      readonly why: Refusal;
      readonly upTo: number;
    }
  | { readonly kind: 'gap'; readonly seq: number; readonly state: DeviceState };

/** Commands of the mailboxes store, by the rules of protocol/delivery/. */
export interface MailboxCommands {
  /** A device's watermarks. */
  state: { command: { readonly device: DeviceId }; outcome: DeviceState };
  /** Decides a send: see `judge`. Rows, links and the watermark are stored together. */
  decide: {
    command: {
      readonly device: DeviceId;
      readonly offer: Offer;
      readonly intent: Intent;
      /** Milliseconds since 1970. */
      readonly at: number;
    };
    outcome: Decision;
  };
  /** The device has stored its rows up to `upTo`: they go, and their senders get receipts. */
  acknowledge: {
    command: { readonly device: DeviceId; readonly upTo: number };
    outcome: { readonly acked: number };
  };
  /**
   * Rows after `after`, in order, at most `rows` of them and about `bytes` of bodies (one at least). Of 0 rows
   * only `complete` says something: whether any waits.
   */
  read_rows: {
    command: {
      readonly device: DeviceId;
      readonly after: number;
      readonly rows: number;
      readonly bytes: number;
    };
    /** `complete`: nothing more waits behind these. */
    outcome: { readonly rows: readonly MailboxRow[]; readonly complete: boolean };
  };
  /**
   * Drops messages accepted before `before` and tells their senders. Looks at up to `devices` devices, those
   * that come after `after` (a device first heard of in the same batch is left to the next time); answers with where
   * to go on, or null at the end.
   */
  expire: {
    command: { readonly after: DeviceId | ''; readonly before: number; readonly devices: number };
    outcome: { readonly next: DeviceId | null; readonly expired: number };
  };
}
