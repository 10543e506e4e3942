/**
 * The chaos lab: a server of its own, under a load that the delivery oracle follows message by message, in which
 * processes are killed at random while nothing may be lost, doubled or reordered.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ClientError } from '../../client/errors.ts';
import { registerUsers } from '../accounts.ts';
import { Load } from '../load.ts';
import { startServerProcess, type ServerProcess } from '../server-process.ts';
import { emptyVerdict } from '../verdict.ts';
import type { Identity } from '../../protocol/device/identity.ts';
import { ChaosWitness } from './chaos-witness.ts';
import { choices } from './choices.ts';
import { GroupChanger } from './group-changer.ts';
import { Killer } from './killer.ts';
import type { KillKind } from './kinds.ts';
import { ObservedServer } from './observed.ts';
import { Restarts } from './restarts.ts';
import type { ChaosResult, Kill, TimelineSecond } from './result.ts';

export interface ChaosOptions {
  readonly seconds: number;
  /** An even number from 2. Of eight and more some talk in groups of four, the others in pairs. */
  readonly users: number;
  /** Messages a second of all users together. */
  readonly ratePerSecond: number;
  readonly kinds: readonly KillKind[];
  readonly everyMs: number;
  readonly seed: number;
  /** What has not arrived so long after the last kill is lost. */
  readonly drainMs: number;
  /** Further arguments of `strowger serve`. */
  readonly serverArguments?: readonly string[];
  /** When it is aborted the run ends there, with the verdict so far. */
  readonly until?: AbortSignal;
  /** When it is aborted, after `until` or with it, what is under way is not waited for any more. */
  readonly cut?: AbortSignal;
  /** Each second. */
  readonly onProgress?: (progress: Progress) => void;
  readonly onKill?: (kill: Kill) => void;
}

export interface Progress {
  readonly phase: 'starting' | 'registering' | 'connecting' | 'running' | 'draining';
  /** Since the kills began. */
  readonly seconds: number;
  readonly second: TimelineSecond | null;
  readonly accepted: number;
  readonly delivered: number;
  readonly kills: readonly Kill[];
  readonly restarts: number;
  readonly socketsClosed: number;
}

const BODY_BYTES = 200;
/** As many as the protocol lets be under way: no sender is to wait for another reason than the server's. */
const WINDOW = 256;
const GROUP_SIZE = 4;
const SECOND_MS = 1_000;

/**
 * @throws (rejects) Error when the server does not start, or cannot be loaded: of what happens later the result tells
 */
export async function runChaos(options: ChaosOptions): Promise<ChaosResult> {
  options.onProgress?.(nothingYet('starting'));
  const { until } = options;
  let server: ServerProcess;
  try {
    server = await startServer(options);
  } catch (error) {
    if (until?.aborted === true) return endedBeforeItBegan(options);
    throw error;
  }
  try {
    const token = (await readFile(join(server.directory, 'admin-token'), 'utf8')).trim();
    const run = new Run(options, server, token);
    const prepared = await Promise.race([run.prepare().then(() => true), aborted(until)]);
    return prepared ? await run.run() : endedBeforeItBegan(options);
  } finally {
    await server.end();
  }
}

const aborted = (signal: AbortSignal | undefined): Promise<false> =>
  new Promise(resolve => {
    if (signal?.aborted === true) resolve(false);
    else signal?.addEventListener('abort', () => resolve(false), { once: true });
  });

/** The lab's own server did not start. */
export class ChaosError extends Error {
  override readonly name = 'ChaosError';
  readonly code = 'server_not_started';
}

async function startServer({ serverArguments = [], until }: ChaosOptions): Promise<ServerProcess> {
  const starting = startServerProcess({
    // Sessions are to be killed more often than the budget of one connection allows.
    flags: { 'log-level': 'error', 'sessions-restarts': 1_000 },
    arguments: serverArguments,
    // Ctrl-C is for the lab alone: its server is to live until the verdict.
    detached: true,
    ...(until === undefined ? {} : { until }),
  });
  return starting.catch((cause: unknown) => {
    throw new ChaosError(cause instanceof Error ? cause.message : String(cause), { cause });
  });
}

