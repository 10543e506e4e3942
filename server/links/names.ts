/** The registered name of the process that carries rows from one shard to another. */
export const linkName = (source: number, target: number): string => `link.${source}.${target}`;
