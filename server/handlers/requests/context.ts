import type { DeviceId, UserId } from '../../../protocol/ids.ts';

/** Who asks, and what a request handler works with. */
export interface RequestContext {
  readonly device: DeviceId;
  readonly user: UserId;
  readonly shards: number;
}
