import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import { exit, processes, processInfo, setLogger, type LogEvent } from '../../actors/index.ts';
import type { Runtime } from '../../lab/process-faults.ts';
import { loadConfig } from '../../server/config/load.ts';
import { startServer, type RunningServer } from '../../server/start.ts';
import type { Pid } from '../../actors/index.ts';

/** The runtime in this isolate, for lab/process-faults.ts. */
export const runtime: Runtime<Pid> = { processes, processInfo, exit };

export interface InProcessServer {
  readonly server: RunningServer;
  readonly directory: string;
  /** What the runtime reported: the crashes that the test made are among it. */
  readonly reports: LogEvent[];
}

/**
 * A server in this process, so that its processes can be killed one by one; on a directory that goes with the test.
 * Without the flag `isolates` all of them are in this thread.
 * @param flags as an argument parser gives them: `{ shards: '2' }`
 */
export async function startInProcess(
  t: Test,
  flags: Readonly<Record<string, string>> = {},
): Promise<InProcessServer> {
  const directory = await mkdtemp(join(tmpdir(), 'strowger-e2e-'));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  const given = { data: directory, port: '0', isolates: '0', ...flags };
  const server = await startServer(loadConfig({ flags: given }));
  const reports: LogEvent[] = [];
  setLogger(event => reports.push(event));
  t.teardown(() => server.stop());
  return { server, directory, reports };
}
