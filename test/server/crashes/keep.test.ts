/** Crashes are kept as files. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { send, setCrashKeeper, start, type GenServer } from '../../../actors/index.ts';
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

void t.test('a crash is kept where no loader has been yet, or is none', async t => {
  const directory = mkdtempSync(join(tmpdir(), 'strowger-crashes-'));
  const events = captureLog(t);
  const failures = () =>
    events.filter(event => JSON.stringify(event).includes('the crash keeper failed'));
  t.teardown(() => {
    setCrashKeeper(undefined);
    rmSync(directory, { recursive: true });
  });
  const settings = { config: { crashes: directory }, shards: 1, version: '1.0.0' };
  keepCrashesAs(settings as unknown as IsolateSettings);
  const [, pid] = await start(crashing, undefined, { label: 'early' });
  send(pid as never, 'crash');
  await until(() => failures().length + readdirSync(directory).length > 0);
  t.same(failures(), [], 'no keeper failed');
  const [name = ''] = readdirSync(directory);
  t.match(JSON.parse(readFileSync(join(directory, name), 'utf8')), {
    label: 'early',
    summary: 'Error: before any loader',
    handlers: [],
  });
});
