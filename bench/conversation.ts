/** The conversation that most subjects measure: pairs in a closed loop, each with a window of messages under way. */
import type { LoadOptions } from '../lab/load.ts';

export const bodyBytes = 200;
/** Messages of a sender that nobody has delivered yet. */
export const window = 16;

export const inPairs = {
  bodyBytes,
  window,
  shape: { kind: 'pairs' },
} as const satisfies Partial<LoadOptions>;
