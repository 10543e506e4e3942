/**
 * supervisor: starts children in order, restarts them by strategy, ends them in reverse.
 * The names, rules, answers and error tags are those of `supervisor.erl` (OTP 27).
 */
import { self } from '../actors/context.ts';
import type { Eventually, InitResult, StartResult } from '../actors/gen-server/types.ts';
import { call } from '../actors/gen-server/gen-server.ts';
import type { Name, Pid } from '../actors/pid.ts';
import type {
  AdminResult,
  ChildCounts,
  ChildRow,
  Children,
  StartChildResult,
  SupervisorCall,
} from './children.ts';
import { checkAll } from './child-spec.ts';
import type { CheckedSpec, ChildId, ChildSpec } from './child-spec.ts';
import { DynamicChildren } from './dynamic-children.ts';
import { checkFlags } from './flags.ts';
import type { Flags, SupervisorFlags } from './flags.ts';
import { startSupervisor } from './server.ts';
import type { SupervisorKind } from './server.ts';
import { StaticChildren } from './static-children.ts';
import type { Dest, ServerName } from '../actors/server-ref.ts';

/** What `init` says: flags and child specifications, or that there is nothing to supervise. */
export type SupervisorInit = readonly [SupervisorFlags, readonly ChildSpec[]] | 'ignore';

/** A supervisor's callback module. */
export interface SupervisorModule<Arg = unknown> {
  readonly name?: string;
  init(arg: Arg): SupervisorInit;
}

export interface SupervisorOptions {
  readonly name?: Name;
}

/**
 * Starts a supervisor linked to the caller, with all the children that `init` names.
 * Fails with `['shutdown', ['failed_to_start_child', id, reason]]`, `['supervisor_data', why]`,
 * `['start_spec', why]` or `['bad_return', …]`; then what had been started is ended again.
 */
export function startLink<Arg = undefined>(
  init: SupervisorModule<Arg> | ((arg: Arg) => SupervisorInit),
  arg?: Arg,
  options: SupervisorOptions = {},
): Promise<StartResult> {
  const module = typeof init === 'function' ? { name: init.name, init } : init;
  return startSupervisor(kindOf(module, arg), options.name);
}

function kindOf(module: SupervisorModule, arg: unknown): SupervisorKind {
  return {
    label: module.name === undefined || module.name === '' ? 'supervisor' : module.name,
    begin: () => begin(module, arg),
    upgrade(children, next) {
      const read = readInit(next as SupervisorModule, arg);
      if (read === 'ignore') return 'ok';
      if ('error' in read) return ['error', read.error];
      children.update(read.flags, read.specs);
      return 'ok';
    },
  };
}

interface Plan {
  readonly flags: Flags;
  readonly specs: readonly CheckedSpec[];
}

function readInit(module: SupervisorModule, arg: unknown): Plan | 'ignore' | { error: unknown } {
  const answer: unknown = module.init(arg);
  if (answer === 'ignore') return 'ignore';
  if (!Array.isArray(answer) || answer.length !== 2) {
    return { error: ['bad_return', [module.name, 'init', answer]] };
  }
  const checked = checkFlags(answer[0] as SupervisorFlags);
  if ('error' in checked) return { error: ['supervisor_data', checked.error] };
  const { flags } = checked;
  const simple = flags.strategy === 'simple_one_for_one';
  const all = checkAll(answer[1] as ChildSpec[], flags.autoShutdown);
  if ('error' in all) return { error: ['start_spec', all.error] };
  if (simple && all.specs.length !== 1) return { error: ['bad_start_spec', answer[1]] };
  return { flags, specs: all.specs };
}

function begin(module: SupervisorModule, arg: unknown): Eventually<InitResult<Children>> {
  const plan = readInit(module, arg);
  if (plan === 'ignore') return ['ignore'];
  if ('error' in plan) return ['stop', plan.error];
  const { flags, specs } = plan;
  const [template] = specs;
  if (flags.strategy === 'simple_one_for_one' && template !== undefined) {
    const options = { maxChildren: Infinity, extraArguments: [], template };
    return ['ok', new DynamicChildren(self(), flags, options)];
  }
  return startStatic(new StaticChildren(self(), flags, specs));
}

async function startStatic(children: StaticChildren): Promise<InitResult<Children>> {
  const failure = await children.startAll();
  return failure === undefined ? ['ok', children] : ['stop', ['shutdown', failure]];
}

/** A reference to a supervisor. */
export type SupervisorRef = Dest;

type TypedSupervisor = ServerName<SupervisorCall, never>;

function ask(supervisor: SupervisorRef): TypedSupervisor {
  return supervisor as TypedSupervisor;
}

/**
 * Adds a child and starts it; for simple_one_for_one the second argument is the list of arguments
 * for its start. Errors: the tag of a bad specification, `'already_present'`,
 * `['already_started', pid]`, or `[reason, specification]`.
 */
export function startChild(
  supervisor: SupervisorRef,
  spec: ChildSpec | readonly unknown[],
): Promise<StartChildResult> {
  return call(ask(supervisor), { kind: 'startChild', spec }, Infinity);
}

/** Starts a child that is not running: `'running'`, `'restarting'`, `'not_found'` else. */
export function restartChild(supervisor: SupervisorRef, id: ChildId): Promise<StartChildResult> {
  return call(ask(supervisor), { kind: 'restartChild', id }, Infinity);
}

/** Forgets a child that is not running: `'running'`, `'restarting'`, `'not_found'` else. */
export function deleteChild(supervisor: SupervisorRef, id: ChildId): Promise<AdminResult> {
  return call(ask(supervisor), { kind: 'deleteChild', id }, Infinity);
}

/**
 * Ends a child and keeps its specification, unless it is temporary; also ends its retries.
 * Of a simple_one_for_one supervisor by pid.
 */
export function terminateChild(supervisor: SupervisorRef, id: ChildId | Pid): Promise<AdminResult> {
  return call(ask(supervisor), { kind: 'terminateChild', id }, Infinity);
}

/** A child's specification with the defaults filled in. */
export function getChildSpec(
  supervisor: SupervisorRef,
  id: ChildId | Pid,
): Promise<readonly ['ok', CheckedSpec] | readonly ['error', unknown]> {
  return call(ask(supervisor), { kind: 'getChildSpec', id }, Infinity);
}

/** All children, the newest first. */
export function whichChildren(supervisor: SupervisorRef): Promise<readonly ChildRow[]> {
  return call(ask(supervisor), { kind: 'whichChildren' }, Infinity);
}

/** How many specifications, living children, supervisors and workers there are. */
export function countChildren(supervisor: SupervisorRef): Promise<ChildCounts> {
  return call(ask(supervisor), { kind: 'countChildren' }, Infinity);
}
