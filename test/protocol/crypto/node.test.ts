import t from 'tap';
import { nodeCrypto } from '../../../protocol/crypto/node.ts';
import { cryptoContract } from '../../contract/crypto.ts';

cryptoContract('node', nodeCrypto);

void t.test('more keys than are kept still verify, in any order', async t => {
  const message = new Uint8Array([1, 2, 3]);
  const pairs = await Promise.all(
    Array.from({ length: 1100 }, async () => nodeCrypto.generateKeyPair()),
  );
  const signatures = pairs.map(pair => nodeCrypto.sign(pair.privateKey, message));
  const verified = () =>
    pairs.filter((pair, i) => nodeCrypto.verify(pair.publicKey, message, signatures[i]!)).length;
  t.equal(verified(), pairs.length);
  t.equal(verified(), pairs.length);
});
