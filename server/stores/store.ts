/**
 * A shard's store process: the only writer of its file, and the group commit. Batches that arrive while it is busy
 * wait in its mailbox; the `commit` that it sends itself stands behind all of them, so that one fsync serves
 * everything that has arrived meanwhile. Answers and pushes go out after the commit.
 */
import {
  at,
  cancelTimer,
  cast,
  connectedIsolates,
  knownLong,
  reply,
  self,
  send,
  sendAfter,
  signal,
  whereis,
  type CastResult,
  type From,
  type GenServer,
  type InitResult,
  type Pid,
  type TimerRef,
} from '../../actors/index.ts';
import { userOf, type DeviceId } from '../../protocol/ids.ts';
import type { MailboxRow } from '../../storage/mailboxes/row-tails.ts';
import { StorageError } from '../../storage/mnesia/storage-error.ts';
import {
  needOf,
  needs,
  type Command,
  type Committed,
  type ShardStore,
} from '../../storage/shard/contract.ts';
import { directoryName, type DirectoryCast } from '../directory/directory.ts';
import { receiverOf } from '../directory/speakers.ts';
import { changing, clearTables, publish } from '../directory/tables.ts';
import { linkName } from '../links/names.ts';
import type { Linked } from '../links/protocol.ts';
import { mailboxName, ROWS_WAIT, type Appended } from '../mailboxes/protocol.ts';
import type { ServerMetrics } from '../metrics/server-metrics.ts';
import { tableRows, tableViews } from '../observer/tables.ts';
import { withItem } from '../young-list.ts';
import type { Batch, BatchAnswer, Outcome, StoreCall } from './protocol.ts';

export interface StoreArgument {
  readonly open: () => ShardStore;
  readonly metrics: ServerMetrics;
}

interface Job {
  readonly commands: readonly Command[];
  readonly to: { readonly pid: Pid; readonly tag: number } | { readonly call: From };
}

interface State {
  readonly store: ShardStore;
  readonly metrics: ServerMetrics;
  waiting: Job[];
  /** Ends a hold that nobody released; undefined when commits go on. */
  held: TimerRef | undefined;
}

/**
 * A commit is one turn, in which no other process of the isolate has one: some tens of milliseconds for so many. More in
 * one commit would not make a command cheaper.
 */
export const COMMANDS_AT_ONCE = 4_096;

const COMMIT = { kind: 'commit' } as const;
const RELEASE = { kind: 'release' } as const;

type Info = Batch | typeof COMMIT | typeof RELEASE;
type BackupAnswer = 'ok' | { readonly error: string };

export const store: GenServer<StoreArgument, State, StoreCall, never, Info> = {
  init({ open, metrics }): InitResult<State> {
    // The journal is read back, in the turn of whoever starts this process.
    const opened = knownLong(open);
    // The incarnation before this one may have died between a commit and its publication.
    clearTables();
    tellDirectories({ kind: 'forget' });
    // A killed process runs no terminate: the file must be let go all the same, for the next incarnation.
    signal().addEventListener('abort', () => {
      opened.close();
    });
    return ['ok', { store: opened, metrics, waiting: [], held: undefined }];
  },

  handleCall(request, from, state) {
    switch (request.kind) {
      case 'execute':
        enqueue(state, { commands: [request.command], to: { call: from } });
        return ['noreply', state];
      case 'full':
        return ['reply', state.store.full, state];
      case 'tables':
        return ['reply', tableViews(state.store), state];
      case 'table_rows':
        return ['reply', tableRows(state.store, request), state];
      case 'backup':
        backup(state, request.file, from as From<BackupAnswer>);
        return ['noreply', state];
      case 'hold':
        if (state.held !== undefined) cancelTimer(state.held);
        state.held = sendAfter(request.withinMs, self(), RELEASE);
        return ['reply', true, state];
      case 'release':
        return ['reply', release(state), state];
    }
  },

  handleInfo(message, state): CastResult<State> | Promise<CastResult<State>> {
    switch (message.kind) {
      case 'batch':
        enqueue(state, {
          commands: message.commands,
          to: { pid: message.from, tag: message.tag },
        });
        return ['noreply', state];
      case 'commit':
        return state.held === undefined ? commitWaiting(state) : ['noreply', state];
      case 'release':
        release(state);
        return ['noreply', state];
      default:
        return ['noreply', state];
    }
  },
};

function enqueue(state: State, job: Job): void {
  state.waiting = withItem(state.waiting, job);
  if (state.waiting.length === 1) send(self(), COMMIT);
}

/** @returns whether there was a hold to end */
function release(state: State): boolean {
  if (state.held === undefined) return false;
  cancelTimer(state.held);
  state.held = undefined;
  if (state.waiting.length > 0) send(self(), COMMIT);
  return true;
}

