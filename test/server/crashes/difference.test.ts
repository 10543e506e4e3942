import t from 'tap';
import { changes } from '../../../server/crashes/difference.ts';
import type { Picture } from '../../../server/crashes/picture.ts';

const port = (tag: number, retrying: boolean): Picture => ({
  home: { $: 'class', name: 'StorePort', fields: { tag, retrying } },
});

void t.test('how a port counts its batches is no change of a state', async t => {
  t.same(changes(port(4, false), port(1, false)), []);
  t.same(changes(port(4, false), port(1, true)), ['home.fields.retrying: false -> true']);
});

void t.test('what is called tag elsewhere is one', async t => {
  t.same(changes({ tag: 4 }, { tag: 1 }), ['tag: 4 -> 1']);
});
