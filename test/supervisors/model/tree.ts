/** What a random tree is made of: plain data that the model and the real supervisors are built from. */
export type Manner = 'obedient' | 'stubborn' | 'odd' | 'normal';
export type StartOutcome = 'ok' | 'error' | 'ignore';

interface Spec {
  readonly id: string;
  readonly restart: 'permanent' | 'transient' | 'temporary';
  readonly significant: boolean;
}

export interface Leaf extends Spec {
  readonly kind: 'leaf';
  readonly shutdown: number | 'brutal_kill' | 'infinity';
  /** How it takes an exit signal `shutdown`: ends by it, never, with `odd`, or with `normal`. */
  readonly manner: Manner;
  /** What its first starts come to, all incarnations together; later ones succeed. */
  readonly outcomes: readonly StartOutcome[];
  /** Its start answers at once, or by a promise. */
  readonly later: boolean;
}

export interface Flags {
  readonly strategy: 'one_for_one' | 'one_for_all' | 'rest_for_one' | 'simple_one_for_one';
  readonly intensity: number;
  readonly period: number;
  readonly autoShutdown: 'never' | 'any_significant' | 'all_significant';
  readonly intensityPer: 'supervisor' | 'child';
}

export interface Branch extends Spec {
  readonly kind: 'branch';
  readonly flags: Flags;
  /** All children that it may have; of a simple_one_for_one one leaf for each that may be started. */
  readonly pool: readonly Node[];
  /** So many of them it has from the beginning. */
  readonly initial: number;
}

export type Node = Leaf | Branch;

/** Whether supervisor.erl takes the specification. */
export function badCombination(node: Node, flags: Flags): unknown {
  if (!node.significant) return undefined;
  if (flags.autoShutdown === 'never') {
    return [
      'bad_combination',
      [
        ['auto_shutdown', 'never'],
        ['significant', true],
      ],
    ];
  }
  if (node.restart === 'permanent') {
    return [
      'bad_combination',
      [
        ['restart', 'permanent'],
        ['significant', true],
      ],
    ];
  }
  return undefined;
}

export type Crash = 'normal' | 'shutdown' | 'term' | 'odd' | 'kill';

export type Admin =
  | { readonly kind: 'startChild'; readonly node: Node }
  | { readonly kind: 'restartChild' | 'deleteChild' | 'terminateChild'; readonly id: string };

export function reasonOfCrash(crash: Crash): unknown {
  if (crash === 'term') return ['shutdown', 'term'];
  return crash === 'kill' ? 'killed' : crash;
}
