/** Which kind is killed when, and which one of it: all that a run chooses, from its seed. */
import { factsOf, type KillKind } from './kinds.ts';

export interface Choice {
  /** Since the beginning of the run, in milliseconds. */
  readonly atMs: number;
  readonly kind: KillKind;
  /** Which of those that there are: 0 to below 1. */
  readonly pick: number;
}

/**
 * The choices of a run, without end, every `everyMs`. The same arguments give the same choices. First comes each kind
 * once, so that a short run has tried them all; then any, also the same again and again. A kind that was killed
 * too short a time before is not chosen, and when none is left that time passes without a kill.
 * @param kinds at least one
 */
export function* choices(
  seed: number,
  kinds: readonly KillKind[],
  everyMs: number,
): Generator<Choice, never> {
  const random = randomNumbers(seed);
  const restedAt = new Map<KillKind, number>();
  for (let turn = 1; ; turn += 1) {
    const atMs = turn * everyMs;
    const rested = kinds.filter(kind => (restedAt.get(kind) ?? 0) <= atMs);
    const fresh = rested.filter(kind => !restedAt.has(kind));
    const among = fresh.length > 0 ? fresh : rested;
    const kind = among[Math.floor(random() * among.length)];
    const pick = random();
    if (kind === undefined) continue;
    restedAt.set(kind, atMs + factsOf(kind).restMs);
    yield { atMs, kind, pick };
  }
}

/** Numbers from 0 to below 1, by xorshift (Marsaglia 2003, the triple 13, 17, 5). */
function randomNumbers(seed: number): () => number {
  // Small seeds differ in few bits; zero would stay zero.
  let state = Math.imul(seed + 0x9e3779b9, 0x85ebca6b) | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
