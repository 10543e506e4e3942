import { exit, isAlive, register, spawn, type Pid } from '../../actors/index.ts';

export type Heard = { readonly kind: string } & Record<string, unknown>;

/** A process that writes down what it is sent. */
export function listener(
  t: { teardown: (undo: () => void) => void },
  name?: string,
): { readonly pid: Pid; readonly heard: Heard[] } {
  const heard: Heard[] = [];
  const pid = spawn(message => {
    heard.push(message as Heard);
  });
  if (name !== undefined) register(name, pid);
  t.teardown(() => {
    if (isAlive(pid)) exit(pid, 'kill');
  });
  return { pid, heard };
}
