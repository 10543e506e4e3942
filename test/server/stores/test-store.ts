/** A store process under test: on a real file, so that each incarnation finds what the one before has committed. */
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { exit, isAlive, start, whereis, type Pid } from '../../../actors/index.ts';
import { createServerMetrics } from '../../../server/metrics/server-metrics.ts';
import { storeName } from '../../../server/stores/protocol.ts';
import { store } from '../../../server/stores/store.ts';
import type { Command, CommandKind, ShardStore } from '../../../storage/shard/contract.ts';
import { openShard, type ShardOptions } from '../../../storage/shard/sqlite-shard.ts';

interface Test {
  teardown: (undo: () => void) => void;
  testdir: () => string;
}

type Commit = ReturnType<ShardStore['commit']>;
type Intercept = (commit: () => Commit, commands: readonly Command[]) => Commit;

const directories = new WeakMap<Test, string>();

export class TestStore {
  readonly shard: number;
  /** The batches that were committed, by any incarnation. */
  readonly commits: (readonly Command[])[] = [];
  /** Runs in place of the shard's commit while it is set. */
  intercept: Intercept | undefined;
  /** Holds the thread before the file is opened. */
  beforeOpen: () => void = () => undefined;
  opened: ShardStore | undefined;
  private readonly options: ShardOptions;

  constructor(t: Test, options: Partial<ShardOptions> = {}) {
    this.shard = options.shard ?? 0;
    // A test's directory is emptied whenever it is made: once for all its stores, also of what a killed run has left.
    const directory = directories.get(t) ?? t.testdir();
    directories.set(t, directory);
    const file = join(directory, `shard-${this.shard}.db`);
    this.options = { file, shard: 0, shards: 1, reserveBytes: 128 * 1024, ...options };
    t.teardown(() => {
      this.kill();
    });
  }

  get pid(): Pid | undefined {
    return whereis(storeName(this.shard));
  }

  async start(): Promise<Pid> {
    const metrics = createServerMetrics(new Registry());
    const argument = { open: () => this.open(), metrics };
    const result = await start(store, argument, { name: storeName(this.shard) });
    if (result[0] !== 'ok') throw new Error('the store did not start', { cause: result[1] });
    return result[1];
  }

  kill(): void {
    const { pid } = this;
    if (pid !== undefined && isAlive(pid)) exit(pid, 'kill');
  }

  /** Holds the next commit (of such a command) when it is done and nobody has been told; resolves when it is. */
  async holdCommit(kind?: CommandKind): Promise<{ readonly release: () => void }> {
    return new Promise(reached => {
      this.intercept = async (commit, commands) => {
        if (kind !== undefined && !commands.some(command => command.kind === kind)) return commit();
        this.intercept = undefined;
        const committed = await commit();
        await new Promise<void>(release => {
          reached({ release });
        });
        return committed;
      };
    });
  }

  private open(): ShardStore {
    this.beforeOpen();
    const opened = openShard(this.options);
    this.opened = opened;
    const commit = async (commands: readonly Command[]) => {
      const committed = await opened.commit(commands);
      this.commits.push(commands);
      return committed;
    };
    return {
      shard: opened.shard,
      shards: opened.shards,
      era: opened.era,
      get full() {
        return opened.full;
      },
      commit: commands =>
        this.intercept === undefined
          ? commit(commands)
          : this.intercept(() => commit(commands), commands),
      backup: file => opened.backup(file),
      close: () => {
        opened.close();
      },
    };
  }
}
