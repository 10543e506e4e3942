/** What an event manager is asked and told. */
import type { Pid } from '../pid.ts';
import type { Handler } from './types.ts';

export type EventRequest =
  | { readonly kind: 'sync_notify'; readonly event: unknown }
  | { readonly kind: 'call'; readonly handler: Handler; readonly request: unknown }
  | {
      readonly kind: 'add_handler';
      readonly handler: unknown;
      readonly arg: unknown;
      /** Who is told of the handler's end. */
      readonly supervisor: Pid | undefined;
    }
  | { readonly kind: 'delete_handler'; readonly handler: Handler; readonly arg: unknown }
  | {
      readonly kind: 'swap_handler';
      readonly handler: Handler;
      readonly arg: unknown;
      readonly next: unknown;
      readonly nextArg: unknown;
      readonly supervisor: Pid | undefined;
    }
  | { readonly kind: 'which_handlers' }
  | { readonly kind: 'get_modules' };

export interface Notification {
  readonly kind: 'notify';
  readonly event: unknown;
}

export function isNotification(message: unknown): message is Notification {
  return (
    typeof message === 'object' &&
    message !== null &&
    (message as Partial<Notification>).kind === 'notify' &&
    'event' in message
  );
}
