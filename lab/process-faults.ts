/**
 * Killing processes of a running tree by what they are. The runtime's functions are handed in: a server in the same
 * isolate is killed through them, and this folder needs no runtime of its own.
 */

/** What of `actors/index.ts` is needed. */
export interface Runtime<Pid> {
  processes(): Pid[];
  processInfo(pid: Pid): { readonly name: string | undefined; readonly label: string } | undefined;
  exit(pid: Pid, reason: unknown): void;
}

/** Which process is of which kind: docs/ARCHITECTURE.md names them. */
const kinds = {
  session: ({ label }) => label === 'session',
  mailbox: ({ name }) => name?.startsWith('mailbox.') === true,
  group: ({ name }) => name?.startsWith('group.') === true,
  store: ({ name }) => name?.startsWith('store.') === true,
  link: ({ name }) => name?.startsWith('link.') === true,
  directory: ({ name }) => name === 'directory',
  housekeeping: ({ name }) => name === 'housekeeping',
  gateway: ({ name }) => name === 'gateway',
  /** Who has the code that runs: of the server, and of each isolate. */
  code: ({ name }) => name === 'code' || name === 'code_loader',
  /** Who owns an isolate's thread: it goes with it. */
  isolate: ({ name }) => name?.startsWith('isolate.') === true,
  /** The supervisor of all of one sort: everything below it goes with it. */
  sessions: ({ name }) => name === 'sessions',
  mailboxes: ({ name }) => name === 'mailboxes',
  groups: ({ name }) => name === 'groups',
  stores: ({ name }) => name === 'stores',
} as const satisfies Record<string, (who: { name: string | undefined; label: string }) => boolean>;

export type ProcessKind = keyof typeof kinds;

export const isOfKind = (
  kind: ProcessKind,
  who: { readonly name: string | undefined; readonly label: string },
): boolean => kinds[kind](who);

export function processesOf<Pid>(runtime: Runtime<Pid>, kind: ProcessKind): Pid[] {
  return runtime.processes().filter(pid => {
    const info = runtime.processInfo(pid);
    return info !== undefined && kinds[kind](info);
  });
}

/**
 * Kills one process of a kind, as `exit(pid, 'kill')`.
 * @param pick which: 0 to below 1 over those that there are
 * @returns whether there was one
 */
export function killOne<Pid>(runtime: Runtime<Pid>, kind: ProcessKind, pick: number): boolean {
  const found = processesOf(runtime, kind);
  const pid = found[Math.floor(pick * found.length)];
  if (pid === undefined) return false;
  runtime.exit(pid, 'kill');
  return true;
}
