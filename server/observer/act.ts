/** What a person does to a process of this isolate through the observer. */
import { glanceAt, send, sys, type Pid } from '../../actors/index.ts';
import { lookAtSupervisor, supervisor, type StartChildResult } from '../../supervisors/index.ts';
import type { AdminResult } from '../../supervisors/index.ts';
import { describeReason, Exit } from '../../actors/index.ts';
import { whyUnanswered } from './process-view.ts';
import type { Action, NotDone } from './protocol.ts';
import { replaceAt } from './replace-at.ts';
import type { Traces } from './traces.ts';
import { noProcess } from './tree-view.ts';

/** All but `exit`, which is said to last, when the answer has been given. */
export type AskedAction = Exclude<Action, { readonly kind: 'exit' }>;

/** A process has so long to answer; one that waits for something does not. */
const WITHIN_MS = 3_000;

export async function act(pid: Pid, action: AskedAction, traces: Traces): Promise<'ok' | NotDone> {
  if (glanceAt(pid) === undefined) return { error: 'no_process', message: noProcess(pid) };
  try {
    return await perform(pid, action, traces);
  } catch (thrown) {
    if (!(thrown instanceof Exit)) throw thrown;
    const message = whyUnanswered(thrown);
    const late = Array.isArray(thrown.reason) && thrown.reason[0] === 'timeout';
    return { error: late ? 'no_answer' : 'refused', message };
  }
}

async function perform(pid: Pid, action: AskedAction, traces: Traces): Promise<'ok' | NotDone> {
  switch (action.kind) {
    case 'trace':
      return (await traces.start(pid, action.events, action.seconds)) === 'ok'
        ? 'ok'
        : refused('Too many processes are traced: wait until a trace is over.');
    case 'stop_trace':
      await traces.stop(pid);
      return 'ok';
    case 'suspend':
      return sys.suspend(pid, WITHIN_MS);
    case 'resume':
      return sys.resume(pid, WITHIN_MS);
    case 'send':
      send(pid, action.message);
      return 'ok';
    case 'replace_state': {
      const { path, value } = action;
      await sys.replaceState(pid, state => replaceAt(state, path, value), WITHIN_MS);
      return 'ok';
    }
    case 'log':
      await sys.log(pid, action.on, WITHIN_MS);
      return 'ok';
    case 'statistics':
      await sys.statistics(pid, action.on, WITHIN_MS);
      return 'ok';
    case 'terminate_child':
    case 'restart_child':
    case 'delete_child':
      return administer(pid, action.kind, action.id);
  }
}

const administrations = {
  terminate_child: supervisor.terminateChild,
  restart_child: supervisor.restartChild,
  delete_child: supervisor.deleteChild,
} as const;

async function administer(
  pid: Pid,
  how: keyof typeof administrations,
  id: string | number,
): Promise<'ok' | NotDone> {
  if (lookAtSupervisor(pid, { offset: 0, limit: 0 }) === undefined) {
    return refused('It is no supervisor: children are administered through theirs.');
  }
  const result: AdminResult | StartChildResult = await administrations[how](pid, id);
  if (result === 'ok' || result[0] !== 'error') return 'ok';
  return refused(`Its supervisor answered: ${describeReason(result[1])}.`);
}

const refused = (message: string): NotDone => ({ error: 'refused', message });
