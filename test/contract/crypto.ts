import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import type { CryptoBackend } from '../../protocol/crypto/backend.ts';

const bytes = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'));
const hex = (data: Uint8Array): string => Buffer.from(data).toString('hex');

/** RFC 8032 section 7.1: secret key, public key, message, signature. */
export const rfc8032Vectors = [
  [
    '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
    'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    '',
    'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
  ],
  [
    '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
    '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
    '72',
    '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  ],
  [
    'c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7',
    'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
    'af82',
    '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
  ],
] as const;

/** The group's order, RFC 8032 section 5.1. */
const order = 2n ** 252n + 27742317777372353535851937790883648493n;

/** The contract of a {@link CryptoBackend}. */
export function cryptoContract(name: string, backend: CryptoBackend): void {
  void t.test(`${name}: the SHA-256 vectors of FIPS 180-4`, async t => {
    const digest = (text: string) => hex(backend.sha256(new TextEncoder().encode(text)));
    t.equal(digest(''), 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
    t.equal(digest('abc'), 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  });

  void t.test(`${name}: the vectors of RFC 8032`, async t => {
    for (const [secret, key, message, signature] of rfc8032Vectors) {
      t.equal(hex(await backend.sign(bytes(secret), bytes(message))), signature);
      t.equal(await backend.verify(bytes(key), bytes(message), bytes(signature)), true);
    }
  });

  void t.test(`${name}: a key whose bytes are changed signs as what it is now`, async t => {
    const [[first, , , before], [second, , message, after]] = rfc8032Vectors;
    const key = bytes(first);
    t.equal(hex(await backend.sign(key, bytes(''))), before);
    t.equal(hex(await backend.sign(key, bytes(''))), before);
    key.set(bytes(second));
    t.equal(hex(await backend.sign(key, bytes(message))), after);
  });

  void t.test(`${name}: a new key pair signs, and only what it signed verifies`, async t => {
    const { publicKey, privateKey } = await backend.generateKeyPair();
    t.equal(publicKey.length, 32);
    t.equal(privateKey.length, 32);
    const other = await backend.generateKeyPair();
    t.notSame(other.publicKey, publicKey);
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 300 }),
        fc.nat(511),
        async (message, bit): Promise<void> => {
          const signature = await backend.sign(privateKey, message);
          assert.equal(signature.length, 64);
          assert.equal(await backend.verify(publicKey, message, signature), true);
          assert.equal(await backend.verify(other.publicKey, message, signature), false);
          const longer = new Uint8Array([...message, 0]);
          assert.equal(await backend.verify(publicKey, longer, signature), false);
          const flipped = signature.slice();
          flipped[bit >> 3]! ^= 1 << (bit & 7);
          assert.equal(await backend.verify(publicKey, message, flipped), false);
        },
      ),
      { numRuns: 20 },
    );
  });

  void t.test(`${name}: a signature is the same bytes or none (S is below the order)`, async t => {
    const [, key, message, signature] = rfc8032Vectors[1];
    const s = BigInt(`0x${hex(bytes(signature).slice(32).reverse())}`) + order;
    const raised = bytes(signature);
    raised.set(bytes(s.toString(16).padStart(64, '0')).reverse(), 32);
    t.equal(await backend.verify(bytes(key), bytes(message), raised), false);
  });

  void t.test(`${name}: a key of small order or off the curve verifies nothing`, async t => {
    const identity = bytes(`01${'00'.repeat(31)}`);
    const anything = new Uint8Array([...identity, ...new Uint8Array(32)]);
    t.equal(await backend.verify(identity, bytes('00'), anything), false);
    t.equal(await backend.verify(new Uint8Array(32), bytes('00'), anything), false);
    const offTheCurve = bytes(`02${'00'.repeat(31)}`);
    t.equal(await backend.verify(offTheCurve, bytes('00'), anything), false);
    t.equal(await backend.verify(new Uint8Array(32).fill(255), bytes('00'), anything), false);
  });

  void t.test(`${name}: wrong lengths`, async t => {
    const [secret, key, message, signature] = rfc8032Vectors[1];
    for (const length of [0, 31, 33]) {
      await t.rejects(async () => backend.sign(new Uint8Array(length), bytes(message)), {
        name: 'RangeError',
        message: `an Ed25519 key has 32 bytes, got ${length}`,
      });
      await t.rejects(
        async () => backend.verify(new Uint8Array(length), bytes(message), bytes(signature)),
        RangeError,
      );
    }
    for (const length of [0, 63, 65])
      t.equal(await backend.verify(bytes(key), bytes(message), new Uint8Array(length)), false);
    t.equal(bytes(secret).length, 32);
  });

  void t.test(`${name}: random bytes`, async t => {
    t.equal(backend.randomBytes(0).length, 0);
    t.equal(backend.randomBytes(65_536).length, 65_536);
    t.notSame(backend.randomBytes(16), backend.randomBytes(16));
    for (const length of [-1, 1.5, 65_537]) t.throws(() => backend.randomBytes(length), RangeError);
  });
}
