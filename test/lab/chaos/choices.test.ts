import t from 'tap';
import { choices, type Choice } from '../../../lab/chaos/choices.ts';
import { factsOf, killKinds, type KillKind } from '../../../lab/chaos/kinds.ts';

function first(
  count: number,
  seed: number,
  kinds: readonly KillKind[] = killKinds,
  everyMs = 1_000,
) {
  const taken: Choice[] = [];
  for (const choice of choices(seed, kinds, everyMs)) {
    taken.push(choice);
    if (taken.length === count) return taken;
  }
  throw new Error('there is no end of choices');
}

void t.test('the same seed makes the same choices, another one others', t => {
  t.same(first(200, 7), first(200, 7));
  t.notSame(first(20, 7), first(20, 8));
  t.notSame(first(20, 0), first(20, 1), 'zero is a seed as well');
  t.same(first(1, 7, ['store'], 250)[0]?.atMs, 250, 'the first one after the first interval');
  t.end();
});

void t.test('every kind is chosen, and any of its processes', t => {
  const all = first(2_000, 3);
  for (const kind of killKinds) t.ok(all.filter(choice => choice.kind === kind).length > 20, kind);
  const picks = all.map(({ pick }) => pick);
  t.ok(picks.every(pick => pick >= 0 && pick < 1));
  for (const edge of [0.1, 0.5, 0.9]) {
    const below = picks.filter(pick => pick < edge).length / picks.length;
    t.ok(Math.abs(below - edge) < 0.05, `${below} of the picks are below ${edge}`);
  }
  t.same(
    new Set(first(100, 3, ['gateway', 'code']).map(({ kind }) => kind)),
    new Set(['gateway', 'code']),
    'only what was asked for',
  );
  t.end();
});

void t.test('each kind comes once before any comes again, in an order of the seed’s', t => {
  const orders = new Set<string>();
  for (let seed = 0; seed < 50; seed++) {
    const kinds = first(killKinds.length, seed).map(({ kind }) => kind);
    t.same(new Set(kinds), new Set(killKinds));
    orders.add(kinds.join());
  }
  t.ok(orders.size > 40, `${orders.size} orders of 50 seeds`);
  t.end();
});

void t.test('no kind is killed sooner again than its supervisor stands', t => {
  for (const seed of [1, 2, 3]) {
    const last = new Map<KillKind, number>();
    for (const { kind, atMs } of first(1_000, seed, killKinds, 100)) {
      t.ok(atMs - (last.get(kind) ?? -Infinity) >= factsOf(kind).restMs || !last.has(kind));
      last.set(kind, atMs);
    }
  }
  const isolates = first(4, 1, ['isolates'], 1_000).map(({ atMs }) => atMs);
  t.same(isolates, [1_000, 8_000, 15_000, 22_000], 'the time passes without a kill');
  t.end();
});
