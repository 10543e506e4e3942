import type { DeviceId, GroupId, UserId } from '../../protocol/ids.ts';
import type { GroupEvent } from '../../protocol/rows.ts';

export interface GroupMember {
  readonly user: UserId;
  readonly admin: boolean;
  readonly joinedAt: number;
}

/** A group's durable state. Members stand in the order in which they joined. */
export interface Group {
  readonly group: GroupId;
  readonly name: string;
  /** Rises with each change of the members. */
  readonly version: number;
  readonly members: readonly GroupMember[];
}

/** Commands of the groups store; the group's process is its only writer and checks who may do what. */
export interface GroupCommands {
  group: { command: { readonly group: GroupId }; outcome: Group | null };
  /**
   * Puts the group's next version and tells `devices` (all devices of all members, old and new) what happened,
   * in one transaction. `expected` is the version it was made from, 0 for a new group; another one is a bug.
   */
  put_group: {
    command: {
      readonly next: Group;
      readonly expected: number;
      readonly event: GroupEvent;
      readonly by: UserId;
      readonly users: readonly UserId[];
      readonly at: number;
      readonly devices: readonly DeviceId[];
    };
    outcome: Group;
  };
}
