/**
 * A step of the code server as a transaction: all processes that it concerns are changed and stay
 * suspended, until it is committed or reverted. See `release_handler_1.erl`: suspend, load,
 * code_change, resume.
 */
import { callingProcess, runOutside } from '../context.ts';
import { Exit, FencedExit, describeReason } from '../exit.ts';
import type { ExitReason } from '../exit.ts';
import type { Pid } from '../pid.ts';
import type { Holding, Process } from '../process.ts';
import { crash, sendExitSignal } from '../signals.ts';
import { smallAdd, smallDelete } from '../small-set.ts';
import { CodeChanger, doNow } from './at-once.ts';
import { CodeError } from './code-error.ts';
import { Rest, RestlessError, isAtRest } from './rest.ts';
import { inside } from './inside.ts';
import { eachRunner, modulesOf, systemCallbacksOf } from './runners.ts';
import { Concerned } from './step.ts';
import type { Change, Move, Plan, Runner } from './step.ts';
import { callbackModuleOf } from './version.ts';
import { wasInForce } from './module-table.ts';
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
  readonly process: Process;
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
  #processes = 0;
  /** Who ran a version before it came, because it had been in force earlier. */
  readonly #there = new Set<Process>();
  #arrived = false;
  /** While the processes are changed, one after the other. */
  #changing = false;
  /** Whoever prepared it died meanwhile. */
  #orphaned = false;
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
    return this.#processes;
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
    this.#over = true;
    const before = this.#changes.flatMap(({ entry }) => entry.loaded);
    for (const { entry, after } of this.#changes) entry.put(after.current, after.old, after.canary);
    const kept = this.#changes.flatMap(({ entry }) => entry.loaded);
    killInside(
      before.filter(loaded => !isAmong(loaded, kept)),
      kept,
    );
    this.#end();
  }

  revert(): void {
    if (this.#over) return;
    // From the beginning: a codeChange on the way back may end whoever prepared it.
    this.#over = true;
    // Backwards: a process that runs several modules was changed step by step.
    for (const { process, undo } of this.#changed.reverse()) {
      if (process.alive) doNow(process, undo);
    }
    for (const { entry } of this.#changes) entry.arriving = undefined;
    if (this.#arrived) for (const change of this.#changes) this.#sendBackArrivals(change);
    this.#end();
  }

  /** Whoever prepared it died: nobody else can end it. The change of a process is finished first. */
  release(): void {
    if (this.#changing) this.#orphaned = true;
    else this.revert();
  }

  /** Lets everybody go on, and the next step begin. Nothing of old code or state is held from here on. */
  #end(): void {
    underWay = undefined;
    for (const { entry } of this.#changes) entry.arriving = undefined;
    this.#changed = [];
    this.#there.clear();
    const caller = this.#caller;
    if (caller !== undefined) caller.holdings = smallDelete<Holding>(caller.holdings, this);
    this.#rest.abandon();
  }

  async #bringToRest(timeoutMs: number): Promise<void> {
    if (this.#concerned.nobody) {
      this.#arrive();
      return;
    }
    const find = (): Runner[] => this.#runners();
    const act = (runners: readonly Runner[]): void => this.#changeAll(runners);
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
      const move = this.#concerned.of(process, module);
      if (move !== undefined) runners.push({ process, move });
    });
    return runners;
  }

  /** All are at rest, and nobody's code runs but what is called here. */
  #changeAll(runners: readonly Runner[]): void {
    const changers = new Map<Move, CodeChanger>();
    this.#changing = true;
    try {
      runOutside(() => {
        for (const runner of runners) {
          this.#changeOne(runner, changers);
          // A codeChange ended whoever prepared it, or somebody linked to it.
          if (this.#orphaned) throw new FencedExit();
        }
      });
    } finally {
      this.#changing = false;
    }
    this.#processes = new Set(this.#changed.map(({ process }) => process)).size;
    this.#arrive();
  }

  #changeOne({ process, move }: Runner, changers: Map<Move, CodeChanger>): void {
    this.#rest.suspend(process);
    const undo = systemCallbacksOf(process)?.checkpoint();
    // It may have died of what another one's codeChange did.
    if (undo === undefined) return;
    let changer = changers.get(move);
    if (changer === undefined) changers.set(move, (changer = this.#changer(move)));
    const outcome = changer.change(process);
    if (outcome === 'ok') this.#changed.push({ process, undo });
    else if (move.change.back) crash(process, ['code_change_failed', outcome[1]]);
    else if (process.alive) throw changeFailed(process, move, outcome[1]);
  }

  /** From here on processes start with the new versions. */
  #arrive(): void {
    this.#arrived = true;
    for (const { entry, to } of this.#changes) entry.arriving = to;
    const known = this.#changes.map(({ to }) => callbackModuleOf(to.version)).filter(wasInForce);
    if (known.length === 0) return;
    eachRunner((process, module) => {
      if (known.includes(module)) this.#there.add(process);
    });
  }

  /** Those that started with the version that does not come: back with them, at rest or not. */
  #sendBackArrivals({ entry, from, to, back, after }: Change): void {
    const module = callbackModuleOf(to.version);
    if (back || module === undefined) return;
    const wayBack = this.#changer({
      change: { entry, from, to: entry.current, back: true, after },
      from: to,
      module,
      next: callbackModuleOf(entry.current.version) ?? module,
    });
    eachRunner((process, runs) => {
      const arrived = runs === module && !this.#there.has(process);
      if (!arrived || callbackModuleOf(entry.inForce(process.codeKey).version) === module) return;
      if (!isAtRest(process)) {
        sendExitSignal(process, CODE_SERVER, 'kill');
        return;
      }
      this.#rest.suspend(process);
      const outcome = wayBack.change(process);
      if (outcome !== 'ok') crash(process, ['code_change_failed', outcome[1]]);
    });
  }

  #changer({ change, from, module, next }: Move): CodeChanger {
    return new CodeChanger({
      kind: 'changeCode',
      module: next,
      oldVersion: change.back ? ['down', change.to.version.vsn] : from.version.vsn,
      extra: this.#extra,
      replaced: module,
    });
  }

  /** It would wait for itself to come to rest. */
  #refuseOwnCode(): void {
    const caller = this.#caller;
    if (caller === undefined) return;
    for (const module of modulesOf(caller)) {
      const move = this.#concerned.of(caller, module);
      if (move === undefined) continue;
      const { name } = move.change.entry;
      throw new CodeError(
        'calling_self',
        `the calling process runs "${name}" itself: let another process do it`,
        { module: name, pids: [caller.pid] },
      );
    }
  }
}

/** Kills those who linger in versions that are gone; true if there were any. */
export function killInside(gone: readonly Loaded[], kept: readonly Loaded[]): boolean {
  if (gone.length === 0) return false;
  const processes = inside([...kept, ...gone]);
  const lingering = gone.flatMap(loaded => processes.get(loaded) ?? []);
  for (const process of lingering) sendExitSignal(process, CODE_SERVER, 'kill');
  return lingering.length > 0;
}

/** A canary that is promoted is another record of the same version. */
function isAmong({ tally }: Loaded, places: readonly Loaded[]): boolean {
  return places.some(place => place.tally === tally);
}

function changeFailed(process: Process, { change }: Move, reason: ExitReason): CodeError {
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
