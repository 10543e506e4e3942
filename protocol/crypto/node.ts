import {
  createHash,
  createPrivateKey,
  createPublicKey,
  randomBytes,
  sign,
  verify,
  type KeyObject,
} from 'node:crypto';
import {
  checkKey,
  checkRandomLength,
  keyBytes,
  signatureBytes,
  type CryptoBackend,
  type KeyPair,
} from './backend.ts';
import { hasSmallOrder } from './small-order.ts';

/** Ed25519 on node:crypto (OpenSSL). `sign` and `verify` answer at once. */
export const nodeCrypto = {
  async generateKeyPair(): Promise<KeyPair> {
    const privateKey = new Uint8Array(randomBytes(keyBytes));
    const publicKey = createPublicKey(privateKeyObject(privateKey));
    // The raw key is the end of its SubjectPublicKeyInfo.
    const spki = publicKey.export({ format: 'der', type: 'spki' });
    return { publicKey: new Uint8Array(spki.subarray(spkiHead.length)), privateKey };
  },

  sign(privateKey: Uint8Array, bytes: Uint8Array): Uint8Array {
    checkKey(privateKey);
    return new Uint8Array(sign(null, bytes, privateKeyObject(privateKey)));
  },

  verify(publicKey: Uint8Array, bytes: Uint8Array, signature: Uint8Array): boolean {
    checkKey(publicKey);
    if (signature.length !== signatureBytes) return false;
    const key = publicKeyObject(publicKey);
    return key !== null && verify(null, bytes, key, signature);
  },

  sha256(bytes: Uint8Array): Uint8Array {
    return new Uint8Array(createHash('sha256').update(bytes).digest());
  },

  randomBytes(length: number): Uint8Array {
    checkRandomLength(length);
    return new Uint8Array(randomBytes(length));
  },
} satisfies CryptoBackend;

// RFC 8410: the fixed head of an Ed25519 key in SubjectPublicKeyInfo, before its 32 bytes.
const spkiHead = Buffer.from('302a300506032b6570032100', 'hex');

// As JSON Web Keys (RFC 8037): OpenSSL takes the bytes as they are there, and searches its decoders for a DER key,
// which costs seven times as much.

/**
 * OpenSSL's form of a private key, kept as long as the bytes are: working out the point costs as much as a signature, and
 * a device signs with one key all its life. With the bytes that it was made of, for these may have been changed since.
 */
const privateKeys = new WeakMap<Uint8Array, { readonly of: Buffer; readonly key: KeyObject }>();

function privateKeyObject(privateKey: Uint8Array): KeyObject {
  const known = privateKeys.get(privateKey);
  if (known?.of.equals(privateKey) === true) return known.key;
  const key = createPrivateKey({
    // The point is worked out from the seed: what stands at x is not read.
    key: { kty: 'OKP', crv: 'Ed25519', x: '', d: base64url(privateKey) },
    format: 'jwk',
  });
  privateKeys.set(privateKey, { of: Buffer.from(privateKey), key });
  return key;
}

/** Null for a key that no signature may be checked with. */
const publicKeyObject = (publicKey: Uint8Array): KeyObject | null =>
  hasSmallOrder(publicKey)
    ? null
    : createPublicKey({
        key: { kty: 'OKP', crv: 'Ed25519', x: base64url(publicKey) },
        format: 'jwk',
      });

const base64url = ({ buffer, byteOffset, length }: Uint8Array): string =>
  Buffer.from(buffer, byteOffset, length).toString('base64url');
