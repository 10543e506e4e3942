/** Starting the process of an event manager. */
import type { StartResult } from '../gen-server/types.ts';
import type { Pid } from '../pid.ts';
import { startProcess } from '../proc-lib.ts';
import type { StartOptions } from '../proc-lib.ts';
import type { CreateOptions } from '../spawn.ts';
import { EventManagerLoop } from './loop.ts';

/** @param initial handlers with their arguments that are there from its beginning */
export function startManager(
  options: StartOptions & CreateOptions,
  initial: readonly (readonly [handler: object, arg: unknown])[] = [],
): Promise<StartResult> {
  let manager: EventManagerLoop | undefined;
  return startProcess<Pid>(
    { ...options, trapExit: true },
    {
      label: 'gen_event',
      behave: process => (manager = new EventManagerLoop(process)),
      init: () => manager?.install(initial),
    },
  );
}
