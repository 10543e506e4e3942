import fc from 'fast-check';
import t from 'tap';
import { call, startLink, stop, type GenServer, type Pid } from '../../../actors/index.ts';
import { LOOKED_AT_ONCE, Scan } from '../../../server/observer/scan.ts';
import { Scans, type ScanStep } from '../../../server/observer/scans.ts';
import { compareRanks, Top } from '../../../server/observer/top.ts';

void t.test('the first of an order are what sorting all of them gives', async t => {
  fc.assert(
    fc.property(
      fc.oneof(fc.array(fc.integer({ min: 0, max: 20 })), fc.array(fc.string({ maxLength: 2 }))),
      fc.nat(12),
      (keys, most) => {
        const top = new Top<string>(most);
        keys.forEach((key, id) => top.offer(key, id, `item ${id}`));
        const sorted = keys
          .map((key, id) => ({ key, id, item: `item ${id}` }))
          .sort(compareRanks)
          .slice(0, most);
        t.same(top.sorted(), sorted);
      },
    ),
    { numRuns: 300 },
  );
  t.pass('numbers from the largest down, texts from a to z, equal ones by id');
});

void t.test('a scan looks at no more than it may in one step', async t => {
  let looked = 0;
  const size = 10 * LOOKED_AT_ONCE + 1;
  const scan = new Scan<number>({
    items: Array.from({ length: size }, (_, index) => index)[Symbol.iterator](),
    matches: item => {
      looked += 1;
      return item % 2 === 0;
    },
    key: item => item,
    id: item => item,
    first: 3,
  });
  let steps = 0;
  for (;;) {
    const before = looked;
    const found = scan.step();
    steps += 1;
    t.ok(looked - before <= LOOKED_AT_ONCE);
    if (found === undefined) continue;
    t.equal(found.total, size);
    t.equal(found.matched, 5 * LOOKED_AT_ONCE + 1);
    t.same(
      found.top.map(({ item }) => item),
      [size - 1, size - 3, size - 5],
    );
    break;
  }
  t.equal(steps, 11);
});

void t.test('who asks for the same while a scan is under way gets what it finds', async t => {
  let scans = 0;
  const plan = () => {
    scans += 1;
    return {
      items: Array.from({ length: 5 * LOOKED_AT_ONCE }, (_, index) => index)[Symbol.iterator](),
      matches: () => true,
      key: (item: number) => item,
      id: (item: number) => item,
      first: 1,
    };
  };
  const server: GenServer<undefined, Scans<number>, { readonly kind: 'find' }, never, ScanStep> = {
    init: () => ['ok', new Scans<number>()],
    handleCall(_request, from, state) {
      state.answer('the same', plan, from, ({ total }) => total);
      return ['noreply', state];
    },
    handleInfo(message, state) {
      if (message.kind === 'scan_step') state.step(message.name);
      return ['noreply', state];
    },
  };
  const [, started] = await startLink(server, undefined);
  const pid = started as Pid;
  const asked = Array.from({ length: 4 }, () => call(pid, { kind: 'find' }));
  t.same(await Promise.all(asked), Array(4).fill(5 * LOOKED_AT_ONCE));
  t.equal(scans, 1);
  await stop(pid);
});
