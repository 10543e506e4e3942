/** What axe says, as far as it matters. */
import type { AxeResults } from 'axe-core';

/** Serious and critical ones, each in a line with the elements. */
export function findViolations(results: unknown): readonly string[] {
  const { violations } = results as AxeResults;
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html }) => html).join(' ')}`);
}
