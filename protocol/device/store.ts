/**
 * What a device keeps: the contract between client/ and whoever stores it (client/memory-store.ts, storage/client/).
 * Two halves, one for each role, so that two processes can share one device: one sends, one receives. Each half is
 * loaded once and then told its changes, a batch at a time: a batch is one transaction, durable when `commit` returns
 * (or its promise resolves), in the order of the calls.
 *
 * The contract is tested by test/contract/client-store.ts for every implementation.
 */
import type { InboxState, PeerState } from '../delivery/inbox.ts';
import type { OutboxEntry, OutboxState } from '../delivery/outbox.ts';
import type { DeviceId, GroupId, UserId } from '../ids.ts';
import type { Row } from '../rows.ts';
import type { Identity } from './identity.ts';

type Maybe<T> = T | Promise<T>;

export interface DeviceStore {
  identity(): Maybe<Identity>;
  saveIdentity(identity: Identity): Maybe<void>;
  /** Claims the role `send` of this device. @throws when another process has it */
  openOutbox(): Maybe<OutboxStore>;
  /** Claims the role `receive`. @throws when another process has it */
  openInbox(): Maybe<InboxStore>;
}

/** The versions of device lists and groups that sends name, as the server last told them. */
export type Versions = Map<UserId | GroupId, number>;

export interface LoadedOutbox {
  readonly state: OutboxState;
  readonly versions: Versions;
}

export interface OutboxStore {
  load(): Maybe<LoadedOutbox>;
  commit(changes: readonly OutboxChange[]): Maybe<void>;
  /**
   * What was accepted above `seq`, rising: to be offered again to a restored server. How far back a store
   * remembers is bounded ({@link sentEntries}, {@link sentBytes}); what lies further back is not offered again.
   */
  sentAfter(seq: number): Maybe<readonly OutboxEntry[]>;
  /** Gives the role back. */
  close(): Maybe<void>;
}

export type OutboxChange =
  /** An entry is new, was changed, or came back from `sent`. */
  | { readonly kind: 'put'; readonly entry: OutboxEntry }
  /** Accepted: messages move to `sent`, read marks go. */
  | { readonly kind: 'accepted'; readonly entry: OutboxEntry }
  /** Refused for good: it goes. */
  | { readonly kind: 'dropped'; readonly seq: number }
  | ({ readonly kind: 'watermarks' } & Pick<OutboxState, 'nextSeq' | 'upTo' | 'era' | 'tried'>)
  | { readonly kind: 'version'; readonly id: UserId | GroupId; readonly version: number };

/** Accepted messages that a store keeps; older ones go. */
export const sentEntries = 10_000;
/** Bytes of their bodies. */
export const sentBytes = 64 * 1024 * 1024;

export interface LoadedInbox {
  readonly state: InboxState;
  /** What the application has not confirmed, in order. */
  readonly waiting: readonly WaitingRow[];
}

export interface InboxStore {
  load(): Maybe<LoadedInbox>;
  commit(changes: readonly InboxChange[]): Maybe<void>;
  close(): Maybe<void>;
}

/** A row that waits for the application. `place` rises and is never given twice while it waits. */
export interface WaitingRow {
  readonly place: number;
  readonly row: Row;
}

export type InboxChange =
  | { readonly kind: 'add'; readonly waiting: WaitingRow }
  /** The application has confirmed it. */
  | { readonly kind: 'done'; readonly place: number }
  | ({ readonly kind: 'watermarks' } & Pick<InboxState, 'have' | 'era'>)
  | { readonly kind: 'from'; readonly device: DeviceId; readonly seq: number }
  | { readonly kind: 'peer'; readonly device: DeviceId; readonly peer: PeerState };
