import type picocolors from 'picocolors';

/** What colours a text, or leaves it as it is. */
export type Colors = ReturnType<typeof picocolors.createColors>;
