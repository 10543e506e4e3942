/** Crashes are kept as files. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { genStatem, send, setCrashKeeper, start, type GenServer } from '../../../actors/index.ts';
import { keepCrashesAs } from '../../../server/crashes/keep.ts';
import type { IsolateSettings } from '../../../server/isolates/worker-data.ts';
import { captureLog } from '../../actors/capture-log.ts';
import { until } from '../../actors/until.ts';

const crashing: GenServer = {
  init: () => ['ok', undefined],
  handleCall: () => ['noreply', undefined],
  handleCast: () => ['noreply', undefined],
  handleInfo: () => {
    throw new Error('before any loader');
  },
};

/** A directory in which crashes are kept from now on, and whether keeping them has failed. */
function keeping(t: Test) {
  const directory = mkdtempSync(join(tmpdir(), 'strowger-crashes-'));
  const events = captureLog(t);
  t.teardown(() => {
    setCrashKeeper(undefined);
    rmSync(directory, { recursive: true });
  });
  const settings = { config: { crashes: directory }, shards: 1, version: '1.0.0' };
  keepCrashesAs(settings as unknown as IsolateSettings);
  return {
    failures: () =>
      events.filter(event => JSON.stringify(event).includes('the crash keeper failed')),
    files: () => readdirSync(directory),
    read: (name = '') => JSON.parse(readFileSync(join(directory, name), 'utf8')) as unknown,
  };
}

void t.test('a start that fails is kept, of a server and of a state machine', async t => {
  const kept = keeping(t);
  const init = () => {
    throw new Error('no start');
  };
  await start({ ...crashing, init }, { n: 1 }, { label: 'server' });
  const machine = { callbackMode: () => 'handle_event_function' as const, init };
  await genStatem.start(machine, { n: 2 } as never, { label: 'machine' });
  t.same(kept.failures(), []);
  const files = kept.files().map(name => kept.read(name) as { label: string });
  files.sort((one, other) => one.label.localeCompare(other.label));
  t.match(files, [
    { label: 'machine', callback: 'init', state: { n: 2 }, summary: 'Error: no start' },
    { label: 'server', callback: 'init', state: { n: 1 }, summary: 'Error: no start' },
  ]);
  t.equal(files.length, 2);
});

void t.test('a crash is kept where no loader has been yet, or is none', async t => {
  const { failures, files, read } = keeping(t);
  const [, pid] = await start(crashing, undefined, { label: 'early' });
  send(pid as never, 'crash');
  await until(() => failures().length + files().length > 0);
  t.same(failures(), [], 'no keeper failed');
  t.match(read(files()[0]), {
    label: 'early',
    summary: 'Error: before any loader',
    handlers: [],
  });
});
