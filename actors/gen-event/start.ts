/** Starting the process of an event manager. */
import type { StartMonitorResult, StartResult } from '../gen-server/types.ts';
import type { Pid } from '../pid.ts';
import { startMonitored, startProcess } from '../proc-lib.ts';
import type { Starter, StartOptions } from '../proc-lib.ts';
import type { CreateOptions } from '../spawn.ts';
import { EventManagerLoop } from './loop.ts';

/** @param initial handlers with their arguments that are there from its beginning */
export function startManager(
  options: StartOptions & CreateOptions,
  initial: Initial = [],
): Promise<StartResult> {
  return startProcess<Pid>({ ...options, trapExit: true }, starterOf(initial));
}

/** As {@link startManager}, monitored by the calling process. */
export function startManagerMonitored(options: StartOptions): Promise<StartMonitorResult> {
  return startMonitored<Pid>({ ...options, trapExit: true }, starterOf([]));
}

type Initial = readonly (readonly [handler: object, arg: unknown])[];

function starterOf(initial: Initial): Starter {
  let manager: EventManagerLoop | undefined;
  return {
    label: 'gen_event',
    behave: process => (manager = new EventManagerLoop(process)),
    init: () => manager?.install(initial),
  };
}
