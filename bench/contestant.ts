/** One side of a comparison under load: a server, the devices that are connected to it, and what its rounds brought. */
import { fileURLToPath } from 'node:url';
import { Load, type LoadOptions, type LoadResult, type RunOptions } from '../lab/load.ts';
import { startServerProcess, type ServerProcess } from '../lab/server-process.ts';
import type { KeyPair } from '../protocol/crypto/backend.ts';
import { costsBetween, readCosts, type Costs } from './costs.ts';
import { preparedIdentities } from './prepared-users.ts';

const relayProgram = fileURLToPath(new URL('./raw-relay.js', import.meta.url));

export interface Measured extends LoadResult {
  /** What a delivery has cost the server; null when the server is somebody else's. */
  readonly costs: Costs | null;
}

export class Contestant {
  readonly name: string;
  readonly #load: Load;
  readonly #server: ServerProcess | null;
  readonly #isStrowger: boolean;

  private constructor(name: string, load: Load, server: ServerProcess | null, isStrowger: boolean) {
    this.name = name;
    this.#load = load;
    this.#server = server;
    this.#isStrowger = isStrowger;
  }

  /** @param server null when it is not a process of the bench's own: then its costs are not known */
  static async strowger(
    name: string,
    server: ServerProcess | null,
    options: LoadOptions,
  ): Promise<Contestant> {
    return new Contestant(name, await Load.connect(options), server, true);
  }

  /** A bare relay (bench/raw-relay.ts), which it ends when it is closed. */
  static async rawRelay(
    name: string,
    program: readonly string[],
    connections: number,
    keys: KeyPair,
    options: Omit<LoadOptions, 'server' | 'identities'>,
  ): Promise<Contestant> {
    const server = await startServerProcess({ program: [relayProgram, ...program] });
    try {
      // It asks for no account.
      const identities = preparedIdentities(server.url, 0, connections, () => keys);
      const load = await Load.connect({ ...options, server: server.url, identities });
      return new Contestant(name, load, server, false);
    } catch (error) {
      await server.end();
      throw error;
    }
  }

  async run(options: RunOptions): Promise<Measured> {
    const server = this.#server;
    if (server === null) return { ...(await this.#load.run(options)), costs: null };
    const url = this.#isStrowger ? server.url : null;
    const before = await readCosts(server.pid, url);
    const result = await this.#load.run(options);
    const after = await readCosts(server.pid, url);
    return { ...result, costs: costsBetween(before, after, result.deliveredInAll) };
  }

  async close(): Promise<void> {
    this.#load.close();
    if (!this.#isStrowger) await this.#server?.end();
  }
}

/** Of several rounds the costs of the middle one. */
export function middleCosts(rounds: readonly Measured[]): Costs | null {
  const costs = rounds.flatMap(round => round.costs ?? []);
  const sorted = costs.toSorted((one, other) => one.micros - other.micros);
  return sorted[sorted.length >> 1] ?? null;
}
