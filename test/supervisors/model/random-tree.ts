/** Random trees and what is done to them. */
import fc from 'fast-check';
import type { Branch, Crash, Flags, Leaf, Node } from './tree.ts';

const restart = fc.constantFrom('permanent', 'transient', 'temporary' as const);
const IDS = ['a', 'b', 'c', 'd', 'e'];

const leaf: fc.Arbitrary<Omit<Leaf, 'id'>> = fc
  .record({
    kind: fc.constant('leaf' as const),
    restart,
    significant: fc.constantFrom(true, true, false),
    shutdown: fc.constantFrom(500, 2_000, 'brutal_kill' as const, 'infinity' as const),
    manner: fc.constantFrom(
      'obedient',
      'obedient',
      'obedient',
      'stubborn',
      'odd',
      'normal' as const,
    ),
    outcomes: fc.oneof(
      { weight: 2, arbitrary: fc.constant([]) },
      {
        weight: 3,
        arbitrary: fc.array(
          fc.constantFrom('ok', 'ok', 'ok', 'error', 'error', 'ignore' as const),
          {
            maxLength: 8,
          },
        ),
      },
    ),
    later: fc.boolean(),
  })
  // It would never end.
  .map(one =>
    one.shutdown === 'infinity' && one.manner === 'stubborn' ? { ...one, manner: 'odd' } : one,
  );

const flags: fc.Arbitrary<Flags> = fc
  .record({
    strategy: fc.constantFrom('one_for_one', 'one_for_all', 'rest_for_one' as const),
    intensity: fc.nat(5),
    period: fc.integer({ min: 1, max: 5 }),
    autoShutdown: fc.constantFrom(
      'never',
      'any_significant',
      'all_significant',
      'all_significant' as const,
    ),
    perChild: fc.nat(2),
  })
  .map(({ perChild, ...rest }) => ({
    ...rest,
    intensityPer: perChild === 0 && rest.strategy === 'one_for_one' ? 'child' : 'supervisor',
  }));

function branch(depth: number): fc.Arbitrary<Omit<Branch, 'id'>> {
  const child: fc.Arbitrary<Omit<Node, 'id'>> =
    depth === 0
      ? leaf
      : fc.oneof(
          { weight: 4, arbitrary: leaf },
          { weight: 1, arbitrary: branch(depth - 1) },
          { weight: 2, arbitrary: simple },
        );
  return fc
    .record({
      restart,
      significant: fc.boolean(),
      flags,
      pool: fc.array(child, { minLength: 2, maxLength: IDS.length, size: 'max' }),
      initial: fc.nat(IDS.length),
    })
    .map(one => ({ ...one, kind: 'branch' as const, pool: one.pool as Node[] }));
}

/** All its leaves are of one specification: only what their starts come to differs. */
const simple: fc.Arbitrary<Omit<Branch, 'id'>> = fc
  .record({
    restart,
    significant: fc.boolean(),
    flags,
    template: leaf,
    outcomes: fc.array(leaf, { minLength: 3, maxLength: 3 }),
  })
  .map(({ flags: given, template, outcomes, ...rest }) => ({
    ...rest,
    kind: 'branch' as const,
    flags: {
      ...given,
      strategy: 'simple_one_for_one' as const,
      autoShutdown: 'never' as const,
      intensityPer: given.intensity % 2 === 0 ? ('child' as const) : ('supervisor' as const),
    },
    pool: outcomes.map(one => ({ ...template, outcomes: one.outcomes }) as Node),
    initial: 0,
  }));

/** Names everything by its place, and leaves out of the beginning what would be refused there. */
function placed(node: Omit<Node, 'id'>, id: string, above: Flags | undefined): Node {
  const { restart: type } = node;
  const significant =
    node.significant &&
    type !== 'permanent' &&
    above !== undefined &&
    above.autoShutdown !== 'never';
  if (node.kind === 'leaf') return { ...(node as Leaf), id, significant };
  const { flags: own, pool, initial } = node as Branch;
  return {
    ...(node as Branch),
    id,
    significant,
    initial: Math.min(initial, pool.length),
    pool: pool.map((one, index) => placed(one, `${id}.${IDS[index]}`, own)),
  };
}

export const randomTree: fc.Arbitrary<Branch> = fc
  .oneof({ weight: 5, arbitrary: branch(2) }, { weight: 1, arbitrary: simple })
  .map(node => placed({ ...node, restart: 'permanent' }, 'r', undefined) as Branch);

/** Numbers choose among what is there when the step is taken. */
export interface Step {
  readonly kind:
    | 'crash'
    | 'crashTwo'
    | 'crashAndAsk'
    | 'killSupervisor'
    | 'ask'
    | 'wait'
    | 'upgrade'
    | 'refused';
  readonly supervisor: number;
  readonly one: number;
  readonly other: number;
  readonly crash: Crash;
  readonly admin: 'startChild' | 'restartChild' | 'deleteChild' | 'terminateChild';
  readonly ms: number;
  readonly flags: Flags;
}

export const randomSteps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    kind: fc.constantFrom(
      'crash',
      'crash',
      'crash',
      'crashTwo',
      'crashAndAsk',
      'crashAndAsk',
      'killSupervisor',
      'ask',
      'ask',
      'ask',
      'ask',
      'wait',
      'upgrade',
      'refused' as const,
    ),
    supervisor: fc.nat(),
    one: fc.nat(),
    other: fc.nat(),
    crash: fc.constantFrom('normal', 'shutdown', 'term', 'odd', 'odd', 'kill' as const),
    admin: fc.constantFrom(
      'startChild',
      'startChild',
      'restartChild',
      'deleteChild',
      'terminateChild' as const,
    ),
    ms: fc.nat(4_000),
    flags,
  }),
  { minLength: 5, maxLength: 40, size: 'max' },
);
