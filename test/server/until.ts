/** Lets the loop turn until the condition holds; fails when it does not within a great many turns. */
export async function until(condition: () => boolean, turns = 10_000): Promise<void> {
  for (let turn = 0; !condition(); turn++) {
    if (turn >= turns) throw new Error(`still not: ${condition.toString()}`);
    await new Promise(resolve => setImmediate(resolve));
  }
}
