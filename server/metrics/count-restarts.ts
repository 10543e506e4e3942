/** Counts restarts from the supervisors' own reports, on their way to the log. */
import type { LogSink } from '../../actors/index.ts';
import type { ServerMetrics } from './server-metrics.ts';

/**
 * A sink for `setLogger` that counts each child that a supervisor saw end abnormally, and hands everything on.
 * Supervisors without a name count together: their pids would be labels without end.
 */
export const countRestarts =
  (metrics: Pick<ServerMetrics, 'restarts'>, next: LogSink): LogSink =>
  event => {
    const { report } = event;
    if (report.kind === 'supervisor' && report.errorContext === 'child_terminated') {
      const supervisor = typeof report.supervisor === 'string' ? report.supervisor : 'unnamed';
      metrics.restarts.inc({ supervisor });
    }
    next(event);
  };
