/** All connections of a gateway, and who may have one more. */
import type { MonitorRef } from '../../actors/index.ts';
import { isLoopback } from '../config/loopback.ts';
import { AddressCounts } from './address-counts.ts';
import { Connection } from './connection.ts';
import type { GatewayOptions } from './options.ts';
import type { ConnectionId } from './port.ts';
import type { Peer } from './upgrade.ts';
import type { Socket } from './socket.ts';

export class Connections {
  readonly #options: GatewayOptions;
  readonly #byId = new Map<ConnectionId, Connection>();
  readonly #byWatch = new Map<MonitorRef, Connection>();
  readonly #addresses = new AddressCounts();
  #lastId = 0;
  /** Called when a connection is gone. */
  onGone: () => void = () => undefined;

  constructor(options: GatewayOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#byId.size;
  }

  all(): readonly Connection[] {
    return [...this.#byId.values()];
  }

  /** The same without a list of them: may be gone through over many turns. */
  living(): Iterable<Connection> {
    return this.#byId.values();
  }

  get(id: ConnectionId): Connection | undefined {
    return this.#byId.get(id);
  }

  /** Why this address may not have one more, or undefined when it may. */
  refusal(address: string): 'too_many_connections' | 'unavailable' | undefined {
    const { connections, connectionsPerAddress } = this.#options.limits;
    if (this.#byId.size >= connections) return 'unavailable';
    if (!isLoopback(address) && !this.#addresses.hasRoom(address, connectionsPerAddress)) {
      return 'too_many_connections';
    }
    return undefined;
  }

  add(peer: Peer, socket: Socket): Connection {
    const id = (this.#lastId += 1);
    const connection = new Connection(id, peer, socket, this.#options, this.#remove);
    this.#byId.set(connection.id, connection);
    this.#addresses.add(peer.address);
    this.#options.metrics.opened.inc();
    this.#options.metrics.connections.inc();
    return connection;
  }

  /** One for all connections, so that none holds a closure of its own. */
  readonly #remove = (connection: Connection): void => {
    this.#byId.delete(connection.id);
    this.#addresses.remove(connection.address);
    this.#options.metrics.connections.dec();
    this.onGone();
  };

  /** The monitor watches this connection's session. */
  watch(ref: MonitorRef, connection: Connection): void {
    this.#byWatch.set(ref, connection);
  }

  /** Whose session the monitor watched; it is forgotten. */
  unwatch(ref: MonitorRef): Connection | undefined {
    const connection = this.#byWatch.get(ref);
    this.#byWatch.delete(ref);
    return connection;
  }
}
