/** Isolates with keepers that do what a test wants; the test itself is isolate 0, where the switchboard is. */
import { MessageChannel, Worker, type MessagePort } from 'node:worker_threads';
import type { Test } from 'tap';
import { connectIsolate, disconnectIsolate } from '../../../actors/index.ts';
import type { KeeperCall, PlacementCast } from '../../../server/isolates/protocol.ts';

/** `die`: the whole isolate. */
type Does = 'die' | 'lose its keeper' | 'refuse' | 'hold';

export type ToKeeper =
  | { readonly kind: 'connect'; readonly port: MessagePort }
  | {
      readonly kind: 'plan';
      readonly plan: {
        readonly on: KeeperCall['kind'];
        readonly does: Does;
      };
    }
  /** Who is held goes on. */
  | { readonly kind: 'release' };

export type Heard = KeeperCall | PlacementCast;

export class Keeper {
  readonly isolate: number;
  /** Everything that it was told, in order. */
  readonly heard: Heard[] = [];
  readonly ended: Promise<void>;
  readonly #worker: Worker;
  #done: () => void = () => undefined;

  private constructor(isolate: number, creation: number) {
    this.isolate = isolate;
    this.#worker = new Worker(new URL('./keeper-program.js', import.meta.url), {
      workerData: { isolate, creation },
    });
    this.#worker.on('message', (message: Heard | 'done') => {
      if (message === 'done') this.#done();
      else this.heard.push(message);
    });
    this.ended = new Promise(resolve => {
      this.#worker.once('exit', () => {
        disconnectIsolate(isolate);
        resolve();
      });
    });
  }

  static async start(t: Test, isolate: number, creation = 0): Promise<Keeper> {
    const keeper = new Keeper(isolate, creation);
    t.teardown(() => keeper.end());
    await keeper.#next();
    const { port1, port2 } = new MessageChannel();
    connectIsolate(isolate, port1);
    await keeper.#tell({ kind: 'connect', port: port2 }, [port2]);
    return keeper;
  }

  /** What its next request of the kind meets. */
  plan(on: KeeperCall['kind'], does: Does): Promise<void> {
    return this.#tell({ kind: 'plan', plan: { on, does } });
  }

  release(): Promise<void> {
    return this.#tell({ kind: 'release' });
  }

  /** What it was asked, without the placements that it was told. */
  get asked(): readonly unknown[] {
    return this.heard.flatMap(message => {
      if (message.kind === 'take') return [['take', ...message.shards]];
      return message.kind === 'release' ? [['release', message.shard]] : [];
    });
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
    await this.ended;
  }

  async #tell(message: ToKeeper, transfer: readonly MessagePort[] = []): Promise<void> {
    const done = this.#next();
    this.#worker.postMessage(message, transfer);
    await done;
  }

  #next(): Promise<void> {
    return new Promise(resolve => (this.#done = resolve));
  }
}
