/** Telling what can be sent to from what cannot. */
import { badArgument } from './bad-argument.ts';

export function isRemoteName(
  dest: unknown,
): dest is { readonly name: string; readonly isolate: number } {
  return (
    typeof dest === 'object' &&
    dest !== null &&
    'isolate' in dest &&
    typeof (dest as { readonly name?: unknown }).name === 'string'
  );
}

export function noDest(dest: unknown): TypeError {
  return badArgument('a message', 'a pid, a registered name, at(name, isolate) or via(…)', dest);
}
