/** What can be killed, what it may cost, and how often its supervisor stands it. */
import type { ProcessKind } from '../process-faults.ts';

interface KindFacts {
  /** The process in the server that is ended with `exit(pid, 'kill')`; null for the server itself. */
  readonly process: ProcessKind | null;
  /** What to search for to find such processes by name or label. */
  readonly search: string;
  /** Whether it is known again by its name when it is back; else it is started when it is needed. */
  readonly comesBack: boolean;
  /** Whether sockets close with it. */
  readonly closesSockets: boolean;
  /** The shortest time between two kills, in milliseconds, so that no supervisor's intensity is used up. */
  readonly restMs: number;
}

const facts = {
  sessions: {
    process: 'session',
    search: 'session',
    comesBack: false,
    closesSockets: false,
    restMs: 0,
  },
  mailboxes: {
    process: 'mailbox',
    search: 'mailbox.',
    comesBack: false,
    closesSockets: false,
    restMs: 0,
  },
  groups: {
    process: 'group',
    search: 'group.',
    comesBack: false,
    closesSockets: false,
    restMs: 2_000,
  },
  store: { process: 'store', search: 'store.', comesBack: true, closesSockets: false, restMs: 200 },
  gateway: {
    process: 'gateway',
    search: 'gateway',
    comesBack: true,
    closesSockets: true,
    restMs: 500,
  },
  code: { process: 'code', search: 'code', comesBack: true, closesSockets: false, restMs: 500 },
  // Ten in a minute are allowed.
  isolates: {
    process: 'isolate',
    search: 'isolate.',
    comesBack: true,
    closesSockets: false,
    restMs: 7_000,
  },
  server: { process: null, search: '', comesBack: false, closesSockets: true, restMs: 3_000 },
} as const satisfies Record<string, KindFacts>;

export type KillKind = keyof typeof facts;

export const killKinds = Object.keys(facts) as KillKind[];

export const factsOf = (kind: KillKind): KindFacts => facts[kind];
