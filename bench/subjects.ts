/** What can be measured. Each is loaded when it is asked for: they bring a server, a database or Erlang with them. */
import type { BenchOptions } from './options.ts';
import type { BenchReport } from './report.ts';

export interface Subject {
  readonly summary: string;
  /** The options of its own, beside `--quick` and `--json`. */
  readonly takes: readonly ('server' | 'connections' | 'isolates' | 'seconds')[];
  readonly load: () => Promise<(options: BenchOptions) => Promise<BenchReport>>;
}

export const planSummary = 'what a deployment needs, reckoned from measured costs';

export const subjects: Readonly<Record<string, Subject>> = {
  actors: {
    summary: 'the runtime next to plain nact and, where it is installed, Erlang',
    takes: [],
    load: async () => (await import('./actors.ts')).run,
  },
  relay: {
    summary: 'messages in pairs, stored and acknowledged, next to relays that store nothing',
    takes: ['server', 'connections', 'isolates', 'seconds'],
    load: async () => (await import('./relay.ts')).run,
  },
  fanout: {
    summary: 'a group of 1,024, everybody connected',
    takes: ['connections', 'isolates', 'seconds'],
    load: async () => (await import('./fanout.ts')).run,
  },
  scale: {
    summary: 'relay by connections and by registered users',
    takes: ['connections', 'isolates', 'seconds'],
    load: async () => (await import('./scale.ts')).run,
  },
  peers: {
    summary: 'the same conversation on ejabberd and Prosody',
    takes: ['connections', 'isolates', 'seconds'],
    load: async () => (await import('./peers.ts')).run,
  },
  recovery: {
    summary: 'kill -9 and start again on a million stored messages',
    takes: ['connections'],
    load: async () => (await import('./recovery.ts')).run,
  },
  idle: {
    summary: 'memory of connections that are logged in and idle',
    takes: ['connections', 'isolates'],
    load: async () => (await import('./idle.ts')).run,
  },
  login: {
    summary: 'logins a second, by signed challenge and by ticket',
    takes: ['connections', 'isolates'],
    load: async () => (await import('./login.ts')).run,
  },
  storm: {
    summary: 'everybody comes back at once after kill -9',
    takes: ['connections', 'isolates'],
    load: async () => (await import('./storm.ts')).run,
  },
  faults: {
    summary: 'what the end of an isolate does to its users and to the others',
    takes: ['connections', 'seconds'],
    load: async () => (await import('./faults.ts')).run,
  },
  reload: {
    summary: 'what loading new code does to the users',
    takes: ['connections', 'isolates', 'seconds'],
    load: async () => (await import('./reload.ts')).run,
  },
};
