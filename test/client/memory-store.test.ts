import t from 'tap';
import { memoryStore } from '../../client/memory-store.ts';
import { clientStoreContract, someIdentity } from '../contract/client-store.ts';

void t.test('the memory store', t =>
  clientStoreContract(t, {
    fresh: () => memoryStore(someIdentity, { sentEntries: 3, sentBytes: 100 }),
    again: store => store,
  }),
);
