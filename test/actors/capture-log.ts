import { setLogger } from '../../actors/index.ts';
import type { LogEvent } from '../../actors/index.ts';

/** Collects the log events of one test and puts the old sink back at its end. */
export function captureLog(t: { teardown: (undo: () => void) => void }): LogEvent[] {
  const events: LogEvent[] = [];
  const old = setLogger(event => {
    events.push(event);
  });
  t.teardown(() => {
    setLogger(old);
  });
  return events;
}
