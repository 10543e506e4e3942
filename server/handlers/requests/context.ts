import type { Pid } from '../../../actors/index.ts';
import type { DeviceId, GroupId, UserId } from '../../../protocol/ids.ts';

/** Who asks, and what a request handler works with. */
export interface RequestContext {
  readonly device: DeviceId;
  readonly user: UserId;
  readonly shards: number;
  /** The group's process, started when there is none. */
  readonly groupOf: (group: GroupId) => Promise<Pid>;
}
