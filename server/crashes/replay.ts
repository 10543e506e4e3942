/**
 * One step of a process once more: the same callback with the same message and the state before it, in a runtime where
 * only stand-ins are around it. Once in a program.
 */
import { setImmediate } from 'node:timers/promises';
import {
  call,
  cast,
  code,
  isolateOf,
  isPid,
  joinAs,
  processInfo,
  send,
  setCrashKeeper,
  setLogger,
  start,
  stop,
  sys,
  type AnyRequest,
  type ExitReason,
  type GenServer,
  type KeptAnswer,
  type Pid,
  type StartOptions,
} from '../../actors/index.ts';
import type { Account } from '../../storage/accounts/contract.ts';
import type { Group } from '../../storage/groups/contract.ts';
import { compileLoad } from '../code/compile-load.ts';
import type { HandlerFile } from '../code/handler-files.ts';
import { defineModules } from '../code/swappable.ts';
import { publish } from '../directory/tables.ts';
import { holdShard, setPlacement } from '../isolates/shard-map.ts';
import { CrashFileError, type CrashFile } from './crash-file.ts';
import { known } from './known.ts';
import { fromPicture, toPicture, type Picture } from './picture.ts';
import { Stage, standIn, standInForIsolates, type Deed } from './stand-ins.ts';

/** Modules instead of those that ran: a mended handler. */
export interface Mended {
  readonly files: readonly HandlerFile[];
  readonly modules: readonly { readonly name: string; readonly path: string }[];
}

export interface Replayed {
  /** How the step ended. */
  readonly outcome:
    | { readonly kind: 'passed'; readonly reply: Picture | undefined; readonly state: Picture }
    | { readonly kind: 'crashed'; readonly reason: ExitReason }
    /** It waits for an answer that it did not get then. */
    | { readonly kind: 'waits' };
  /** What it did to others, in order. */
  readonly deeds: readonly Deed[];
  readonly before: Picture;
}

const callbacks = ['init', 'handleCall', 'handleCast', 'handleInfo', 'handleContinue', 'terminate'];

/** A step that awaits something nobody here will give is not waited for longer. */
const WAIT_MS = 2_000;

/**
 * Runs the step. Time stands still at the moment of the crash.
 * @throws (rejects) CrashFileError for a step that cannot be run again, CodeError for handlers that do not compile
 */
export async function replay(file: CrashFile, mended: Mended | undefined): Promise<Replayed> {
  const { module, callback } = file;
  if (module === null)
    throw new CrashFileError(
      `This is the crash of ${file.label}, whose state cannot be kept: only steps of session, mailbox, group and link can be run again. What there is stands in the file.`,
    );
  if (callback === 'detached')
    throw new CrashFileError(
      `This was thrown beside the messages of ${file.label}, by something that a message had begun and not waited for: there is no step to run again. The reason, and the state at that moment, stand in the file.`,
    );
  if (!callbacks.includes(callback))
    throw new CrashFileError(`This program has no callback ${callback}: is the file whole?`);
  setLogger(() => undefined);
  joinAs(file.isolate);
  defineModules();
  await loadHandlers(file, mended);
  setPlacement((file.shards.placement ?? []).map(isolate => isolate ?? undefined));
  file.shards.placement?.forEach((isolate, shard) => {
    if (isolate === file.isolate) holdShard(shard);
  });
  for (const picture of file.accounts) remember('account', valueOf(picture));
  for (const picture of file.groups) remember('group', valueOf(picture));

  const stage = new Stage(file.answers.map(answer => valueOf(answer) as KeptAnswer));
  const state = valueOf(file.state);
  const args = file.args.map(arg => valueOf(arg));
  await surround(stage, file);
  Date.now = () => file.at;
  const current = (code.lookup(module) as { readonly default: object }).default;
  const step = { callback, args, state, pid: file.pid as Pid };
  const outcome = await run(current, step, file.name ?? undefined);
  return { outcome, deeds: stage.deeds, before: file.state };
}

/** @throws CrashFileError for what is no picture */
function valueOf(picture: Picture): unknown {
  try {
    return fromPicture(picture, known);
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    throw new CrashFileError(`The crash file is damaged: ${cause.message}.`, { cause });
  }
}

