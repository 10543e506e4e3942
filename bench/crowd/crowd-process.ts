/** A crowd in a process of its own, as its bench sees it. Ended by its pid. */
import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { endWithUs } from '../../lab/end-with-us.ts';
import type { Identity } from '../../protocol/device/identity.ts';
import type { CrowdAnswer, CrowdRequest, Manner, Proof } from './protocol.ts';

const program = fileURLToPath(new URL('./process.js', import.meta.url));

type Answer<K extends CrowdAnswer['kind']> = Extract<CrowdAnswer, { kind: K }>;

/** One request at a time; each rejects when it takes too long, cannot be done, or the process ends. */
export class CrowdProcess {
  readonly #child: ChildProcess;
  readonly #timeoutMs: number;

  /** @param timeoutMs how long any one request may take */
  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
    // Structured clones: keys stay bytes.
    this.#child = fork(program, { serialization: 'advanced', stdio: 'inherit' });
    endWithUs(this.#child);
  }

  async gather(identities: readonly Identity[]): Promise<void> {
    await this.#ask({ kind: 'gather', identities }, 'done');
  }

  /** Everybody who is away logs in. */
  connect(atOnce: number, proof: Proof): Promise<Answer<'connected'>> {
    return this.#ask({ kind: 'connect', atOnce, proof }, 'connected');
  }

  async leave(): Promise<void> {
    await this.#ask({ kind: 'leave' }, 'done');
  }

  /** From now on they come back by themselves. */
  async persist(manner: Manner): Promise<void> {
    await this.#ask({ kind: 'persist', manner }, 'done');
  }

  /** Everybody has been served since {@link persist}. */
  settle(since: number): Promise<Answer<'settled'>> {
    return this.#ask({ kind: 'settle', since }, 'settled');
  }

  end(): Promise<void> {
    const child = this.#child;
    if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
    return new Promise(resolve => {
      child.once('exit', () => resolve());
      child.kill('SIGKILL');
    });
  }

  #ask<K extends CrowdAnswer['kind']>(request: CrowdRequest, kind: K): Promise<Answer<K>> {
    const child = this.#child;
    return new Promise((resolve, reject) => {
      const over = (): void => {
        clearTimeout(late);
        child.off('message', onMessage);
        child.off('exit', onExit);
      };
      const fail = (why: string): void => {
        over();
        reject(new Error(`the crowd could not ${request.kind}: ${why}`));
      };
      const onMessage = (answer: CrowdAnswer): void => {
        if (answer.kind === kind) {
          over();
          resolve(answer as Answer<K>);
        } else fail(answer.kind === 'failed' ? answer.message : `it answered ${answer.kind}`);
      };
      const onExit = (code: number | null): void => fail(`it ended with ${code ?? 'a signal'}`);
      const late = setTimeout(() => fail(`not within ${this.#timeoutMs} ms`), this.#timeoutMs);
      child.on('message', onMessage);
      child.once('exit', onExit);
      child.send(request);
    });
  }
}
