/** Ending a task that one owns. See Elixir's `Task.shutdown/2`. */
import { exit } from '../../actors/links.ts';
import type { TimeLimit } from '../../actors/time-limit.ts';
import { checkTimeLimit, DEFAULT_TIMEOUT_MS } from './owned-task.ts';
import type { Outcome, Task } from './owned-task.ts';

/**
 * Ends the task and waits until it is dead: by `shutdown`, and after the time by `kill`. Its
 * result if it came before, `['exit', reason]` if it ended otherwise than it was asked to, else
 * undefined.
 */
export async function shutdown<Result>(
  task: Task<Result>,
  timeout: TimeLimit | 'brutal_kill' = DEFAULT_TIMEOUT_MS,
): Promise<Outcome<Result> | undefined> {
  task.check('shutdown()');
  if (timeout !== 'brutal_kill') checkTimeLimit('shutdown()', timeout);
  const { pid } = task;
  const asked = timeout === 'brutal_kill' ? 'killed' : 'shutdown';
  let { outcome } = task;
  if (outcome === undefined && pid !== undefined) {
    task.unlink();
    exit(pid, timeout === 'brutal_kill' ? 'kill' : 'shutdown');
    outcome = await task.wait(timeout === 'brutal_kill' ? Infinity : timeout);
    if (outcome === undefined) {
      exit(pid, 'kill');
      outcome = await task.wait(Infinity);
    }
  }
  task.close();
  return outcome?.[0] === 'exit' && outcome[1] === asked ? undefined : outcome;
}
