/**
 * The exit of a process's parent: it is obeyed, not handed to `handleInfo`. A server that was started
 * without a link is its own parent, see `gen.erl`, `init_it2/7` with `self`.
 */
import type { ExitMessage } from './messages.ts';
import type { Process } from './process.ts';

export function isParentExit(message: unknown, process: Process): message is ExitMessage {
  return isExit(message) && message.pid === process.obeys;
}

export function isExit(message: unknown): message is ExitMessage {
  return (
    typeof message === 'object' &&
    message !== null &&
    (message as Partial<ExitMessage>).kind === 'EXIT'
  );
}
