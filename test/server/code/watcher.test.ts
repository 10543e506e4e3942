/** `--watch`: whatever becomes of the directory is seen, and told once. */
import { mkdir, rm, symlink, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { exit, isAlive, setClock, start, sys, type Pid } from '../../../actors/index.ts';
import { createVirtualClock } from '../../../actors/testing.ts';
import { codeName, type Changed, type CodeCall } from '../../../server/code/protocol.ts';
import type { Refused } from '../../../server/isolates/protocol.ts';
import { watcher } from '../../../server/code/watcher.ts';
import { directoryOf, write } from '../../e2e/handlers-directory.ts';

/** Longer than the watcher waits between two looks. */
const MS = 250;

class Watched {
  readonly directory: string;
  readonly #clock = createVirtualClock();
  #pid: Pid | undefined;
  #coordinator: Pid | undefined;
  #reloads = 0;
  /** The coordinator's to who reloads. */
  answer: Changed | Refused = { modules: ['ping'], unchanged: [], isolates: [1] };

  constructor(t: Test, directory: string) {
    this.directory = directory;
    const before = setClock(this.#clock);
    t.teardown(() => {
      if (this.#pid !== undefined) exit(this.#pid, 'kill');
      setClock(before);
    });
  }

  async begin(t: Test): Promise<this> {
    await this.coordinatorStarts();
    t.teardown(() => {
      this.coordinatorDies();
    });
    const [, pid] = await start(watcher, { directory: this.directory });
    this.#pid = pid as Pid;
    return this;
  }

  /** Somebody who is told of saved files. */
  async coordinatorStarts(): Promise<void> {
    const [result, pid] = await start(
      {
        init: () => ['ok', undefined],
        handleCall: (request: CodeCall) => {
          if (request.kind === 'reload') this.#reloads += 1;
          return ['reply', this.answer, undefined];
        },
      },
      undefined,
      { name: codeName },
    );
    if (result !== 'ok') throw new Error('no coordinator');
    this.#coordinator = pid;
  }

  coordinatorDies(): void {
    if (this.#coordinator !== undefined) exit(this.#coordinator, 'kill');
  }

  /** How often it has told of something, after it has looked as often as it needs to. */
  async told(): Promise<number> {
    for (let look = 0; look < 3; look++) {
      await this.#clock.advance(MS);
      // Answered after the look.
      await sys.getState(this.#pid as Pid);
    }
    const reloads = this.#reloads;
    this.#reloads = 0;
    return reloads;
  }

  get isAlive(): boolean {
    return this.#pid !== undefined && isAlive(this.#pid);
  }
}

void t.test('what is saved, removed, or put in the place of another is told once', async t => {
  const watched = await new Watched(t, await directoryOf(t, { 'ping.ts': 'one' })).begin(t);
  const { directory } = watched;
  t.equal(await watched.told(), 0);
  await write(directory, { 'ping.ts': 'other' });
  t.equal(await watched.told(), 1);
  t.equal(await watched.told(), 0);
  const time = new Date(1_000_000);
  await utimes(join(directory, 'ping.ts'), time, time);
  t.equal(await watched.told(), 1);
  await write(directory, { 'ping.ts': 'third' });
  await utimes(join(directory, 'ping.ts'), time, time);
  t.equal(await watched.told(), 1, 'of the same length and time');
  await rm(join(directory, 'ping.ts'));
  t.equal(await watched.told(), 1);
});

void t.test(
  'a directory that vanishes and comes back is told of, and looked at all along',
  async t => {
    const watched = await new Watched(t, await directoryOf(t, { 'ping.ts': 'one' })).begin(t);
    const { directory } = watched;
    await rm(directory, { recursive: true });
    t.equal(await watched.told(), 1);
    t.ok(watched.isAlive);
    await mkdir(directory);
    t.equal(await watched.told(), 1);
    await write(directory, { 'ping.ts': 'two' });
    t.equal(await watched.told(), 1);
  },
);

void t.test('a link that leads nowhere hides nothing of what comes after it', async t => {
  const watched = await new Watched(t, await directoryOf(t, { 'ping.ts': 'one' })).begin(t);
  const { directory } = watched;
  await symlink('nothing', join(directory, 'ack.ts'));
  t.equal(await watched.told(), 1);
  await write(directory, { 'ping.ts': 'three' });
  t.equal(await watched.told(), 1);
});

void t.test(
  'what nobody has heard, because the coordinator was just dead, is told again',
  async t => {
    const watched = await new Watched(t, await directoryOf(t, { 'ping.ts': 'one' })).begin(t);
    watched.coordinatorDies();
    await write(watched.directory, { 'ping.ts': 'four' });
    t.equal(await watched.told(), 0);
    await watched.coordinatorStarts();
    t.equal(await watched.told(), 1);
  },
);

void t.test('what nobody could load, because no isolate was up, is tried again', async t => {
  const watched = await new Watched(t, await directoryOf(t, { 'ping.ts': 'one' })).begin(t);
  const loaded = watched.answer;
  watched.answer = { code: 'unavailable', message: 'No isolate is up: try again.' };
  await write(watched.directory, { 'ping.ts': 'five' });
  t.equal(await watched.told(), 1, 'once a second, not with every look');
  watched.answer = loaded;
  t.equal((await watched.told()) + (await watched.told()), 1);
  t.equal((await watched.told()) + (await watched.told()), 0);
  watched.answer = { code: 'compile_failed', message: 'ping.ts: no' };
  await write(watched.directory, { 'ping.ts': 'sixth' });
  t.equal(
    (await watched.told()) + (await watched.told()),
    1,
    'what is wrong with a file is told once',
  );
});
