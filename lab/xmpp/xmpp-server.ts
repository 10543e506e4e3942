/** An XMPP server that the lab starts and stops: what ejabberd's and Prosody's have in common. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { endWithUs } from '../end-with-us.ts';
import type { XmppAccount } from './xmpp-device.ts';

/** How to run one kind of server. */
export interface XmppServerKind {
  readonly name: string;
  /** @returns null when it is installed, else what to install */
  missing(): Promise<string | null>;
  /** Writes its configuration and whatever it finds at its start into the directory. */
  prepare(place: XmppPlace): Promise<XmppCommand>;
  /** Makes accounts once it listens; called once. */
  register(place: XmppPlace): Promise<void>;
}

export interface XmppPlace {
  /** A temporary one, its owner's alone. */
  readonly directory: string;
  /** For clients, on loopback. */
  readonly port: number;
  /** A second free port, for whoever needs one. */
  readonly adminPort: number;
  readonly users: readonly string[];
  readonly password: string;
}

export interface XmppCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

const domain = 'localhost';
const host = '127.0.0.1';
const startTimeoutMs = 30_000;
const pollMs = 50;
const keptLines = 20;

export class XmppServer {
  readonly accounts: readonly XmppAccount[];
  readonly #child: ChildProcess;
  readonly #directory: string;
  #output = '';

  /** @throws (rejects) Error with the end of its output when it does not start */
  static async start(kind: XmppServerKind, users: readonly string[]): Promise<XmppServer> {
    const directory = await mkdtemp(join(tmpdir(), `strowger-${kind.name}-`));
    const [port, adminPort] = await freePorts();
    const place = { directory, port, adminPort, users, password: 'correct-horse' };
    let server: XmppServer | null = null;
    try {
      server = new XmppServer(await kind.prepare(place), place);
      await server.#listening(port, kind.name);
      await kind.register(place);
      return server;
    } catch (error) {
      await server?.end();
      await rm(directory, { recursive: true, force: true });
      throw error;
    }
  }

  private constructor({ program, args, env }: XmppCommand, place: XmppPlace) {
    const { directory, port, users, password } = place;
    this.#directory = directory;
    this.accounts = users.map(user => ({ host, port, domain, user, password }));
    this.#child = spawn(program, args, {
      cwd: directory,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    endWithUs(this.#child, directory);
    const note = (chunk: Buffer): void => {
      this.#output = `${this.#output}${chunk.toString()}`.split('\n').slice(-keptLines).join('\n');
    };
    this.#child.stdout?.on('data', note);
    this.#child.stderr?.on('data', note);
    this.#child.on('error', error => (this.#output += error.message));
  }

  /** @throws when it could not be started */
  get pid(): number {
    const { pid } = this.#child;
    if (pid === undefined) throw new Error(`it could not be started: ${this.#output}`);
    return pid;
  }

  /** Kills it and removes its directory. */
  async end(): Promise<void> {
    const child = this.#child;
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null)
      await new Promise<void>(resolve => {
        child.once('exit', () => resolve());
        child.kill('SIGKILL');
      });
    await rm(this.#directory, { recursive: true, force: true, maxRetries: 5 });
  }

  /** There is no other sign: both servers write what they please. */
  async #listening(port: number, name: string): Promise<void> {
    const deadline = performance.now() + startTimeoutMs;
    while (!(await takesConnections(port))) {
      if (this.#child.exitCode !== null || this.#child.pid === undefined)
        throw new Error(`${name} ended before it listened; it wrote\n${this.#output}`);
      if (performance.now() > deadline)
        throw new Error(
          `${name} did not listen within ${startTimeoutMs} ms; it wrote\n${this.#output}`,
        );
      await after(pollMs);
    }
  }
}

function takesConnections(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect({ host, port });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** Two that were free a moment ago: neither server can be asked for any free one. */
async function freePorts(): Promise<[number, number]> {
  const servers = [createServer(), createServer()] as const;
  const ports = await Promise.all(servers.map(listenAnywhere));
  await Promise.all(
    servers.map(server => new Promise<void>(resolve => server.close(() => resolve()))),
  );
  const [one = 0, other = 0] = ports;
  return [one, other];
}

function listenAnywhere(server: ReturnType<typeof createServer>): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, host, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
}
