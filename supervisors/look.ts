/**
 * Looking at a supervisor from outside, as an observer does: its flags, what of its intensity is used, and a page of its
 * children. Nothing is asked of its process, so one that is suspended, or waits for a child, can be looked at too; and
 * of a hundred thousand children only those of the page are gone through and told of.
 */
import type { Pid } from '../actors/pid.ts';
import { nowSeconds } from './child.ts';
import type { Child } from './child.ts';
import { shownId } from './child-id.ts';
import type { ChildId, ShownId } from './child-id.ts';
import type { ChildType, Restart } from './child-spec.ts';
import type { Flags } from './flags.ts';
import type { Shutdown } from '../actors/termination.ts';

export interface SupervisorLook {
  readonly flags: Flags;
  /** Restarts that count against the intensity now; 0 when each child has its own. */
  readonly restarts: number;
  /** How many children there are. */
  readonly total: number;
  /** Those of the page, in start order. */
  readonly children: readonly ChildLook[];
}

export interface ChildLook {
  /** Undefined for the children of a dynamic supervisor. */
  readonly id: ShownId | undefined;
  readonly pid: Pid | 'restarting' | undefined;
  readonly type: ChildType;
  readonly restart: Restart;
  readonly shutdown: Shutdown;
  readonly significant: boolean;
  /** Its own restarts that count now; undefined when they are counted for all children together. */
  readonly restarts: number | undefined;
}

/** Which children a look is for. */
export interface LookPage {
  readonly offset: number;
  readonly limit: number;
}

/** What a look tells of one child. @param id undefined where children have none */
export function lookAtChild(
  { spec, pid, restarts }: Child,
  id: ChildId | undefined,
  flags: Flags,
): ChildLook {
  return {
    id: id === undefined ? undefined : shownId(id),
    pid,
    type: spec.type,
    restart: spec.restart,
    shutdown: spec.shutdown,
    significant: spec.significant,
    restarts: flags.intensityPer === 'child' ? recentRestarts(restarts, flags) : undefined,
  };
}

/** How many of the restarts, given in seconds, still count. */
export function recentRestarts(restarts: readonly number[], { period }: Flags): number {
  const since = nowSeconds() - period;
  return restarts.filter(second => second >= since).length;
}
