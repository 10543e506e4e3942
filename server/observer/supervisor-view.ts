/** A supervisor's flags and what of its intensity is used. */
import { lookAtSupervisor, type SupervisorLook } from '../../supervisors/index.ts';
import type { Pid } from '../../actors/index.ts';
import type { SupervisorView } from '../../protocol/observer.ts';

function supervisorView({ flags, restarts, total }: SupervisorLook): SupervisorView {
  const { strategy, intensity, period, intensityPer, autoShutdown } = flags;
  return { strategy, intensity, period, intensityPer, autoShutdown, restarts, children: total };
}

/** Null for what is no supervisor of this isolate. */
export function supervisorViewOf(pid: Pid): SupervisorView | null {
  const look = lookAtSupervisor(pid, { offset: 0, limit: 0 });
  return look === undefined ? null : supervisorView(look);
}