async function loadHandlers({ handlers }: CrashFile, mended: Mended | undefined): Promise<void> {
  const replaced = new Set(mended?.modules.map(({ name }) => name));
  const loads = handlers
    .filter(({ name }) => !replaced.has(name))
    .map(({ files, name, path }) => ({ id: 1, files, modules: [{ name, path }] }));
  for (const load of loads) await code.upgrade(compileLoad(load));
  if (mended !== undefined) await code.upgrade(compileLoad({ id: 2, ...mended }));
}

function remember(kind: 'account' | 'group', value: unknown): void {
  if (kind === 'account') publish({ kind, user: (value as Account).user }, value as Account);
  else publish({ kind, group: (value as Group).group }, value as Group);
}

/** Everything in the file that may be a process is one, as far as the step can tell. */
async function surround(stage: Stage, file: CrashFile): Promise<void> {
  const numbers = new Set<number>();
  collectNumbers([file.state, ...file.args], numbers);
  const pids = [...numbers].filter(isPid);
  const others = file.names.filter(([, pid]) => pid !== file.pid);
  const named = new Map(others.map(([name, pid]) => [pid, name]));
  standInForIsolates(stage, [
    ...new Set([0, ...pids.map(isolateOf), ...(file.shards.placement ?? [])].filter(isOther)),
  ]);
  for (const [pid, name] of named) await standIn(stage, pid as Pid, name);
  for (const pid of pids)
    if (isolateOf(pid) === file.isolate && pid !== file.pid && !named.has(pid))
      await standIn(stage, pid, undefined);

  function isOther(isolate: number | null): isolate is number {
    return isolate !== null && isolate !== file.isolate;
  }
}

function collectNumbers(picture: Picture, into: Set<number>): void {
  if (typeof picture === 'number') into.add(picture);
  else if (typeof picture === 'object' && picture !== null)
    for (const part of Object.values(picture)) collectNumbers(part, into);
}

interface Step {
  readonly callback: string;
  readonly args: readonly unknown[];
  readonly state: unknown;
  readonly pid: Pid;
}

async function run(
  callbacks: object,
  { callback, args, state, pid }: Step,
  name: string | undefined,
): Promise<Replayed['outcome']> {
  const [argument] = args;
  const begin = callback === 'handleContinue' ? { continue: argument } : undefined;
  const isStart = callback === 'init';
  const module: GenServer = {
    ...(callbacks as GenServer),
    // The callbacks' own one, in whose argument's place the state stands.
    ...(isStart
      ? {}
      : { init: () => (begin === undefined ? ['ok', state] : (['ok', state, begin] as never)) }),
  };
  let end: { readonly reason: ExitReason } | undefined;
  setCrashKeeper(crash => {
    if (crash.pid === pid) end = { reason: crash.reason };
  });
  const options = {
    ...{ label: 'replayed', pid, timeoutMs: WAIT_MS },
    ...(name === undefined ? {} : { name }),
  };
  const started = await start(module, isStart ? state : undefined, options as StartOptions);
  if (started[0] === 'error' && started[1] === 'timeout') return { kind: 'waits' };
  if (started[0] !== 'ok') return { kind: 'crashed', reason: started[1] };
  let reply: Picture | undefined;
  if (callback === 'handleCall')
    void call(pid, argument as AnyRequest, Infinity).then(
      value => (reply = toPicture(value, known)),
      () => undefined,
    );
  else if (callback === 'handleCast') cast(pid, argument);
  else if (callback === 'handleInfo') send(pid, argument);
  else if (callback === 'terminate') void stop(pid, argument).catch(() => undefined);
  const over = await isOver(pid, () => end !== undefined);
  if (end !== undefined) return { kind: 'crashed', reason: end.reason };
  if (!over) return { kind: 'waits' };
  const alive = processInfo(pid) !== undefined;
  const after = alive ? toPicture(await sys.getState(pid), known) : null;
  return { kind: 'passed', reply, state: after };
}

/** Of the loop, in which nothing happens: what a step began and did not wait for may need some. */
const QUIET_TURNS = 20;

/** Turns of the loop until it has handled its message and rests, or is dead. @returns false when it waits */
async function isOver(pid: Pid, crashed: () => boolean): Promise<boolean> {
  const until = performance.now() + WAIT_MS;
  for (let quiet = 0; quiet < QUIET_TURNS;) {
    await setImmediate();
    const info = processInfo(pid);
    if (crashed()) return true;
    const rests = info === undefined || (info.status === 'idle' && info.messageQueueLen === 0);
    quiet = rests ? quiet + 1 : 0;
    if (performance.now() > until) return false;
  }
  return true;
}