/** Runs beside the commits: the engine copies what was committed, whatever comes meanwhile. */
function backup(state: State, file: string, from: From<BackupAnswer>): void {
  state.store.backup(file).then(
    () => {
      reply(from, 'ok');
    },
    (error: unknown) => {
      if (!(error instanceof StorageError)) throw error;
      reply(from, { error: error.message });
    },
  );
}

/** The jobs of the next commit, in order; what is more has another one, for which the process is told again. */
function takeJobs(state: State): readonly Job[] {
  const { waiting } = state;
  let count = 0;
  for (let commands = 0; count < waiting.length && commands < COMMANDS_AT_ONCE; count++)
    commands += (waiting[count] as Job).commands.length;
  state.waiting = count === waiting.length ? [] : waiting.slice(count);
  if (state.waiting.length === 0) return waiting;
  send(self(), COMMIT);
  return waiting.slice(0, count);
}

async function commitWaiting(state: State): Promise<CastResult<State>> {
  let jobs = takeJobs(state);
  let failure = await tryCommit(state, jobs);
  // On a full disk what gives space back goes on, and without even a reserve what reads.
  for (const most of [needs.reserve, needs.nothing]) {
    if (failure === undefined) break;
    for (const job of jobs) if (needOf(job.commands) > most) refuse(job);
    jobs = jobs.filter(job => needOf(job.commands) <= most);
    failure = await tryCommit(state, jobs);
  }
  if (failure !== undefined) throw failure;
  return ['noreply', state];
}

/** The error when there is no room; nothing was done then. */
async function tryCommit(state: State, jobs: readonly Job[]): Promise<StorageError | undefined> {
  try {
    await commitJobs(state, jobs);
    return undefined;
  } catch (error) {
    if (!(error instanceof StorageError) || error.code !== 'disk_full') throw error;
    state.metrics.commitsFailed.inc();
    return error;
  }
}

async function commitJobs(state: State, jobs: readonly Job[]): Promise<void> {
  if (jobs.length === 0) return;
  const commands: Command[] = [];
  for (const job of jobs) for (const command of job.commands) commands.push(command);
  const started = performance.now();
  const committed = await state.store.commit(commands);
  state.metrics.commitSeconds.observe((performance.now() - started) / 1000);
  state.metrics.commandsPerCommit.observe(commands.length);
  tell(state.store.shard, jobs, commands, committed);
}

function tell(
  shard: number,
  jobs: readonly Job[],
  commands: readonly Command[],
  { outcomes, appended, links }: Committed,
): void {
  for (let i = 0; i < commands.length; i++) {
    const command = commands[i] as Command;
    const outcome = outcomes[i] as Outcome;
    publish(command, outcome);
    if (changing.has(command.kind)) tellDirectories({ kind: 'published', command, outcome });
  }
  // Mailboxes take their turns first, so that a session finds its answers and its rows in one turn: one frame.
  pushAppended(appended);
  let from = 0;
  for (const job of jobs) {
    const to = from + job.commands.length;
    answer(job, jobs.length === 1 ? outcomes : outcomes.slice(from, to));
    from = to;
  }
  for (const [target, segments] of links) {
    const link = whereis(linkName(shard, target));
    if (link !== undefined) send(link, { kind: 'linked', segments } satisfies Linked);
  }
}

/** Those of the other isolates, which read accounts and groups of this shard too. */
function tellDirectories(message: DirectoryCast): void {
  for (const isolate of connectedIsolates()) cast(at(directoryName, isolate), message);
}

function answer({ to }: Job, outcomes: readonly Outcome[]): void {
  if ('call' in to) reply(to.call, { outcome: outcomes[0] });
  else send(to.pid, { kind: 'batch_done', tag: to.tag, outcomes } satisfies BatchAnswer);
}

function refuse({ to }: Job): void {
  if ('call' in to) reply(to.call, 'disk_full');
  else send(to.pid, { kind: 'batch_failed', tag: to.tag } satisfies BatchAnswer);
}

/**
 * To the user's mailbox process, or to the session that has rested without one; who is away finds the rows in the
 * store.
 */
function pushAppended(appended: ReadonlyMap<DeviceId, readonly MailboxRow[]>): void {
  for (const [device, rows] of appended) {
    const mailbox = whereis(mailboxName(userOf(device)));
    if (mailbox !== undefined) {
      send(mailbox, { kind: 'appended', device, rows } satisfies Appended);
      continue;
    }
    const session = receiverOf(device);
    if (session !== undefined) send(session, ROWS_WAIT);
  }
}
