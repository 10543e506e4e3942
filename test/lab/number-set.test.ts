import fc from 'fast-check';
import t from 'tap';
import { NumberSet } from '../../lab/number-set.ts';

void t.test('it has what was added, and nothing else', async t => {
  const number = fc.oneof(fc.nat(100), fc.nat(2 ** 32 - 1));
  fc.assert(
    fc.property(fc.array(number), fc.array(number), (added, asked) => {
      const set = new NumberSet();
      for (const each of added) set.add(each);
      for (const each of [...added, ...asked])
        if (set.has(each) !== added.includes(each)) return false;
      return true;
    }),
  );
  t.pass();
});
