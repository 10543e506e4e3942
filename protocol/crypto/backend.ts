/**
 * What the protocol needs of cryptography: Ed25519 (RFC 8032, pure, no context), SHA-256 and random bytes. `node.ts` is
 * fast where node:crypto is; `noble.ts` runs anywhere, browsers included. test/contract/crypto.ts holds both to
 * the same answers.
 */
export interface CryptoBackend {
  generateKeyPair(): Promise<KeyPair>;
  /**
   * @param privateKey 32 bytes
   * @returns 64 bytes
   * @throws RangeError when the key has another length
   */
  sign(privateKey: Uint8Array, bytes: Uint8Array): Promise<Uint8Array> | Uint8Array;
  /**
   * False for whatever is not a signature of `bytes` by this key: also for a signature of another length, a key
   * that is no point, and a key of small order, for which one signature would fit every message.
   * @param publicKey 32 bytes
   * @throws RangeError when the key has another length
   */
  verify(
    publicKey: Uint8Array,
    bytes: Uint8Array,
    signature: Uint8Array,
  ): Promise<boolean> | boolean;
  /** SHA-256 (FIPS 180-4): 32 bytes. */
  sha256(bytes: Uint8Array): Uint8Array;
  /** @param length in bytes, up to 65,536 @throws RangeError past that */
  randomBytes(length: number): Uint8Array;
}

export interface KeyPair {
  /** The point, encoded (RFC 8032 section 5.1.5): 32 bytes. */
  readonly publicKey: Uint8Array;
  /** The seed that RFC 8032 calls the private key: 32 bytes. */
  readonly privateKey: Uint8Array;
}

export const keyBytes = 32;
export const signatureBytes = 64;
export const randomLimitBytes = 65_536;

export function checkKey(key: Uint8Array): void {
  if (key.length !== keyBytes)
    throw new RangeError(`an Ed25519 key has ${keyBytes} bytes, got ${key.length}`);
}

export function checkRandomLength(length: number): void {
  if (!Number.isInteger(length) || length < 0 || length > randomLimitBytes)
    throw new RangeError(`random bytes come 0 to ${randomLimitBytes} at a time, got ${length}`);
}
