/** Waits until the condition holds; the state is what is waited for, not a time. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let turn = 0; turn < 20_000; turn += 1) {
    if (await condition()) return;
    await new Promise(resolve => setImmediate(resolve));
  }
  throw new Error(`the awaited state did not come: ${condition.toString()}`);
}
