/**
 * What the live observer asks of a server over HTTP, and what it is answered. Everything is JSON.
 *
 * Paths are below {@link OBSERVER_API}; each request carries `Authorization: Bearer <admin token>`. `GET` looks, `POST`
 * acts. Errors are `{ error, message, field? }` as everywhere on the server's HTTP side, with the codes
 * `not_authorised` (401), `not_found` (404: also when the observer is off), `no_process` (404), `bad_field` and `bad_json`
 * (400), `refused` (409), `unavailable` (503), `no_answer` (504).
 *
 * A list is paged: `?offset=&limit=` (default 50, at most {@link PAGE_LIMIT}), sorted and searched on the server. Only
 * the first {@link WINDOW_LIMIT} of an order can be looked at: further ones are found by searching.
 *
 * Whoever answers for several isolates names those that did not answer in time in `unanswered`; what they would have
 * said is missing from the rest.
 */
export const OBSERVER_API = '/observer/api';

/** The most that one page of a list holds. */
export const PAGE_LIMIT = 200;

/** `offset + limit` may be at most so much. */
export const WINDOW_LIMIT = 5_000;

/** A process by its pid; the same number everywhere. */
export type ObservedPid = number;

/** A process as it is named beside others: enough to show a link to its page. */
export interface ProcessRef {
  readonly pid: ObservedPid;
  readonly isolate: number;
  /** The registered name; null for none, or when its isolate was not asked. */
  readonly name: string | null;
  /** What reports call it (`session`, `mailbox` …); null when it is dead or its isolate was not asked. */
  readonly label: string | null;
}

/** A list of which only the beginning is told. */
export interface Some<T> {
  readonly total: number;
  readonly items: readonly T[];
}

/**
 * A value of the server as far as it is shown: a tree that is bounded in depth and size. Of bytes only their number is
 * told, so no message body ever is.
 */
export interface Term {
  readonly type:
    | 'undefined'
    | 'null'
    | 'boolean'
    | 'number'
    | 'string'
    | 'bytes'
    | 'function'
    | 'error'
    | 'array'
    | 'object'
    | 'map'
    | 'set'
    | 'other';
  /** In one line: `42`, `"alice"`, `<200 bytes>`, `[3]`, `Map(12)`, `Session {…}`. Strings are cut where they are long. */
  readonly text: string;
  /** What is in it; left out where nothing is, or where it is too deep to be shown. */
  readonly parts?: readonly TermPart[];
  /** How many parts are not shown. */
  readonly more?: number;
}

export interface TermPart {
  /** The name of a field, the index in a list, a map's key in one line. */
  readonly key: string;
  readonly value: Term;
}

// --- GET system?after=

/** What happened in one isolate in one second or so. */
export interface Sample {
  /** Milliseconds since 1970. */
  readonly at: number;
  /** How long it covers, in milliseconds; rates are per second already. */
  readonly tookMs: number;
  readonly processes: number;
  /** Bytes of the JavaScript heap in use, and of buffers outside of it. */
  readonly heapBytes: number;
  readonly externalBytes: number;
  /** How late the event loop was, in milliseconds: half of the time less, 99 % of the time less, at most. */
  readonly lagMs: { readonly p50: number; readonly p99: number; readonly max: number };
  /** The share of the time in which the thread was busy, 0 to 1. */
  readonly busy: number;
  /** Messages that processes handled, a second. */
  readonly messages: number;
  /** Sends accepted, rows pushed to devices: a second. */
  readonly accepted: number;
  readonly pushed: number;
  /** Sessions that are logged in here. */
  readonly sessions: number;
  /** Children that supervisors here saw end abnormally since the isolate started. */
  readonly restarts: number;
  /** The main thread only. */
  readonly gateway?: {
    readonly sockets: number;
    /** Frames and bytes a second. */
    readonly framesIn: number;
    readonly framesOut: number;
    readonly bytesIn: number;
    readonly bytesOut: number;
  };
}

export interface IsolateSummary {
  readonly isolate: number;
  /** `main` has the sockets; `shards` has users and groups; with `--isolates 0` one is both, and called `main`. */
  readonly role: 'main' | 'shards';
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  /** False when nothing was heard of it for some seconds: it is stuck, overloaded, or being started anew. */
  readonly answers: boolean;
  /** The newest one. */
  readonly last: Sample;
}

export interface SystemAnswer {
  /** The server's clock, milliseconds since 1970. */
  readonly now: number;
  readonly startedAt: number;
  readonly version: string;
  readonly node: string;
  readonly platform: string;
  readonly processors: number;
  /** Bytes of the whole process, all isolates together. */
  readonly residentBytes: number;
  readonly shards: number;
  readonly isolates: readonly IsolateSummary[];
  /**
   * By isolate, oldest first, of the last {@link HISTORY_SECONDS} seconds; with `?after=` only samples that are newer
   * than this time, so that a page that polls is sent only what is new.
   */
  readonly history: readonly { readonly isolate: number; readonly samples: readonly Sample[] }[];
  /** The number of the newest event, so that a page knows whether to ask for `events`. */
  readonly lastEvent: number;
}

