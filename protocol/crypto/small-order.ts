/**
 * The encodings of the points of Curve25519 (Edwards form) whose order divides 8, without the sign bit: y = 0, 1,
 * -1, the two of order 8, and 0 and 1 again as p and p + 1. With such a public key one signature fits every
 * message, which RFC 8032 leaves open and OpenSSL does not refuse.
 *
 * test/protocol/crypto/noble.test.ts works the points out with curve arithmetic.
 */
const yCoordinates = new Set([
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
]);

/** @param publicKey 32 bytes */
export function hasSmallOrder(publicKey: Uint8Array): boolean {
  const y = Buffer.from(publicKey);
  y[31] = (y[31] ?? 0) & 0x7f;
  return yCoordinates.has(y.toString('hex'));
}
