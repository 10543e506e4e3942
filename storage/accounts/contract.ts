import type { DeviceId, UserId } from '../../protocol/ids.ts';
import type { DeviceInfo } from '../../protocol/requests.ts';

/** All that routing and login need to know of a user; kept whole in memory while the user is active. */
export interface Account {
  readonly user: UserId;
  /** Rises with each change of the device list. */
  readonly version: number;
  readonly devices: readonly DeviceInfo[];
  /** Devices that once were: their login is answered `device_removed`. */
  readonly removed: readonly DeviceId[];
  /** Users whose messages this one does not take. */
  readonly blocked: readonly UserId[];
}

/** Commands of the accounts store. Each changes at most one account and answers with it as it is afterwards. */
export interface AccountCommands {
  /** The account, or null when there is none. */
  account: { command: { readonly user: UserId }; outcome: Account | null };
  /** Makes an account with its first device. With the same key again: the same answer. */
  register: {
    command: { readonly user: UserId; readonly key: Uint8Array; readonly at: number };
    outcome: Account | 'handle_taken';
  };
  /** Adds a device that `by` has signed in (the signature was checked). With the same key again: the same answer. */
  add_device: {
    command: {
      readonly by: DeviceId;
      readonly key: Uint8Array;
      readonly signature: Uint8Array;
      readonly at: number;
    };
    outcome: Account | 'too_many_devices' | 'device_removed';
  };
  /** Removes a device with its mailbox; the senders of what waited in it are told. Again: the same answer. */
  remove_device: {
    command: { readonly device: DeviceId };
    outcome: Account | 'last_device' | 'unknown_device';
  };
  set_blocked: {
    command: { readonly user: UserId; readonly other: UserId; readonly blocked: boolean };
    outcome: Account | 'unknown_user' | 'block_list_full';
  };
}