const nothingYet = (phase: Progress['phase']): Progress => ({
  ...{ phase, seconds: 0, second: null, accepted: 0, delivered: 0, kills: [] },
  ...{ restarts: 0, socketsClosed: 0 },
});

const endedBeforeItBegan = ({ seed, kinds, users, ...options }: ChaosOptions): ChaosResult => ({
  ...{ seed, kinds, users, ratePerSecond: options.ratePerSecond, everyMs: options.everyMs },
  ...{
    seconds: 0,
    endedEarly: true,
    cutShort: false,
    kills: [],
    timeline: [],
    restarts: 0,
    failure: null,
  },
  ...{ socketsClosed: 0, socketsClosedWithoutReason: 0 },
  verdict: emptyVerdict({ submitted: 0, accepted: 0, refused: 0, delivered: 0, undecided: 0 }),
});

class Run {
  readonly #options: ChaosOptions;
  readonly #server: ServerProcess;
  readonly #observed: ObservedServer;
  readonly #witness = new ChaosWitness();
  readonly #timeline: TimelineSecond[] = [];
  readonly #stop = new AbortController();
  readonly #restarts: Restarts;
  #closedWithoutReason = 0;
  #failure: string | null = null;
  #loads: readonly Load[] = [];
  #changer: GroupChanger | null = null;

  constructor(options: ChaosOptions, server: ServerProcess, token: string) {
    this.#options = options;
    this.#server = server;
    const observed = new ObservedServer(() => server.url, token);
    this.#observed = observed;
    this.#restarts = new Restarts(after => observed.events(after));
  }

