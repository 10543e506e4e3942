/** How long a state may take to come about. */
const patienceMs = 20_000;

/** Resolves when the condition holds; looks every few milliseconds. @throws (rejects) when it does not in time */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
): Promise<void> {
  const deadline = performance.now() + patienceMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`${what} did not come about`);
    await new Promise(resolve => setTimeout(resolve, 3));
  }
}
