/** What the command's exit codes mean. */
export const exitCodes = { done: 0, failed: 1, wrongUsage: 2, timeout: 3 } as const;
