/** The exit of a process's parent: it is obeyed, not handed to `handleInfo`. */
import type { ExitMessage } from './messages.ts';
import type { Process } from './process.ts';

export function isParentExit(message: unknown, process: Process): message is ExitMessage {
  return isExit(message) && process.parent !== undefined && message.pid === process.parent;
}

export function isExit(message: unknown): message is ExitMessage {
  return (
    typeof message === 'object' &&
    message !== null &&
    (message as Partial<ExitMessage>).kind === 'EXIT'
  );
}