export const HISTORY_SECONDS = 300;

// --- GET isolates

export interface IsolateView extends IsolateSummary {
  readonly shards: readonly number[];
  /** Registered names. */
  readonly names: number;
  /** Isolates that it has a channel to. */
  readonly connected: readonly number[];
  /** Where its time went since it started, by what processes are called; the most busy first. */
  readonly labels: readonly LabelTime[];
}

export interface LabelTime {
  readonly label: string;
  readonly turns: number;
  readonly messages: number;
  readonly micros: number;
}

export interface IsolatesAnswer {
  readonly isolates: readonly IsolateView[];
  readonly unanswered: readonly number[];
}

// --- GET tree?root=&offset=&limit=

export type RestartType = 'permanent' | 'transient' | 'temporary';
export type ShutdownTime = number | 'brutal_kill' | 'infinity';

/** A supervisor's flags, and how much of its intensity is used. */
export interface SupervisorView {
  readonly strategy: 'one_for_one' | 'one_for_all' | 'rest_for_one' | 'simple_one_for_one';
  /** Restarts allowed within `period` seconds. */
  readonly intensity: number;
  readonly period: number;
  /** With `child` each child has the intensity for itself: see `restarts` of the children. */
  readonly intensityPer: 'supervisor' | 'child';
  readonly autoShutdown: 'never' | 'any_significant' | 'all_significant';
  /** Restarts that count now. */
  readonly restarts: number;
  readonly children: number;
}

export interface TreeNode {
  /** Null while it is not running. */
  readonly pid: ObservedPid | null;
  readonly isolate: number;
  readonly status: 'running' | 'restarting' | 'down';
  /** The child's id in its supervisor; null where there is none (dynamic children, children of no supervisor). */
  readonly id: string | number | null;
  readonly name: string | null;
  readonly label: string | null;
  readonly type: 'worker' | 'supervisor';
  /** Null for what no supervisor has started. */
  readonly restart: RestartType | null;
  readonly shutdown: ShutdownTime | null;
  readonly significant: boolean;
  /** Restarts that count against its own intensity, where each child has one. */
  readonly restarts: number | null;
  readonly queue: number;
  /** How many children it has; 0: nothing to open. */
  readonly children: number;
  readonly supervisor: SupervisorView | null;
}

/**
 * One process of the tree and a page of its children, in start order. Without `root` the process at the top, under which
 * everything is: an isolate's own tree is below the process that owns the isolate.
 */
export interface TreeAnswer {
  readonly node: TreeNode;
  readonly offset: number;
  readonly total: number;
  readonly children: readonly TreeNode[];
}

// --- GET processes?sort=&q=&isolate=&offset=&limit=

export const processSorts = ['queue', 'callbacks', 'time', 'name', 'oldest', 'newest'] as const;

/** The largest first; `name` from a to z. */
export type ProcessSort = (typeof processSorts)[number];

export interface ProcessRow extends ProcessRef {
  readonly status: ProcessStatus;
  readonly queue: number;
  /** Messages handled, and microseconds of its turns, since it started. */
  readonly callbacks: number;
  readonly micros: number;
}

/** `dead`: it died while it was looked at. */
export type ProcessStatus =
  'starting' | 'idle' | 'scheduled' | 'running' | 'awaiting' | 'suspended' | 'dead';

export interface ProcessesAnswer {
  /** Processes that live, and those of them that match the search (in name, label or pid). */
  readonly total: number;
  readonly matched: number;
  readonly offset: number;
  readonly rows: readonly ProcessRow[];
  readonly unanswered: readonly number[];
}

// --- GET registry?q=&kind=&registry=&isolate=&offset=&limit= : registered names and the keys of registries, from a to z

export const registryKinds = ['name', 'key'] as const;

/** `name`: what a process is registered as in its isolate; `key`: what it has in a registry. */
export type RegistryKind = (typeof registryKinds)[number];

export interface RegistryAnswer {
  /** Names and keys of the kind, or of the registry, that was asked for, and those of them that match the search. */
  readonly total: number;
  readonly matched: number;
  readonly offset: number;
  readonly entries: readonly RegistryEntry[];
  /** All that run, whatever was asked for, by name. */
  readonly registries: readonly RegistryView[];
  readonly unanswered: readonly number[];
}

export interface RegistryEntry {
  /** The registry that has the key; null for a registered name. */
  readonly registry: string | null;
  /** The name, or the key in one line. In a registry of duplicate keys it may stand several times. */
  readonly key: string;
  /** What the process has registered with the key, in one line; null for a name. */
  readonly value: string | null;
  readonly process: ProcessRef;
}

