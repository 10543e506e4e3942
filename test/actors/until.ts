/** How long a state may take to come about. */
const patienceMs = 20_000;

/**
 * Waits until the condition holds; the state is what is waited for, not a time. Looks in every turn of the loop, and is
 * patient by the clock: a number of turns would be over before a slow disk or another thread has answered.
 * @throws (rejects) when it does not hold in time
 */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + patienceMs;
  while (!(await condition())) {
    if (performance.now() > deadline)
      throw new Error(`the awaited state did not come: ${condition.toString()}`);
    await new Promise(resolve => setImmediate(resolve));
  }
}
