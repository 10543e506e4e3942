/** What is said to the observers of the isolates, each of which answers for its own. All of it crosses threads. */
import { serverName, type Pid, type Request } from '../../actors/index.ts';
import type {
  CodeModule,
  LabelTime,
  ObservedEvent,
  ProcessRow,
  ProcessSort,
  ProcessView,
  RegistryEntry,
  RegistryView,
  Sample,
  SocketRow,
  SocketSort,
  TraceAnswer,
  TreeAnswer,
} from '../../protocol/observer.ts';
import type { RegistrySearch } from './registry.ts';
import type { Key } from './top.ts';

/** The first few of an order, as one isolate has them. */
export interface Found {
  readonly total: number;
  readonly matched: number;
  readonly top: readonly (readonly [pid: Pid, key: Key])[];
}

export interface FoundRegistered {
  readonly total: number;
  readonly matched: number;
  readonly top: readonly RegistryEntry[];
  readonly registries: readonly RegistryView[];
}

export interface FoundSockets {
  readonly total: number;
  readonly matched: number;
  readonly top: readonly SocketRow[];
}

/** Why something was not done: a code of the server's HTTP errors and a sentence. */
export interface NotDone {
  readonly error: 'no_process' | 'no_answer' | 'refused' | 'bad_field';
  readonly message: string;
}

/** What a person wants done to a process. */
export type Action =
  | { readonly kind: 'trace'; readonly events: number; readonly seconds: number }
  | { readonly kind: 'stop_trace' }
  | { readonly kind: 'suspend' }
  | { readonly kind: 'resume' }
  | { readonly kind: 'send'; readonly message: unknown }
  | { readonly kind: 'exit'; readonly reason: unknown }
  | {
      readonly kind: 'replace_state';
      readonly value: unknown;
      readonly path: readonly (string | number)[];
    }
  | { readonly kind: 'log'; readonly on: boolean }
  | { readonly kind: 'statistics'; readonly on: boolean }
  | { readonly kind: 'terminate_child'; readonly id: string | number }
  | { readonly kind: 'restart_child'; readonly id: string | number }
  | { readonly kind: 'delete_child'; readonly id: string | number };

/** What is true of one isolate and changes seldom. */
export interface IsolateLook {
  readonly shards: readonly number[];
  readonly names: number;
  readonly connected: readonly number[];
  readonly labels: readonly LabelTime[];
}

export type ObserverCall =
  | Request<
      'find',
      {
        readonly sort: ProcessSort;
        /** In small letters; empty: all. */
        readonly q: string;
        readonly first: number;
      },
      Found
    >
  | Request<'registry', { readonly search: RegistrySearch }, FoundRegistered>
  /** Those of them that live. */
  | Request<'rows', { readonly pids: readonly Pid[] }, readonly ProcessRow[]>
  | Request<'process', { readonly pid: Pid }, ProcessView | NotDone>
  /** @param pid undefined: the process at the top of this isolate's tree */
  | Request<
      'tree',
      { readonly pid: Pid | undefined; readonly offset: number; readonly limit: number },
      TreeAnswer | NotDone
    >
  | Request<'isolate', object, IsolateLook>
  | Request<'act', { readonly pid: Pid; readonly action: Action }, 'ok' | NotDone>
  | Request<'trace', { readonly pid: Pid; readonly after: number }, TraceAnswer | NotDone>
  /** The modules of this isolate, some seconds old at most: processes are counted for it. */
  | Request<'code', object, readonly CodeModule[]>
  /** The main thread's only: of the gateway's connections. */
  | Request<
      'sockets',
      { readonly sort: SocketSort; readonly q: string; readonly first: number },
      FoundSockets | NotDone
    >;

/** An event that has no number yet. */
export type NewEvent = Omit<ObservedEvent, 'n'>;

/** To the main thread's, which keeps what was. */
export type ObserverCast =
  | {
      readonly kind: 'sample';
      readonly isolate: number;
      readonly startedAt: number;
      readonly sample: Sample;
    }
  | { readonly kind: 'event'; readonly event: NewEvent };

export const observerName = serverName<ObserverCall, ObserverCast>('observer');