/** A registry belongs to one isolate; others may have one of the same name. */
export interface RegistryView {
  readonly isolate: number;
  readonly name: string;
  readonly keys: 'unique' | 'duplicate';
  /** Its own process. */
  readonly pid: ObservedPid;
  readonly total: number;
}

// --- GET process/PID

/** What was asked of a process that may not answer. */
export type Asked<T> = { readonly value: T } | { readonly unavailable: string };

export interface ProcessView extends ProcessRow {
  /** `supervisor`, `gen_server`, `gen_statem`, `gen_event`, … or `process` for a bare one. */
  readonly behaviour: string;
  readonly parent: ProcessRef | null;
  /** The keys that it has in registries. */
  readonly registered: Some<{ readonly registry: string; readonly key: string }>;
  /** The nearest first; a name where it had one. */
  readonly ancestors: readonly (ProcessRef | string)[];
  readonly trapExit: boolean;
  /** Null for none. */
  readonly queueLimit: number | null;
  readonly links: Some<ProcessRef>;
  /** What it monitors: processes, or names that nobody had. */
  readonly monitors: Some<ProcessRef | string>;
  readonly monitoredBy: Some<ProcessRef>;
  /** What waits in its queue, oldest first: kinds only (`call get`, `cast`, `frame`). */
  readonly messages: Some<string>;
  /** Timers that will send it something, the first one first. */
  readonly timers: Some<{ readonly leftMs: number; readonly message: string }>;
  /** What it handled last, as a crash report would say. */
  readonly lastMessage: string | null;
  readonly state: Asked<Term>;
  readonly supervisor: SupervisorView | null;
  /** Of a gen_statem; null for others. */
  readonly statem: Asked<StatemView> | null;
  /** `sys.log`; null while it is off. */
  readonly log: readonly TraceEvent[] | null;
  /** `sys.statistics`; null while it is off. */
  readonly statistics: Term | null;
  /** Of a process with its name, or of itself. */
  readonly lastCrash: ObservedEvent | null;
  /** Whether a trace of the observer runs on it. */
  readonly traced: boolean;
}

export interface StatemView {
  /** `state_functions` or `handle_event_function`, and `state_enter` where it is. */
  readonly callbackMode: readonly string[];
  readonly state: Term;
  readonly data: Term;
  readonly timeouts: Term;
  readonly postponed: Term;
}

// --- POST process/PID/… : `{ ok: true }` when it is done

/** `trace`: what `sys` tells of it is kept until so many events came or so much time has passed; then it stops itself. */
export interface TraceRequest {
  /** 1 to {@link TRACE_EVENTS_LIMIT}, default 100. */
  readonly events?: number;
  /** 1 to {@link TRACE_SECONDS_LIMIT}, default 10. */
  readonly seconds?: number;
}

export const TRACE_EVENTS_LIMIT = 1_000;
export const TRACE_SECONDS_LIMIT = 60;

/** GET process/PID/trace?after= : what the newest trace has seen, also after it has stopped, for a minute. */
export interface TraceAnswer {
  readonly running: boolean;
  /** Why it has stopped; null while it runs. */
  readonly stopped: 'events' | 'time' | 'stopped' | 'died' | null;
  /** Numbered from 1. */
  readonly events: readonly TraceEvent[];
}

export interface TraceEvent {
  readonly n: number;
  /** Milliseconds since 1970; null in `sys.log`, which keeps no times. */
  readonly at: number | null;
  /** As `sys` names it: `in`, `out`, `noreply`, … */
  readonly what: string;
  readonly term: Term;
}

/** `send`: any JSON value becomes a message. */
export interface SendRequest {
  readonly message: unknown;
}

/**
 * `exit`: an exit signal from outside. `kill` cannot be trapped; others, as any JSON value, can. Nothing is told of
 * what came of it: look.
 */
export interface ExitRequest {
  readonly reason: unknown;
}

/**
 * `replace_state`: puts a JSON value in the place of the state, or of the part that the path leads to: names of fields,
 * indexes of lists, keys of maps.
 */
export interface ReplaceStateRequest {
  readonly value: unknown;
  readonly path?: readonly (string | number)[];
}

/** `log` and `statistics`: `sys`'s own, on or off. */
export interface SwitchRequest {
  readonly on: boolean;
}

/** `terminate_child`, `restart_child`, `delete_child`, on a supervisor; dynamic children are named by pid. */
export interface ChildRequest {
  readonly id: string | number;
}

/** The actions that a process takes. `suspend`, `resume` and `stop_trace` want an empty object. */
export const processActions = [
  'trace',
  'stop_trace',
  'suspend',
  'resume',
  'send',
  'exit',
  'replace_state',
  'log',
  'statistics',
  'terminate_child',
  'restart_child',
  'delete_child',
] as const;

