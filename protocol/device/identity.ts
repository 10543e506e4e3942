import type { DeviceId, UserId } from '../ids.ts';

/** Who a device is. The private key never leaves the device. */
export interface Identity {
  /** `http(s)://host[:port]` of the server that the user is registered at. */
  readonly server: string;
  readonly user: UserId;
  /** Null until the server has registered it or another device has approved it. */
  readonly device: DeviceId | null;
  /** Ed25519, 32 bytes. */
  readonly publicKey: Uint8Array;
  /** The Ed25519 seed, 32 bytes. */
  readonly privateKey: Uint8Array;
  /** Set once the device has found itself to be an older copy: it never connects again. */
  readonly retired: boolean;
}
