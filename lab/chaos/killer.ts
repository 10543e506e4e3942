/** Does what was chosen: finds one of the kind and ends it, and waits until the server has recovered. */
import { ClientError } from '../../client/errors.ts';
import type { ServerProcess } from '../server-process.ts';
import type { ChaosWitness } from './chaos-witness.ts';
import type { Choice } from './choices.ts';
import type { GroupChanger } from './group-changer.ts';
import { factsOf } from './kinds.ts';
import type { ObservedServer } from './observed.ts';
import type { Restarts } from './restarts.ts';
import type { Kill } from './result.ts';

export interface Scene {
  readonly server: ServerProcess;
  readonly observed: ObservedServer;
  readonly restarts: Restarts;
  readonly witness: ChaosWitness;
  /** Null when no group is to be killed. */
  readonly changer: GroupChanger | null;
  /** When it is aborted nothing is waited for any more. */
  readonly cut: AbortSignal | undefined;
}

/** A server that just lost its gateway, or itself, is there again sooner. */
const PATIENCE_MS = 30_000;
const LOOK_EVERY_MS = 20;
/** Who is not there by then has nothing to do. */
const APPEARS_WITHIN_MS = 3_000;

export class Killer {
  readonly #scene: Scene;
  readonly #begunAt: number;
  readonly #recoveries: Promise<void>[] = [];
  readonly kills: Kill[] = [];
  /** Whether sockets may close now: the gateway or the server was killed, and not everybody is back. */
  #mayClose = 0;

  constructor(scene: Scene, begunAt: number) {
    this.#scene = scene;
    this.#begunAt = begunAt;
  }

  /** Whether there is a kill from which it has not recovered. */
  get isRecovering(): boolean {
    return this.kills.some(({ victim, recoveryMs }) => victim !== null && recoveryMs === null);
  }

  get mayClose(): boolean {
    return this.#mayClose > 0;
  }

  /**
   * Kills one. The recovery is waited for on the side.
   * @throws (rejects) Error when the server does not answer any more, or does not start again
   */
  async kill(choice: Choice): Promise<void> {
    const { kind, pick } = choice;
    const { closesSockets } = factsOf(kind);
    const { witness } = this.#scene;
    const changed = kind === 'groups' ? this.#scene.changer?.change(pick) : undefined;
    // Whoever waits for it does so below; until then nobody else is to complain.
    changed?.catch(() => undefined);
    if (closesSockets) this.#mayClose += 1;
    const calledAt = performance.now();
    const victim = await (kind === 'server' ? this.#killServer() : this.#killProcess(choice));
    const kill: Kill = {
      ...choice,
      doneMs: Math.round((victim?.killedAt ?? calledAt) - this.#begunAt),
      victim: victim?.name ?? null,
      recoveryMs: null,
    };
    this.kills.push(kill);
    if (victim === null) {
      if (closesSockets) this.#mayClose -= 1;
      return;
    }
    const recovery = Promise.all([witness.recovered(), victim.back(), changed]).then(
      () => {
        kill.recoveryMs = performance.now() - victim.killedAt;
        if (closesSockets) this.#mayClose -= 1;
      },
      // It stays without a recovery, which is what the verdict complains of.
      () => undefined,
    );
    this.#recoveries.push(recovery);
  }

  /** Resolves when the server has recovered from all kills, or the time is over, or it is cut short. */
  async recovered(withinMs: number): Promise<void> {
    const { cut } = this.#scene;
    if (cut?.aborted === true) return;
    let over: () => void = () => undefined;
    const late = new Promise<void>(resolve => (over = resolve));
    const timer = setTimeout(over, withinMs);
    cut?.addEventListener('abort', over, { once: true });
    await Promise.race([Promise.all(this.#recoveries), late]);
    clearTimeout(timer);
    cut?.removeEventListener('abort', over);
  }

  async #killServer(): Promise<Victim> {
    const { server, restarts, cut } = this.#scene;
    // What one who cannot answer just now has counted goes with it.
    await restarts.read().catch(passOver);
    const killedAt = performance.now();
    await server.kill();
    restarts.startOver();
    // Its directory goes with the run that was cut short.
    cut?.throwIfAborted();
    await server.start(cut);
    return { name: 'the server', killedAt, back: () => Promise.resolve() };
  }

  async #killProcess({ kind, pick }: Choice): Promise<Victim | null> {
    const { process, search, comesBack } = factsOf(kind);
    const { observed } = this.#scene;
    if (process === null) throw new TypeError(`${kind} is no process`);
    const found = await this.#somebody(() => observed.find(process, search, pick));
    if (found === undefined) return null;
    const before = await this.#patiently(() => observed.lastEvent());
    let killedAt = performance.now();
    const killed = await this.#patiently(() => {
      killedAt = performance.now();
      return observed.kill(found.pid);
    });
    if (!killed) return null;
    const { name, label, pid } = found;
    const back = async (): Promise<void> => {
      if (name === null || !comesBack) return;
      // Events are told at once. What the search has found may be a second old, and knows who was not told of.
      const isBack = async (): Promise<boolean> => {
        if (await this.#patiently(() => observed.hasRestarted(name, before))) return true;
        const next = await this.#patiently(() => observed.named(name, search));
        return next !== undefined && next.pid !== pid;
      };
      const until = performance.now() + PATIENCE_MS;
      while (!(await isBack())) {
        if (performance.now() > until) throw new Error(`${name} did not come back`);
        await pause(LOOK_EVERY_MS);
      }
    };
    return { name: name ?? `${label ?? 'process'} ${pid}`, killedAt, back };
  }

  /** Some are between two lives, and the observer looks at all processes once in a while only. */
  async #somebody<T>(find: () => Promise<T | undefined>): Promise<T | undefined> {
    const until = performance.now() + APPEARS_WITHIN_MS;
    for (;;) {
      const found = await this.#patiently(find);
      if (found !== undefined || performance.now() > until) return found;
      await pause(LOOK_EVERY_MS);
    }
  }

  /** Whose gateway was just killed cannot answer for some milliseconds. */
  async #patiently<T>(ask: () => Promise<T>): Promise<T> {
    const until = performance.now() + PATIENCE_MS;
    for (;;) {
      try {
        return await ask();
      } catch (error) {
        if (!passes(error) || performance.now() > until || !this.#scene.server.running) throw error;
      }
      await pause(LOOK_EVERY_MS);
    }
  }
}

interface Victim {
  readonly name: string;
  readonly killedAt: number;
  /** Resolves when another has taken its name; at once for one that is started when it is needed. */
  back(): Promise<void>;
}

const PASSING: ReadonlySet<string> = new Set(['unreachable', 'unavailable']);

const passes = (error: unknown): boolean => error instanceof ClientError && PASSING.has(error.code);

function passOver(error: unknown): void {
  if (!passes(error)) throw error;
}

const pause = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms));