  /** Everybody registers and logs in. */
  async prepare(): Promise<void> {
    const { users, onProgress } = this.#options;
    onProgress?.(nothingYet('registering'));
    const people = await registerUsers(this.#server.url, 'chaos', users);
    onProgress?.(nothingYet('connecting'));
    this.#loads = await this.#connect(people);
    this.#changer = await this.#startChanger();
  }

  /** Once everybody is there. */
  async run(): Promise<ChaosResult> {
    const { kinds, seconds, until, cut, drainMs, users } = this.#options;
    const witness = this.#witness;
    witness.begin();
    const begunAt = performance.now();
    const scene = {
      ...{ server: this.#server, observed: this.#observed, restarts: this.#restarts },
      ...{ witness, changer: this.#changer, cut },
    };
    const killer = new Killer(scene, begunAt);
    witness.onDisconnected(() => {
      if (!killer.mayClose) this.#closedWithoutReason += 1;
    });
    const stop = (): void => this.#stop.abort();
    until?.addEventListener('abort', stop, { once: true });
    if (until?.aborted === true) stop();
    const ticking = this.#tick(killer, begunAt);
    const loading = Promise.all(this.#loads.map(load => this.#load(load)));
    await Promise.race([this.#killAll(killer, begunAt), aborted(cut)]);
    const ran = (performance.now() - begunAt) / 1_000;
    stop();
    this.#say('draining', killer, ran);
    await Promise.all([loading, killer.recovered(drainMs)]);
    clearInterval(ticking);
    until?.removeEventListener('abort', stop);
    await this.#countRestarts();
    for (const load of this.#loads) load.close();
    await this.#changer?.close();
    const verdict = witness.verdict();
    const isOpen = verdict.lost.length + verdict.counts.undecided > 0 || killer.isRecovering;
    return {
      ...{ seed: this.#options.seed, kinds, users },
      ...{ ratePerSecond: this.#options.ratePerSecond, everyMs: this.#options.everyMs },
      seconds: ran,
      endedEarly: (until?.aborted === true || ran < seconds - 1) && this.#failure === null,
      cutShort: cut?.aborted === true && isOpen,
      verdict,
      kills: killer.kills,
      timeline: this.#timeline,
      socketsClosed: witness.disconnections,
      socketsClosedWithoutReason: this.#closedWithoutReason,
      restarts: this.#restarts.count,
      failure: this.#failure,
    };
  }

  /** Some in groups, the others in pairs. */
  async #connect(people: readonly Identity[]): Promise<Load[]> {
    const inGroups =
      people.length < 2 * GROUP_SIZE ? 0 : GROUP_SIZE * Math.floor(people.length / 16 + 1);
    const common = {
      server: this.#server.url,
      bodyBytes: BODY_BYTES,
      window: WINDOW,
      witness: this.#witness,
      ...(this.#options.until === undefined ? {} : { until: this.#options.until }),
    };
    const loads: Load[] = [];
    if (inGroups > 0)
      loads.push(
        await Load.connect({
          ...{ ...common, identities: people.slice(0, inGroups) },
          shape: { kind: 'groups', members: GROUP_SIZE },
        }),
      );
    loads.push(
      await Load.connect({
        ...{ ...common, identities: people.slice(inGroups) },
        shape: { kind: 'pairs' },
      }),
    );
    return loads;
  }

  async #startChanger(): Promise<GroupChanger | null> {
    if (!this.#options.kinds.includes('groups')) return null;
    const [own, member] = await registerUsers(this.#server.url, 'changer', 2);
    if (own === undefined || member === undefined) throw new Error('expected two accounts');
    return GroupChanger.start(own, member.user, this.#options.until);
  }

  /** A load that cannot go on ends the run; the oracle judges what there was. */
  async #load(load: Load): Promise<void> {
    const { seconds, ratePerSecond, drainMs, users, cut } = this.#options;
    try {
      await load.run({
        seconds,
        ratePerSecond: (ratePerSecond * load.devices) / users,
        giveUpAfterMs: drainMs,
        until: this.#stop.signal,
        ...(cut === undefined ? {} : { giveUpAt: cut }),
      });
    } catch (error) {
      this.#fail(error);
    }
  }

  async #killAll(killer: Killer, begunAt: number): Promise<void> {
    const { seed, kinds, everyMs, seconds, onKill } = this.#options;
    const elapsed = (): number => performance.now() - begunAt;
    // From the end of one kill to the next it is as long as chosen: a server takes seconds to be there again.
    let late = 0;
    for (const choice of choices(seed, kinds, everyMs)) {
      const overMs = seconds * 1_000 - elapsed();
      const dueMs = choice.atMs + late - elapsed();
      await this.#sleep(Math.min(overMs, dueMs));
      if (this.#stop.signal.aborted || dueMs >= overMs) return;
      try {
        await killer.kill(choice);
      } catch (error) {
        // A server that was starting is not waited for either.
        if (this.#options.cut?.aborted !== true) this.#fail(error);
        return;
      }
      late = elapsed() - choice.atMs;
      const kill = killer.kills.at(-1);
      if (kill !== undefined) onKill?.(kill);
    }
  }

  #sleep(ms: number): Promise<void> {
    const { signal } = this.#stop;
    if (signal.aborted || ms <= 0) return Promise.resolve();
    return new Promise(resolve => {
      const done = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      signal.addEventListener('abort', done);
    });
  }

  #fail(error: unknown): void {
    this.#failure ??= error instanceof Error ? error.message : String(error);
    this.#stop.abort();
  }

  #tick(killer: Killer, begunAt: number): NodeJS.Timeout {
    return setInterval(() => {
      const seconds = (performance.now() - begunAt) / 1_000;
      const connected = this.#options.users - this.#witness.away;
      const taken = this.#witness.takeSecond();
      this.#timeline.push({ ...taken, at: seconds, connected });
      this.#say(this.#stop.signal.aborted ? 'draining' : 'running', killer, seconds);
      void this.#countRestarts();
    }, SECOND_MS);
  }

  #say(phase: Progress['phase'], { kills }: Killer, seconds: number): void {
    const witness = this.#witness;
    this.#options.onProgress?.({
      ...{ phase, seconds, kills, accepted: witness.accepts, delivered: witness.deliveries },
      second: this.#timeline.at(-1) ?? null,
      restarts: this.#restarts.count,
      socketsClosed: witness.disconnections,
    });
  }

  /** Who is being killed cannot be asked: the next second counts what it told. */
  async #countRestarts(): Promise<void> {
    try {
      await this.#restarts.read();
    } catch (error) {
      if (!(error instanceof ClientError)) throw error;
    }
  }
}
