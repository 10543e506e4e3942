import type { ErrorCode } from '../protocol/errors.ts';
import type { Conversation, DeviceId, GroupId, UserId } from '../protocol/ids.ts';
import type { Refusal } from '../protocol/refusal.ts';
import type { GroupEvent as GroupChange } from '../protocol/rows.ts';
import type { DeviceErrorCode } from './errors.ts';

/** A message of another device: of somebody else, or of the own user's other devices (`from` is then the own user). */
export interface MessageEvent {
  readonly kind: 'message';
  /** The sender's id for it, the same each time it is offered; where the body names none, `device/seq`. */
  readonly id: string;
  readonly from: UserId;
  readonly device: DeviceId;
  /** The sending device's number. */
  readonly seq: number;
  /** The group, or null for a direct message. */
  readonly conversation: Conversation;
  /** Milliseconds since 1970 by the server's clock. */
  readonly acceptedAt: number;
  /** By the sender's clock; `acceptedAt` where the body does not tell. */
  readonly sentAt: number;
  /** To whom its sender addressed it, as its sender says: users or a group; null where the body does not tell. */
  readonly to: readonly UserId[] | GroupId | null;
  /** Null unless it is a text. */
  readonly text: string | null;
  /** The content (a text in UTF-8), or the whole body where it is no content that this version understands. */
  readonly bytes: Uint8Array;
  readonly understood: boolean;
}

/** How far a peer's device has got with what this device sent, in this device's numbers. */
export interface ReceiptEvent {
  readonly kind: 'receipt';
  readonly peer: DeviceId;
  readonly delivered: number;
  /** The conversations in which reading has gone on. */
  readonly read: readonly (readonly [Conversation, number])[];
}

/** Of what this device sent, the numbers `after < seq <= upTo` will not reach `peer`. */
export interface UndeliveredEvent {
  readonly kind: 'undelivered';
  readonly peer: DeviceId;
  readonly after: number;
  readonly upTo: number;
}

/** A group that the user is or was in has changed. */
export interface GroupEvent {
  readonly kind: 'group';
  readonly group: GroupId;
  readonly version: number;
  readonly event: GroupChange;
  readonly by: UserId;
  readonly users: readonly UserId[];
  readonly at: number;
}

/** What is stored until the application confirms it. */
export type StoredEvent = MessageEvent | ReceiptEvent | UndeliveredEvent | GroupEvent;

/** What is told once and not stored. */
export type StatusEvent =
  | { readonly kind: 'connected' }
  | {
      readonly kind: 'disconnected';
      readonly code: ErrorCode | DeviceErrorCode;
      readonly message: string;
      /** When the client tries again; null: never, the client has ended. */
      readonly retryInMs: number | null;
    }
  /** The device's memory is an older copy: link it anew. The client has ended. */
  | { readonly kind: 'retired' }
  /** An accepted message was lost when the server was restored, and is not taken again. */
  | {
      readonly kind: 'unresolved';
      readonly seq: number;
      readonly id: string;
      readonly why: Refusal | null;
    }
  /** The server did not take something that no request of this client asked for. */
  | { readonly kind: 'complaint'; readonly code: ErrorCode; readonly message: string };

/**
 * What `events()` gives. `done` confirms it: it is not offered again, by this client or a later one on the same store.
 * The iterator confirms an event when the next one is asked for. Whoever crashes before that is offered the event
 * again, with the same `id`.
 */
export type ClientEvent = (StoredEvent | StatusEvent) & { done(): void };
