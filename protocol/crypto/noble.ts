import { ed25519 } from '@noble/curves/ed25519.js';
import { randomBytes } from '@noble/curves/utils.js';
import { sha256 } from '@noble/hashes/sha2.js';
import {
  checkKey,
  checkRandomLength,
  signatureBytes,
  type CryptoBackend,
  type KeyPair,
} from './backend.ts';

/** Ed25519 in pure JavaScript, for browsers; random bytes from the platform's `crypto.getRandomValues`. */
export const nobleCrypto = {
  async generateKeyPair(): Promise<KeyPair> {
    const { publicKey, secretKey } = ed25519.keygen();
    return { publicKey, privateKey: secretKey };
  },

  sign(privateKey: Uint8Array, bytes: Uint8Array): Uint8Array {
    checkKey(privateKey);
    return ed25519.sign(bytes, privateKey);
  },

  verify(publicKey: Uint8Array, bytes: Uint8Array, signature: Uint8Array): boolean {
    checkKey(publicKey);
    // Not zip215: RFC 8032's own rules, as OpenSSL has them, and no keys of small order.
    return (
      signature.length === signatureBytes &&
      ed25519.verify(signature, bytes, publicKey, { zip215: false })
    );
  },

  sha256,

  randomBytes(length: number): Uint8Array {
    checkRandomLength(length);
    return randomBytes(length);
  },
} satisfies CryptoBackend;
