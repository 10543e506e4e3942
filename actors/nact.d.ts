/** The part of nact 7.6.2 that the runtime uses; the package carries no types. */
declare module 'nact' {
  export interface ActorReference {
    readonly name: string;
    readonly system: { readonly name: string };
  }
  export interface Sender {
    readonly type: string;
  }
  export const Nobody: new () => Sender;
  export function start(options?: { name?: string }): ActorReference;
  export function spawn(
    parent: ActorReference,
    handler: (state: undefined, message: unknown) => undefined,
    name: string,
  ): ActorReference;
  export function dispatch(actor: ActorReference, message: unknown, sender: Sender): void;
  export function stop(actor: ActorReference): void;
}
