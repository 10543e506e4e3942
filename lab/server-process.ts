/**
 * A real server as a child process on a data directory of its own, to be killed and started again. Ended by its pid,
 * always within a bounded time.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { rmSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { endWithUs } from './end-with-us.ts';
import { lineReader } from './line-reader.ts';

export interface ServerProcessOptions {
  /** An existing one, which stays; else a temporary one is made and goes at the end. */
  readonly directory?: string;
  /** Further flags of `strowger serve`: `{ shards: 2, 'log-level': 'warning' }`. */
  readonly flags?: Readonly<Record<string, string | number>>;
  /** Further arguments of `strowger serve`, as they are. */
  readonly arguments?: readonly string[];
  /** Further flags of Node itself, such as `--inspect=127.0.0.1:0`. */
  readonly nodeFlags?: readonly string[];
  /** In a process group of its own: a Ctrl-C in the terminal does not reach it. */
  readonly detached?: boolean;
  /** A program for Node that takes the flags of `strowger serve`, to be started in its place. */
  readonly serve?: string;
  /** What to start instead of `strowger serve`: a program for Node that prints `ready <url>`, with its arguments. */
  readonly program?: readonly string[];
  /** How long a start may take. */
  readonly startTimeoutMs?: number;
  /** When it is aborted, the first start fails if it is under way. */
  readonly until?: AbortSignal;
  /** Each line of the log as it comes. */
  readonly onLog?: (line: string) => void;
}

/** How much of the log is kept for the message of a failed start. */
const keptLogLines = 40;
/** How long a stopping server may drain before it is killed. */
const stopTimeoutMs = 20_000;

const command = fileURLToPath(new URL('../../bin/strowger.js', import.meta.url));
/** As bin/strowger.js and `npm start` ask for them; the binary, which takes none of Node's flags, sets them itself. */
const nodeFlags = command.startsWith('strowger:')
  ? []
  : ['--enable-source-maps', '--max-semi-space-size=64'];

/** @throws (rejects) Error with the end of the log when the server does not become ready */
export async function startServerProcess(
  options: ServerProcessOptions = {},
): Promise<ServerProcess> {
  const directory = options.directory ?? (await makeDirectory());
  const server = new ServerProcess(directory, options);
  try {
    await server.start(options.until);
  } catch (error) {
    await server.end();
    throw error;
  }
  return server;
}

async function makeDirectory(): Promise<string> {
  try {
    return await mkdtemp(join(tmpdir(), 'strowger-lab-'));
  } catch (cause) {
    const why = (cause as Error).message;
    throw new Error(`no directory can be made there: name another one in TMPDIR (${why})`, {
      cause,
    });
  }
}

