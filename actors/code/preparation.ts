/**
 * A step of the code server as a transaction: all processes that it concerns are changed and stay
 * suspended, until it is committed or reverted. See `release_handler_1.erl`: suspend, load,
 * code_change, resume.
 */
import { callingProcess, runOutside } from '../context.ts';
import { Exit, describeReason } from '../exit.ts';
import type { ExitReason } from '../exit.ts';
import type { Pid } from '../pid.ts';
import type { Holding, Process } from '../process.ts';
import { crash, sendExitSignal } from '../signals.ts';
import { smallAdd, smallDelete } from '../small-set.ts';
import { changeNow, doNow } from './at-once.ts';
import { CodeError } from './code-error.ts';
import { Rest, RestlessError, isAtRest } from './rest.ts';
import { eachRunner, inside, systemCallbacksOf } from './runners.ts';
import { Concerned } from './step.ts';
import type { Change, Plan, Runner } from './step.ts';
import { callbackModuleOf } from './version.ts';
import type { Loaded } from './module-table.ts';

/** Who sends the kill to those who linger. */
const CODE_SERVER = 0 as Pid;

/** What a step did. */
export interface Outcome {
  /** The modules whose versions in force it changes. */
  readonly modules: readonly string[];
  /** Those that have this very version already. */
  readonly unchanged: readonly string[];
  /** How many processes were changed. */
  readonly processes: number;
}

/** A step whose processes are changed and suspended. One of the two ends it; the other does nothing then. */
export interface Prepared extends Outcome {
  /** Brings the versions into force and lets the processes go on. */
  commit(): void;
  /** Puts code and state back as they were and lets the processes go on. */
  revert(): void;
}

interface Changed {
  readonly runner: Runner;
  /** Puts module and state back. */
  readonly undo: () => void;
}

/** One at a time: it is there from the moment it begins until it is over. */
let underWay: Preparation | undefined;

/** @throws CodeError `busy` */
export function refuseWhileUnderWay(): void {
  if (underWay === undefined) return;
  throw new CodeError(
    'busy',
    `another step is under way for ${underWay.modules.join(', ')}: commit or revert it first`,
  );
}

export interface PrepareOptions {
  /** Handed to each `codeChange`. */
  readonly extra?: unknown;
  /** So long the processes may take to come to rest, in milliseconds; default 5,000. */
  readonly timeoutMs?: number;
}

/**
 * Opens a step; `begin` goes on with it, or `commit` at once when it changes no process.
 * @throws CodeError `busy` while another one is open, `calling_self`
 */
export function openPreparation(plan: Plan, extra: unknown): Preparation {
  refuseWhileUnderWay();
  underWay = new Preparation(plan, extra);
  return underWay;
}

class Preparation implements Prepared, Holding {
  readonly unchanged: readonly string[];
  readonly #changes: readonly Change[];
  readonly #concerned: Concerned;
  readonly #extra: unknown;
  readonly #rest = new Rest();
  readonly #caller: Process | undefined;
  #changed: Changed[] = [];
  #over = false;

  constructor({ changes, unchanged }: Plan, extra: unknown) {
    this.#changes = changes;
    this.unchanged = unchanged;
    this.#concerned = new Concerned(changes);
    this.#extra = extra;
    this.#caller = callingProcess();
    this.#refuseOwnCode();
    if (this.#caller !== undefined) {
      this.#caller.holdings = smallAdd<Holding>(this.#caller.holdings, this);
    }
    // Whoever starts while an older version is gone back to has no use for the newer one.
    for (const { entry, to, back } of changes) if (back) entry.arriving = to;
  }

  get modules(): readonly string[] {
    return this.#changes.map(({ entry }) => entry.name);
  }

