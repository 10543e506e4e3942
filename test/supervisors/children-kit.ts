import { Exit, call, isAlive, startLink, stop, whereis } from '../../actors/index.ts';
import type { GenServer, Pid, Request, StartResult } from '../../actors/index.ts';
import type { ChildSpec } from '../../supervisors/index.ts';

/** How a child that a test starts behaves; the test changes it while it runs. */
export interface Script {
  /** What `init` answers instead of ok: an error reason, or `'ignore'`. */
  refuse?: unknown;
  /** How many starts were tried. */
  starts: number;
  /** What ran, in order, shared by all children of one test. */
  readonly story: string[];
  trapExit?: boolean;
  terminate?: () => void | Promise<void>;
}

export type ChildCall = Request<'exit', { reason: unknown }, never>;

const child: GenServer<{ name: string; script: Script }, string, ChildCall> = {
  init({ name, script }) {
    script.starts += 1;
    const { refuse } = script;
    if (refuse === 'ignore') return ['ignore'];
    if (refuse !== undefined) return ['stop', refuse];
    script.story.push(`+${name}`);
    return ['ok', name];
  },
  handleCall(request) {
    throw new Exit(request.reason);
  },
};

/** A child that registers its id as its name. */
export function childSpec(
  id: string,
  script: Script,
  rest: Omit<Partial<ChildSpec>, 'id' | 'start'> = {},
): ChildSpec {
  const module: typeof child = {
    ...child,
    async terminate(_reason, name) {
      script.story.push(`-${name}`);
      await script.terminate?.();
    },
  };
  return {
    id,
    start: (): Promise<StartResult> =>
      startLink(module, { name: id, script }, { name: id, trapExit: script.trapExit ?? true }),
    ...rest,
  };
}

export function newScript(story: string[] = []): Script {
  return { starts: 0, story };
}

/** Makes the child end with the reason by its own will. */
export async function crash(name: string, reason: unknown): Promise<void> {
  await call(name, { kind: 'exit', reason } as never).catch(() => undefined);
}

/** The pid behind a name that must be there. */
export function pidOf(name: string): Pid {
  const pid = whereis(name);
  if (pid === undefined) throw new Error(`nobody is called ${name}`);
  return pid;
}

export interface Teardown {
  teardown: (undo: () => void | Promise<void>) => void;
}

/** Ends a supervisor and its children at a test's end, if the test has not. */
export function removeAtEnd(t: Teardown, pid: Pid): Pid {
  t.teardown(async () => {
    if (isAlive(pid)) await stop(pid, 'shutdown');
  });
  return pid;
}
