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

// RFC 8410: the fixed heads of an Ed25519 key in PKCS #8 and in SubjectPublicKeyInfo, before its 32 bytes.
const pkcs8Head = Buffer.from('302e020100300506032b657004220420', 'hex');
const spkiHead = Buffer.from('302a300506032b6570032100', 'hex');

const privateKeyObject = (privateKey: Uint8Array): KeyObject =>
  createPrivateKey({ key: Buffer.concat([pkcs8Head, privateKey]), format: 'der', type: 'pkcs8' });

/**
 * Making a KeyObject costs nearly as much as a verification: those used last are kept, oldest first. A key that no
 * signature may be checked with is null.
 */
const publicKeyObjects = new Map<string, KeyObject | null>();
const publicKeyObjectsLimit = 1024;

function publicKeyObject(publicKey: Uint8Array): KeyObject | null {
  const name = Buffer.from(publicKey.buffer, publicKey.byteOffset, publicKey.length).toString(
    'latin1',
  );
  let key = publicKeyObjects.get(name);
  if (key === undefined) {
    key = hasSmallOrder(publicKey)
      ? null
      : createPublicKey({
          key: Buffer.concat([spkiHead, publicKey]),
          format: 'der',
          type: 'spki',
        });
    const oldest = publicKeyObjects.keys().next();
    if (publicKeyObjects.size >= publicKeyObjectsLimit && oldest.done !== true)
      publicKeyObjects.delete(oldest.value);
  } else {
    publicKeyObjects.delete(name);
  }
  publicKeyObjects.set(name, key);
  return key;
}
