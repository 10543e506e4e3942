/** Runs the command as people do: real processes, in a temporary directory that is the home of all homes. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The path of the command. */
export const strowgerCommand = fileURLToPath(new URL('../../../bin/strowger.js', import.meta.url));

/** A command that does not end by itself is ended, and the test fails by its exit code. */
const endAfterMs = 60_000;

export interface Outcome {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly input?: string | Uint8Array;
  readonly environment?: Readonly<Record<string, string>>;
}

/** How the command is started. */
export interface Launch {
  /** What its arguments are added to. */
  readonly command: readonly [string, ...string[]];
  /** The whole environment; without it, this process's with the workplace as the home. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Else the workplace. */
  readonly cwd?: string;
}

export class Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Outcome>;
  #stdout = '';
  #stderr = '';
  #waiting: (() => void)[] = [];

  constructor(child: ChildProcess) {
    this.child = child;
    const late = setTimeout(() => child.kill('SIGKILL'), endAfterMs);
    const note = (): void => this.#waiting.splice(0).forEach(wake => wake());
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text;
      note();
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
      note();
    });
    this.ended = new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', code => {
        clearTimeout(late);
        note();
        resolve({ code, stdout: this.#stdout, stderr: this.#stderr });
      });
    });
  }

  get lines(): string[] {
    return this.#stdout.split('\n').slice(0, -1);
  }

  /** Waits until as many lines are on stdout. */
  async hasPrinted(count: number): Promise<string[]> {
    return this.#until(() => (this.lines.length >= count ? this.lines : null), `${count} lines`);
  }

  /** Waits until stderr says it. */
  async hasSaid(text: string): Promise<void> {
    await this.#until(() => (this.#stderr.includes(text) ? true : null), text);
  }

  async #until<T>(look: () => T | null, what: string): Promise<T> {
    for (;;) {
      const seen = look();
      if (seen !== null) return seen;
      if (this.child.exitCode !== null || this.child.signalCode !== null)
        throw new Error(
          `ended (${this.child.exitCode ?? 'by a signal'}) before ${what}: ${this.#stdout}${this.#stderr}`,
        );
      await new Promise<void>(wake => this.#waiting.push(wake));
    }
  }
}

export class Workplace {
  readonly directory = mkdtempSync(join(tmpdir(), 'strowger-cli-'));
  readonly #running = new Set<Running>();
  readonly #launch: Launch;

  constructor(launch: Launch = { command: [process.execPath, strowgerCommand] }) {
    this.#launch = launch;
  }

  path(name: string): string {
    return join(this.directory, name);
  }

  /** Writes a file, with the directories that it is in. */
  write(name: string, text: string): void {
    const file = this.path(name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }

  start(args: readonly string[], { input, environment }: RunOptions = {}): Running {
    const { STROWGER_HOME: _home, ...inherited } = process.env;
    const [program, ...first] = this.#launch.command;
    const child = spawn(program, [...first, ...args], {
      cwd: this.#launch.cwd ?? this.directory,
      env: {
        ...(this.#launch.environment ?? { ...inherited, HOME: this.directory }),
        ...environment,
      },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    // A command that does not read its input may be gone before all of it is written.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
    const running = new Running(child);
    this.#running.add(running);
    void running.ended.finally(() => this.#running.delete(running));
    return running;
  }

  run(args: readonly string[], options?: RunOptions): Promise<Outcome> {
    return this.start(args, options).ended;
  }

  /** Registers users, each with the home of its name. */
  async register(server: string, ...users: readonly string[]): Promise<void> {
    for (const user of users) {
      const home = ['--home', user];
      const outcome = await this.run(['register', '--server', server, '--handle', user, ...home]);
      if (outcome.code !== 0) throw new Error(`${user} could not be registered: ${outcome.stderr}`);
    }
  }

  /** Ends what still runs and removes the directory. */
  async end(): Promise<void> {
    const running = [...this.#running];
    for (const { child } of running) child.kill('SIGKILL');
    await Promise.all(running.map(({ ended }) => ended));
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** The JSON on the lines of an output. */
export const jsonLines = (stdout: string): Record<string, unknown>[] =>
  stdout
    .split('\n')
    .slice(0, -1)
    .map(line => JSON.parse(line) as Record<string, unknown>);

/** The code that a failed command names. */
export const codeOf = ({ stderr }: Outcome): string | undefined =>
  /^error ([a-z_]+): \S/m.exec(stderr)?.[1];
