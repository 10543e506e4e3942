/** One side of a comparison under load: a server, the devices that are connected to it, and what its rounds brought. */
import { fileURLToPath } from 'node:url';
import { Load, type LoadOptions } from '../lab/load.ts';
import type { LoadResult, RunOptions } from '../lab/load-loop.ts';
import { startServerProcess, type ServerProcess } from '../lab/server-process.ts';
import { XmppLoad, type XmppLoadOptions } from '../lab/xmpp/xmpp-load.ts';
import { XmppServer, type XmppServerKind } from '../lab/xmpp/xmpp-server.ts';
import { costsBetween, readCosts, type Costs } from './costs.ts';
import { preparedIdentities, preparedUser, sharedKey } from './prepared-users.ts';

const relayProgram = fileURLToPath(new URL('./raw-relay.js', import.meta.url));

export interface Measured extends LoadResult {
  /** What a delivery has cost the server; null when the server is somebody else's. */
  readonly costs: Costs | null;
}

/** What drives a server: a load generator for its protocol. */
interface Driver {
  run(options: RunOptions): Promise<LoadResult>;
  close(): void;
}

/** A process that is measured from outside. */
interface Measurable {
  readonly pid: number;
}

export class Contestant {
  readonly name: string;
  readonly #load: Driver;
  readonly #server: Measurable | null;
  /** Where its own accounting is read; null where it has none. */
  readonly #metrics: string | null;
  readonly #end: () => Promise<void>;

  private constructor(
    name: string,
    load: Driver,
    server: Measurable | null,
    metrics: string | null,
    end: () => Promise<void>,
  ) {
    this.name = name;
    this.#load = load;
    this.#server = server;
    this.#metrics = metrics;
    this.#end = end;
  }

  /** @param server null when it is not a process of the bench's own: then its costs are not known */
  static async strowger(
    name: string,
    server: ServerProcess | null,
    options: LoadOptions,
  ): Promise<Contestant> {
    const load = await Load.connect(options);
    return new Contestant(name, load, server, options.server, () => Promise.resolve());
  }

  /** A bare relay (bench/raw-relay.ts), which it ends when it is closed. */
  static async rawRelay(
    name: string,
    program: readonly string[],
    connections: number,
    options: Omit<LoadOptions, 'server' | 'identities'>,
  ): Promise<Contestant> {
    const server = await startServerProcess({ program: [relayProgram, ...program] });
    try {
      // It asks for no account.
      const identities = preparedIdentities(server.url, 0, connections, await sharedKey());
      const load = await Load.connect({ ...options, server: server.url, identities });
      return new Contestant(name, load, server, null, () => server.end());
    } catch (error) {
      await server.end();
      throw error;
    }
  }

  /** An XMPP server, which it ends when it is closed. */
  static async xmpp(
    name: string,
    kind: XmppServerKind,
    connections: number,
    options: Omit<XmppLoadOptions, 'accounts'>,
  ): Promise<Contestant> {
    const users = Array.from({ length: connections }, (_, index) => preparedUser(index));
    const server = await XmppServer.start(kind, users);
    try {
      const load = await XmppLoad.connect({ ...options, accounts: server.accounts });
      return new Contestant(name, load, server, null, () => server.end());
    } catch (error) {
      await server.end();
      throw error;
    }
  }

  async run(options: RunOptions): Promise<Measured> {
    const server = this.#server;
    if (server === null) return { ...(await this.#load.run(options)), costs: null };
    const before = await readCosts(server.pid, this.#metrics);
    const result = await this.#load.run(options);
    const after = await readCosts(server.pid, this.#metrics);
    return { ...result, costs: costsBetween(before, after, result.deliveredInAll) };
  }

  async close(): Promise<void> {
    this.#load.close();
    await this.#end();
  }
}

/** Of several rounds the costs of the middle one. */
export function middleCosts(rounds: readonly Measured[]): Costs | null {
  const costs = rounds.flatMap(round => round.costs ?? []);
  const sorted = costs.toSorted((one, other) => one.micros - other.micros);
  return sorted[sorted.length >> 1] ?? null;
}
