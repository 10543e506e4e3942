/**
 * Resume tickets: a device that was logged in comes back without a signature, so that ten thousand that reconnect at
 * once cost a hash each. A ticket is the expiry (8 bytes, milliseconds) and HMAC-SHA-256 (RFC 2104) over it and the
 * device, under a secret that only the server has.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { DeviceId } from '../../protocol/ids.ts';

const MAC_BYTES = 32;

export interface Ticket {
  readonly ticket: Uint8Array;
  readonly expiresAt: number;
}

export class Tickets {
  private readonly secret: Uint8Array;
  private readonly lifeMs: number;

  /** @param secret 32 bytes at least */
  constructor(secret: Uint8Array, lifeMs: number) {
    if (secret.length < 32)
      throw new RangeError(`a ticket secret takes 32 bytes or more, got ${secret.length}`);
    this.secret = secret;
    this.lifeMs = lifeMs;
  }

  issue(device: DeviceId, now: number): Ticket {
    const expiresAt = now + this.lifeMs;
    const expiry = Buffer.alloc(8);
    expiry.writeBigUInt64BE(BigInt(expiresAt));
    return { ticket: Buffer.concat([expiry, this.mac(device, expiry)]), expiresAt };
  }

  isValid(device: DeviceId, ticket: Uint8Array, now: number): boolean {
    if (ticket.length !== 8 + MAC_BYTES) return false;
    const bytes = Buffer.from(ticket);
    const expiry = bytes.subarray(0, 8);
    return (
      timingSafeEqual(bytes.subarray(8), this.mac(device, expiry)) &&
      Number(expiry.readBigUInt64BE()) > now
    );
  }

  private mac(device: DeviceId, expiry: Uint8Array): Buffer {
    return createHmac('sha256', this.secret).update(`${device}\0`).update(expiry).digest();
  }
}
