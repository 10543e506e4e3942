/** A TCP proxy before a server that can stop passing data on, in one direction, at a chosen point of a connection. */
import { createServer, connect, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';

/** What a client writes on a connection, in order: the upgrade, the login, then the first frame of the session. */
export const firstFrame = 3;

export class StallingProxy {
  readonly #target: URL;
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;
  /** From which write of a client on nothing reaches the server; null: all does. */
  stallRequestsFrom: number | null = null;
  /** From which write of a client on nothing comes back; null: all does. */
  stallAnswersFrom: number | null = null;

  constructor(target: string) {
    this.#target = new URL(target);
    this.#server = createServer(socket => this.#join(socket));
  }

  /** @returns its URL */
  async listen(): Promise<string> {
    await new Promise<void>(resolve => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Cuts all connections. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise(resolve => this.#server.close(resolve));
  }

  #join(client: Socket): void {
    const server = connect(Number(this.#target.port), this.#target.hostname);
    let writes = 0;
    const reached = (write: number | null): boolean => write !== null && writes >= write;
    client.on('data', data => {
      writes += 1;
      if (!reached(this.stallRequestsFrom)) server.write(data);
    });
    server.on('data', data => {
      if (!reached(this.stallAnswersFrom)) client.write(data);
    });
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
  }
}
