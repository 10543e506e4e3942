import type { Refused } from '../isolates/protocol.ts';

/** An outcome that was to be expected, as a value: a code, and a sentence that says what to do. */
export const refuse = (code: string, message: string): Refused => ({ code, message });
