/**
 * A TCP proxy on loopback in front of a server: it can cut connections, stall them, swallow what they say, hold it
 * back for a while, or strand the server's half of them, as when a phone changes its network without a word.
 */
import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net';

export class Proxy {
  readonly #server: Server;
  readonly #target: URL;
  readonly #pairs = new Set<{ readonly client: Socket; readonly upstream: Socket }>();
  readonly #stranded = new Set<Socket>();
  #port = 0;
  #delayMs = 0;

  /** @param target the server, as `http://host:port` */
  static async start(target: string): Promise<Proxy> {
    const proxy = new Proxy(new URL(target));
    await new Promise<void>(resolve => proxy.#server.listen(0, '127.0.0.1', resolve));
    proxy.#port = (proxy.#server.address() as AddressInfo).port;
    return proxy;
  }

  private constructor(target: URL) {
    this.#target = target;
    this.#server = createServer({ noDelay: true }, client => this.#join(client));
  }

  /** Where clients connect instead. */
  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get connections(): number {
    return this.#pairs.size;
  }

  /** Halves towards the server that nobody speaks through any more. */
  get stranded(): number {
    return this.#stranded.size;
  }

  /** How long each piece takes to pass, both ways; from now on. */
  set delayMs(ms: number) {
    this.#delayMs = ms;
  }

  /** Breaks all connections, on both sides. */
  cut(): void {
    for (const { client, upstream } of this.#pairs) {
      client.resetAndDestroy();
      upstream.resetAndDestroy();
    }
  }

  /** Breaks them towards the clients alone: the server is told nothing. */
  strand(): void {
    for (const pair of this.#pairs) {
      const { client, upstream } = pair;
      this.#pairs.delete(pair);
      this.#stranded.add(upstream);
      upstream.removeAllListeners('data').on('data', () => undefined);
      upstream.resume();
      client.resetAndDestroy();
    }
  }

  /** Reads nothing more from the server, so that what it says piles up there; until {@link resume}. */
  stall(): void {
    for (const { upstream } of this.#pairs) upstream.pause();
  }

  resume(): void {
    for (const { upstream } of this.#pairs) upstream.resume();
  }

  /** Nothing passes any more on the connections that are there, yet they stay open. */
  swallow(): void {
    for (const { client, upstream } of this.#pairs)
      for (const socket of [client, upstream])
        socket.removeAllListeners('data').on('data', () => undefined);
  }

  async end(): Promise<void> {
    this.cut();
    for (const socket of this.#stranded) socket.destroy();
    await new Promise(resolve => this.#server.close(resolve));
  }

  #join(client: Socket): void {
    const { hostname, port } = this.#target;
    const upstream = connect({ host: hostname, port: Number(port), noDelay: true });
    const pair = { client, upstream };
    this.#pairs.add(pair);
    this.#pass(client, upstream);
    this.#pass(upstream, client);
    client.on('close', () => {
      if (this.#pairs.delete(pair)) upstream.destroy();
    });
    upstream.on('close', () => {
      this.#stranded.delete(upstream);
      if (this.#pairs.delete(pair)) client.destroy();
    });
  }

  #pass(from: Socket, to: Socket): void {
    // `close` follows, and that is where it counts.
    from.on('error', () => undefined);
    from.on('data', (chunk: Buffer) => {
      if (this.#delayMs === 0) to.write(chunk);
      else setTimeout(() => to.write(chunk), this.#delayMs);
    });
    from.on('end', () => to.end());
  }
}