export class ServerProcess {
  readonly directory: string;
  readonly #options: ServerProcessOptions;
  readonly #log: string[] = [];
  #child: ChildProcess | null = null;
  #url = '';
  /** For the exit of this process before the end of its server: what was killed then may be writing its last. */
  readonly #removeWithUs = (): void =>
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 5 });

  /** See {@link startServerProcess}. */
  constructor(directory: string, options: ServerProcessOptions) {
    this.directory = directory;
    this.#options = options;
  }

  /** Where it is reached, the same after every restart. */
  get url(): string {
    return this.#url;
  }

  /** @throws when it does not run */
  get pid(): number {
    const pid = this.#child?.pid;
    if (pid === undefined) throw new Error('expected a running server, it was stopped');
    return pid;
  }

  get running(): boolean {
    return this.#child !== null;
  }

  /** The last lines of its log. */
  get log(): readonly string[] {
    return this.#log;
  }

  /**
   * Starts it, on the port it had before.
   * @param until when it is aborted before the server is ready, this fails
   * @returns milliseconds from the start of the process to `ready`
   */
  async start(until?: AbortSignal): Promise<number> {
    if (this.#child !== null) throw new Error('expected a stopped server, it runs already');
    const begun = performance.now();
    const child = spawn(process.execPath, this.#arguments(), {
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: this.#options.detached ?? false,
    });
    this.#child = child;
    endWithUs(child, this.#isTemporary ? this.directory : undefined);
    // After the line above: who is dead writes no more. Added anew for each child, to come after its listener.
    process.off('exit', this.#removeWithUs);
    if (this.#isTemporary) process.on('exit', this.#removeWithUs);
    child.once('exit', () => {
      if (this.#child === child) this.#child = null;
    });
    child.stderr.on(
      'data',
      lineReader(line => this.#note(line)),
    );
    this.#url = await this.#ready(child, until);
    return performance.now() - begun;
  }

  /** kill -9. Resolves when the process is gone. */
  async kill(): Promise<void> {
    await this.#signal('SIGKILL');
  }

  /** SIGTERM: it drains. @returns its exit code, or null when it had to be killed */
  async stop(): Promise<number | null> {
    const child = this.#child;
    if (child === null) return null;
    const late = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs);
    await this.#signal('SIGTERM');
    clearTimeout(late);
    return child.exitCode;
  }

  /** Bytes of memory that it holds (resident), from /proc; NaN where there is no such thing. */
  async residentBytes(): Promise<number> {
    const status = await readFile(`/proc/${this.pid}/status`, 'utf8').catch(() => '');
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? NaN) * 1024;
  }

  /** Kills it, and removes the directory if it was made here. */
  async end(): Promise<void> {
    await this.kill();
    if (!this.#isTemporary) return;
    await rm(this.directory, { recursive: true, force: true });
    process.off('exit', this.#removeWithUs);
  }

  get #isTemporary(): boolean {
    return this.#options.directory === undefined;
  }

  #arguments(): readonly string[] {
    if (this.#options.program !== undefined) return this.#options.program;
    const port = this.#url === '' ? '0' : new URL(this.#url).port;
    const flags = Object.entries(this.#options.flags ?? {});
    return [
      ...nodeFlags,
      ...(this.#options.nodeFlags ?? []),
      ...(this.#options.serve === undefined ? [command, 'serve'] : [this.#options.serve]),
      ...['--data', this.directory, '--port', port],
      ...flags.flatMap(([name, value]) => [`--${name}`, String(value)]),
      ...(this.#options.arguments ?? []),
    ];
  }

  #ready(child: ChildProcess, until?: AbortSignal): Promise<string> {
    const { startTimeoutMs = 30_000 } = this.#options;
    return new Promise((resolve, reject) => {
      const fail = (what: string): void => {
        clearTimeout(late);
        until?.removeEventListener('abort', aborted);
        child.kill('SIGKILL');
        reject(new Error(`the server ${what}; its log ends with\n${this.#log.join('\n')}`));
      };
      const late = setTimeout(
        () => fail(`was not ready within ${startTimeoutMs} ms`),
        startTimeoutMs,
      );
      const aborted = (): void => fail('was not waited for');
      until?.addEventListener('abort', aborted);
      if (until?.aborted === true) aborted();
      // `close` and not `exit`: by then the log has been read to its end.
      child.once('close', code => fail(`ended with ${code ?? 'a signal'} before it was ready`));
      child.once('error', error => fail(`could not be started: ${error.message}`));
      child.stdout?.on(
        'data',
        lineReader(line => {
          const url = /^ready (\S+)$/.exec(line)?.[1];
          if (url === undefined) return;
          clearTimeout(late);
          until?.removeEventListener('abort', aborted);
          child.removeAllListeners('close');
          resolve(url);
        }),
      );
    });
  }

  #signal(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child === null) return Promise.resolve();
    return new Promise(resolve => {
      child.once('exit', () => resolve());
      child.kill(signal);
    });
  }

  #note(line: string): void {
    this.#log.push(line);
    if (this.#log.length > keptLogLines) this.#log.shift();
    this.#options.onLog?.(line);
  }
}
