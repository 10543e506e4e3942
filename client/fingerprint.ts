import type { CryptoBackend } from '../protocol/crypto/backend.ts';

const context = new TextEncoder().encode('strowger.v1 fingerprint\0');
const groups = 6;
const bytesPerGroup = 5;

/**
 * A device's key as people compare it, read out over another channel: six groups of five digits, about 99 bits of
 * SHA-256 over the key. Who sees the same digits on both sides talks to that device and to no one between.
 *
 * @param key Ed25519 public key, 32 bytes
 */
export function fingerprint(crypto: CryptoBackend, key: Uint8Array): string {
  const input = new Uint8Array(context.length + key.length);
  input.set(context);
  input.set(key, context.length);
  const digest = crypto.sha256(input);
  return Array.from({ length: groups }, (_, group) => {
    const bytes = digest.subarray(group * bytesPerGroup, (group + 1) * bytesPerGroup);
    const number = bytes.reduce((sum, byte) => sum * 256 + byte, 0);
    return String(number % 100_000).padStart(5, '0');
  }).join(' ');
}