  get processes(): number {
    return new Set(this.#changed.map(({ runner }) => runner.process)).size;
  }

  /** Changes all; on a failure all are as before and go on. @throws CodeError */
  async begin(timeoutMs: number): Promise<void> {
    try {
      await this.#bringToRest(timeoutMs);
    } catch (thrown) {
      this.revert();
      throw thrown instanceof RestlessError ? restless(thrown.processes, timeoutMs) : thrown;
    }
  }

  commit(): void {
    if (this.#over) return;
    for (const { entry, after } of this.#changes) {
      const gone = [entry.current, entry.old, entry.canary].filter(
        loaded => loaded !== undefined && !isKept(loaded, Object.values(after)),
      );
      entry.put(after.current, after.old, after.canary);
      for (const loaded of gone) if (loaded !== undefined) killInside(loaded);
    }
    this.#end();
  }

  revert(): void {
    if (this.#over) return;
    // Backwards: a process that runs several modules was changed step by step.
    for (const { runner, undo } of this.#changed.reverse()) {
      if (runner.process.alive) doNow(runner.process, undo);
    }
    for (const { entry } of this.#changes) entry.arriving = undefined;
    for (const change of this.#changes) this.#sendBackArrivals(change);
    this.#end();
  }

  /** Whoever prepared it died: nobody else can end it. */
  release(): void {
    this.revert();
  }

  /** Lets everybody go on, and the next step begin. Nothing of old code or state is held from here on. */
  #end(): void {
    this.#over = true;
    underWay = undefined;
    for (const { entry } of this.#changes) entry.arriving = undefined;
    this.#changed = [];
    const caller = this.#caller;
    if (caller !== undefined) caller.holdings = smallDelete<Holding>(caller.holdings, this);
    this.#rest.abandon();
  }

  async #bringToRest(timeoutMs: number): Promise<void> {
    if (this.#concerned.nobody) {
      this.#arrive();
      return;
    }
    const find = (): Process[] => [...new Set(this.#runners().map(({ process }) => process))];
    const act = (): void => this.#changeAll();
    try {
      await this.#rest.during(find, timeoutMs, act);
    } catch (thrown) {
      const back = this.#changes.every(change => change.back);
      if (!(thrown instanceof RestlessError) || !back) throw thrown;
      // Going back is for versions that fail: who is stuck in one is ended, and starts with the other.
      for (const process of thrown.processes) sendExitSignal(process, CODE_SERVER, 'kill');
      await this.#rest.during(find, timeoutMs, act);
    }
  }

  #runners(): Runner[] {
    const runners: Runner[] = [];
    eachRunner((process, module) => {
      const runner = this.#concerned.of(process, module);
      if (runner !== undefined) runners.push(runner);
    });
    return runners;
  }

  /** All are at rest, and nobody's code runs but what is called here. */
  #changeAll(): void {
    if (this.#over) return;
    runOutside(() => {
      for (const runner of this.#runners()) {
        const { process, change } = runner;
        this.#rest.suspend(process);
        const undo = systemCallbacksOf(process)?.checkpoint();
        if (undo === undefined) continue;
        const outcome = changeNow(process, changeRequest(runner, this.#extra));
        if (outcome === 'ok') this.#changed.push({ runner, undo });
        else if (change.back) crash(process, ['code_change_failed', outcome[1]]);
        else if (process.alive) throw changeFailed(runner, outcome[1]);
      }
    });
    this.#arrive();
  }

  /** From here on processes start with the new versions. */
  #arrive(): void {
    for (const { entry, to } of this.#changes) entry.arriving = to;
  }

  /** Those that started with the version that does not come: back with them, at rest or not. */
  #sendBackArrivals({ entry, from, to, back, after }: Change): void {
    const module = callbackModuleOf(to.version);
    if (back || module === undefined) return;
    const wayBack: Change = { entry, from, to: entry.current, back: true, after };
    const next = callbackModuleOf(entry.current.version) ?? module;
    eachRunner((process, runs) => {
      if (runs !== module || callbackModuleOf(entry.toStart(process.codeKey).version) === module)
        return;
      if (!isAtRest(process)) {
        sendExitSignal(process, CODE_SERVER, 'kill');
        return;
      }
      this.#rest.suspend(process);
      this.#goBack({ process, change: wayBack, from: to, module, next });
    });
  }

  #goBack(runner: Runner): void {
    const outcome = changeNow(runner.process, changeRequest(runner, this.#extra));
    if (outcome !== 'ok') crash(runner.process, ['code_change_failed', outcome[1]]);
  }

  /** It would wait for itself to come to rest. */
  #refuseOwnCode(): void {
    const caller = this.#caller;
    const own = caller && this.#runners().find(({ process }) => process === caller);
    if (own === undefined) return;
    throw new CodeError(
      'calling_self',
      `the calling process runs "${own.change.entry.name}" itself: let another process do it`,
      { module: own.change.entry.name, pids: [own.process.pid] },
    );
  }
}

/** Kills those who linger in a version that goes; true if there were any. */
export function killInside(loaded: Loaded): boolean {
  const lingering = inside(loaded);
  for (const process of lingering) sendExitSignal(process, CODE_SERVER, 'kill');
  return lingering.length > 0;
}

/** A canary that is promoted is another record of the same version. */
function isKept(loaded: Loaded, places: readonly (Loaded | undefined)[]): boolean {
  return places.some(place => place?.tally === loaded.tally);
}

function changeRequest({ change, from, module, next }: Runner, extra: unknown) {
  const { vsn } = from.version;
  const oldVersion: unknown = change.back ? ['down', change.to.version.vsn] : vsn;
  return { kind: 'changeCode', module: next, oldVersion, extra, replaced: module } as const;
}

function changeFailed({ process, change }: Runner, reason: ExitReason): CodeError {
  const { version } = change.to;
  const who = process.name ?? process.label;
  return new CodeError(
    'code_change_failed',
    `codeChange of "${version.name}" failed in process ${process.pid} (${who}): ` +
      `${describeReason(reason)}; all processes go on with the code and state that they had`,
    {
      cause: new Exit(reason),
      module: version.name,
      filename: version.filename,
      pids: [process.pid],
    },
  );
}

function restless(processes: readonly Process[], timeoutMs: number): CodeError {
  const named = processes
    .slice(0, 10)
    .map(({ pid, name, label, phase }) => `${pid} (${name ?? label}, ${phase})`);
  if (processes.length > named.length) named.push(`${processes.length - named.length} more`);
  return new CodeError(
    'timeout',
    `these processes did not come to rest within ${timeoutMs} ms, so nothing was changed: ` +
      `${named.join(', ')}; a handler of theirs still awaits`,
    { pids: processes.map(({ pid }) => pid) },
  );
}
