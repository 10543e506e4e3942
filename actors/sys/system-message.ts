/** The requests of `sys`: they come in their turn among the ordinary messages and are answered by the behaviour. */
import type { ExitReason } from '../exit.ts';
import type { Replier } from '../gen-server/reply-slot.ts';
import type { DebugCommand } from './debug-command.ts';

export type SystemRequest =
  | { readonly kind: 'suspend' }
  | { readonly kind: 'resume' }
  | { readonly kind: 'getState' }
  | { readonly kind: 'replaceState'; readonly change: (state: unknown) => unknown }
  | { readonly kind: 'getStatus' }
  | DebugRequest
  | {
      readonly kind: 'changeCode';
      readonly module: object;
      readonly oldVersion: unknown;
      readonly extra: unknown;
      /** Which callback module it takes the place of, where a process runs several. */
      readonly replaced?: object;
      /** From `sys.changeCode`, which as Erlang's needs a `codeChange`; an upgrade of code does not. */
      readonly strict?: true;
    }
  | { readonly kind: 'terminate'; readonly reason: ExitReason }
  /** As `terminate`, but answered by the end itself. */
  | { readonly kind: 'stop'; readonly reason: ExitReason };

export interface DebugRequest {
  readonly kind: 'debug';
  readonly command: DebugCommand;
}

export class SystemMessage {
  readonly request: SystemRequest;
  readonly #slot: Replier;

  constructor(request: SystemRequest, slot: Replier) {
    this.request = request;
    this.#slot = slot;
  }

  answer(value: unknown): void {
    this.#slot.settle(value);
  }

  /** The asking side exits with this reason. */
  refuse(reason: ExitReason): void {
    this.#slot.fail(reason);
  }
}