export type ProcessAction = (typeof processActions)[number];

export interface DoneAnswer {
  readonly ok: true;
}

// --- GET tables, GET tables/SHARD/TABLE?after=&limit=

export interface TableView {
  readonly shard: number;
  readonly isolate: number;
  readonly name: string;
  readonly type: 'set' | 'ordered_set' | 'bag';
  readonly storage: 'ram_copies' | 'disc_copies' | 'disc_only_copies';
  readonly columns: readonly {
    readonly name: string;
    readonly type: string;
    readonly null: boolean;
  }[];
  readonly key: readonly string[];
  readonly indexes: readonly (readonly string[])[];
  /** Records, counted no further than {@link TABLE_COUNT_LIMIT}. */
  readonly size: number;
}

export const TABLE_COUNT_LIMIT = 10_000;

export interface TablesAnswer {
  readonly shards: number;
  readonly tables: readonly TableView[];
  /** Shards whose store did not answer in time. */
  readonly unanswered: readonly number[];
}

/** Records in the order of the key. Of blobs only their length is told. */
export interface TableRowsAnswer {
  readonly table: TableView;
  readonly rows: readonly (readonly Term[])[];
  /** To be given as `after` for the next page; null when there is none. */
  readonly next: string | null;
}

// --- GET sockets?q=&sort=&offset=&limit=

export const socketSorts = ['buffered', 'oldest', 'newest'] as const;
export type SocketSort = (typeof socketSorts)[number];

export interface SocketRow {
  readonly connection: number;
  readonly device: string;
  readonly address: string;
  /** Milliseconds since 1970, to the second. */
  readonly since: number;
  readonly bufferedBytes: number;
  /** Whether pushing pauses until the socket has taken what it holds. */
  readonly congested: boolean;
  readonly session: ObservedPid | null;
  /** The isolate of the session. */
  readonly isolate: number | null;
}

export interface SocketsAnswer {
  readonly total: number;
  /** Those whose device or address has the search in it. */
  readonly matched: number;
  readonly offset: number;
  readonly rows: readonly SocketRow[];
}

// --- GET events?after=&limit=

/**
 * What went wrong, what was done about it, and what a person did. Numbered from 1; the last {@link EVENTS_KEPT} are kept.
 *
 * - `crash`: a process ended with an error (its crash report)
 * - `child_terminated`, `start_error`, `shutdown_error`: a supervisor's reports
 * - `gave_up`: a supervisor's restart intensity was exceeded (`shutdown` in OTP's reports)
 * - `restarted`: the child whose end was told before is up again
 * - `isolate_up`, `isolate_down`
 * - `warning`: what else was worth a warning
 * - `action`: somebody did something through the observer
 * - `skipped`: so many at once that some are not told
 */
export interface ObservedEvent {
  readonly n: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly isolate: number;
  readonly kind:
    | 'crash'
    | 'child_terminated'
    | 'start_error'
    | 'shutdown_error'
    | 'gave_up'
    | 'restarted'
    | 'isolate_up'
    | 'isolate_down'
    | 'warning'
    | 'action'
    | 'skipped';
  /** In one line. */
  readonly text: string;
  /** The process that it is about. */
  readonly process: ProcessRef | null;
  /** The supervisor that tells of it, and the child's id there. */
  readonly supervisor: ProcessRef | string | null;
  readonly child: string | number | null;
  /** Of `restarted`: the process that had ended; null for all others. */
  readonly predecessor: ObservedPid | null;
  /** The exit reason in one line; null where there is none. */
  readonly reason: string | null;
  readonly stack: string | null;
}

export const EVENTS_KEPT = 2_000;

export interface EventsAnswer {
  /** Newer than `after`, oldest first; without `after` the newest ones. */
  readonly events: readonly ObservedEvent[];
  /** The number of the newest event there is. */
  readonly last: number;
}

// --- GET code

export interface CodeAnswer {
  /** By isolate, then by name, some seconds old at most; null where a server has no code server. */
  readonly modules: readonly CodeModule[] | null;
  readonly unanswered: readonly number[];
}

export interface CodeModule {
  readonly isolate: number;
  readonly name: string;
  readonly current: CodeVersion;
  readonly old: CodeVersion | null;
  readonly canary: (CodeVersion & { readonly share: number }) | null;
}

export interface CodeVersion {
  /** What the module says of itself, else the beginning of the hash of its source. */
  readonly version: string;
  /** Where it was loaded from; null for what is built in. */
  readonly source: string | null;
  /** Milliseconds since 1970; null for what is built in. */
  readonly loadedAt: number | null;
  readonly processes: number;
  readonly crashes: number;
}
