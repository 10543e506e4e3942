/** What is said between the isolates: the names of their processes, and the calls and casts that these take. */
import { serverName, type Request } from '../../actors/index.ts';
import type { GroupId, UserId } from '../../protocol/ids.ts';
import type { Opening } from '../gateway/port.ts';
import type { GroupAnswer, GroupChange } from '../groups/protocol.ts';
import type { Placement } from './placement.ts';

/** Why something could not be started, in a sentence for a person; its code is a StartError's. */
export interface Refused {
  readonly code: string;
  readonly message: string;
}

/** Keeps the shards of its isolate: one in each isolate that may have some. */
export type KeeperCall =
  /** Opens these shards' stores and what belongs to them. What is held already stays as it is. */
  | Request<
      'take',
      { readonly shards: readonly number[]; readonly placement: Placement },
      'ok' | Refused
    >
  /** Ends the shard's sessions, mailboxes and groups, closes its store, and forgets it. */
  | Request<'release', { readonly shard: number; readonly placement: Placement }, 'ok'>
  /** Its registry, as prom-client's `getMetricsAsJSON` has it. */
  | Request<'metrics', object, readonly object[]>;

export interface PlacementCast {
  readonly kind: 'placement';
  readonly placement: Placement;
}

export const keeperName = serverName<KeeperCall, PlacementCast>('keeper');

/** Starts the processes of its isolate that others ask for. */
export interface OpenSession {
  readonly kind: 'open_session';
  readonly opening: Opening;
}

export type ReceptionCall =
  /** Answered by the group's process, which is started when there is none. */
  Request<
    'change_group',
    { readonly group: GroupId; readonly by: UserId; readonly change: GroupChange },
    GroupAnswer
  >;

export const receptionName = serverName<ReceptionCall, OpenSession>('reception');

/** What an upgrade did. */
export interface Upgraded {
  readonly isolates: readonly number[];
  readonly shardsMoved: number;
}

/** Owns the shard map. */
export type SwitchboardCall =
  /**
   * Starts new isolates with the program at `entry`, hands the shards over one by one, ends the old isolates.
   * @param entry a file; undefined: the program that new isolates have now
   * @param count how many isolates; undefined: as many as there are
   */
  | Request<
      'upgrade',
      { readonly entry: string | undefined; readonly count: number | undefined },
      Upgraded | Refused
    >
  /** Where the shards are. */
  | Request<'placement', object, Placement>;

/** An isolate is there again, empty. */
export interface IsolateStarted {
  readonly kind: 'isolate_started';
  readonly isolate: number;
}

export const switchboardName = serverName<SwitchboardCall, IsolateStarted>('switchboard');

/** To the sessions, mailboxes and groups of an isolate: this shard goes elsewhere; who belongs to it ends. */
export interface ShardReleased {
  readonly kind: 'shard_released';
  readonly shard: number;
}
