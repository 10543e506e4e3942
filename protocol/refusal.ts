import type { DeviceId, GroupId, UserId } from './ids.ts';

/** A user's devices as a send must name them: `version` rises with each change. */
export interface DeviceList {
  readonly user: UserId;
  readonly version: number;
  readonly devices: readonly DeviceId[];
}

/**
 * Why a send was not taken. Kept with the sender's watermark, so that a repeated offer gets the same answer.
 * The stale ones carry what is current, so that the device can repair the send in one step.
 */
export type Refusal =
  | { readonly code: 'unknown_user'; readonly user: UserId }
  | { readonly code: 'blocked'; readonly user: UserId }
  | { readonly code: 'mailbox_full'; readonly user: UserId }
  | { readonly code: 'unknown_group'; readonly group: GroupId }
  | { readonly code: 'not_member'; readonly group: GroupId }
  | { readonly code: 'stale_group'; readonly group: GroupId; readonly version: number }
  | { readonly code: 'stale_devices'; readonly lists: readonly DeviceList[] };
