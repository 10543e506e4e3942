import t from 'tap';
import { fingerprint } from '../../client/fingerprint.ts';
import { nobleCrypto } from '../../protocol/crypto/noble.ts';
import { nodeCrypto } from '../../protocol/crypto/node.ts';

void t.test(
  'a fingerprint is the same wherever it is computed, and another for another key',
  async t => {
    const key = new Uint8Array(32).fill(7);
    const shown = fingerprint(nodeCrypto, key);
    t.match(shown, /^(\d{5} ){5}\d{5}$/);
    t.equal(fingerprint(nobleCrypto, key), shown);
    t.not(fingerprint(nodeCrypto, new Uint8Array(32).fill(8)), shown);
  },
);
