/** How large and how long a subject's measurements are: in short, in full, or as was asked for. */
import type { BenchOptions } from './options.ts';

export interface Length {
  readonly seconds: number;
  readonly warmUpSeconds: number;
}

export interface Plans<Plan> {
  /** With `--quick`: the figures are rough. */
  readonly quick: Plan;
  readonly whole: Plan;
}

/** The plan with what was asked for in its place, as far as it has such a thing; who asks for less warms up for less. */
export function planOf<Plan extends Partial<Length> & { readonly connections?: number }>(
  { quick, whole }: Plans<Plan>,
  asked: BenchOptions,
): Plan {
  const plan = asked.quick ? quick : whole;
  const { connections = plan.connections, seconds = plan.seconds } = asked;
  const { warmUpSeconds } = plan;
  return {
    ...plan,
    ...(plan.connections === undefined ? {} : { connections }),
    ...(plan.seconds === undefined ? {} : { seconds }),
    ...(warmUpSeconds === undefined
      ? {}
      : { warmUpSeconds: Math.min(warmUpSeconds, asked.seconds ?? warmUpSeconds) }),
  };
}
