import { jsonLines } from './strowger.ts';

/** The bodies of the messages among the lines that `listen --json` has printed. */
export const messagesOf = (stdout: string): unknown[] =>
  jsonLines(stdout)
    .filter(({ kind }) => kind === 'message')
    .map(({ body }) => body);
