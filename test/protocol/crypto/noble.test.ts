import t from 'tap';
import { ed25519 } from '@noble/curves/ed25519.js';
import { nobleCrypto } from '../../../protocol/crypto/noble.ts';
import { nodeCrypto } from '../../../protocol/crypto/node.ts';
import { hasSmallOrder } from '../../../protocol/crypto/small-order.ts';
import { cryptoContract } from '../../contract/crypto.ts';

cryptoContract('noble', nobleCrypto);

void t.test('each back end verifies what the other signed, and signs the same', async t => {
  const message = new Uint8Array([4, 5, 6]);
  for (const [one, two] of [
    [nodeCrypto, nobleCrypto],
    [nobleCrypto, nodeCrypto],
  ] as const) {
    const { publicKey, privateKey } = await one.generateKeyPair();
    const signature = one.sign(privateKey, message);
    t.same(two.sign(privateKey, message), signature);
    t.equal(two.verify(publicKey, message, signature), true);
  }
});

void t.test('the list of small orders is all of them', async t => {
  // Any point times the group's large order leaves its part of small order: that of order 8 generates the rest.
  const generator = [...Array(64).keys()]
    .flatMap(y => {
      const encoded = new Uint8Array(32);
      encoded[0] = y;
      try {
        return [ed25519.Point.fromBytes(encoded)];
      } catch {
        return []; // no point has this y
      }
    })
    .map(point => point.multiplyUnsafe(ed25519.Point.Fn.ORDER - 1n).add(point))
    .find(point => !point.double().double().is0());
  t.ok(generator, 'a point of order 8');
  let point = generator!;
  const seen = new Set<string>();
  for (let i = 0; i < 8; i++) {
    seen.add(point.toHex());
    t.ok(hasSmallOrder(point.toBytes()), point.toHex());
    point = point.add(generator!);
  }
  t.equal(seen.size, 8);
  t.notOk(hasSmallOrder(ed25519.Point.BASE.toBytes()));
});
