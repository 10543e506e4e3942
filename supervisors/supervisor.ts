/**
 * supervisor: starts children in order, restarts them by strategy, ends them in reverse.
 * The names, rules, answers and error tags are those of `supervisor.erl` (OTP 27).
 */
import { requireMethods, requireOptions } from '../actors/bad-argument.ts';
import { moduleToStart } from '../actors/code/module-table.ts';
import { self } from '../actors/context.ts';
import type { ChildRow } from './child.ts';
import type { Eventually, InitResult, StartResult } from '../actors/gen-server/types.ts';
import { call } from '../actors/gen-server/gen-server.ts';
import type { Pid } from '../actors/pid.ts';
import { getStatus } from '../actors/sys/sys.ts';
import type {
  AdminResult,
  ChildCounts,
  Children,
  StartChildResult,
  SupervisorCall,
} from './children.ts';
import { checkAll } from './child-spec.ts';
import type { ChildId } from './child-id.ts';
import type { CheckedSpec, ChildSpec } from './child-spec.ts';
import { DynamicChildren } from './dynamic-children.ts';
import { checkFlags } from './flags.ts';
import type { Flags, SupervisorFlags } from './flags.ts';
import { startSupervisor } from './server.ts';
import type { SupervisorKind } from './server.ts';
import { StaticChildren } from './static-children.ts';
import type { Dest, ServerName, StartName } from '../actors/server-ref.ts';

export { checkChildspecs } from './child-spec.ts';
/** Ends it and its children with the reason (Elixir's `Supervisor.stop`). */
export { stop } from '../actors/gen-server/gen-server.ts';

/**
 * What `init` says: flags and child specifications, with or without Erlang's `ok` around them, or
 * that there is nothing to supervise.
 */
export type SupervisorInit =
  | readonly [SupervisorFlags, readonly ChildSpec[]]
  | readonly ['ok', readonly [SupervisorFlags, readonly ChildSpec[]]]
  | 'ignore'
  | readonly ['ignore'];

/** A supervisor's callback module. */
export interface SupervisorModule<Arg = unknown> {
  readonly name?: string;
  init(arg: Arg): SupervisorInit;
}

export interface SupervisorOptions {
  readonly name?: StartName;
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
  requireMethods('startLink()', module, ['init']);
  requireOptions('startLink()', options);
  return startSupervisor(kindOf(moduleToStart(module, undefined), arg), options.name);
}

function kindOf(module: SupervisorModule, arg: unknown): SupervisorKind {
  let simple = false;
  const kind: SupervisorKind = {
    label: module.name === undefined || module.name === '' ? 'supervisor' : module.name,
    module,
    begin() {
      const plan = readInit(module, arg);
      if (plan === 'ignore') return ['ignore'];
      if ('wrong' in plan) return ['stop', [plan.wrong, plan.what]];
      simple = isSimple(plan.flags);
      return begin(plan);
    },
    upgrade(children, next) {
      const plan = readInit(next as SupervisorModule, arg);
      if (plan === 'ignore') return 'ok';
      if ('wrong' in plan) return ['error', upgradeError(plan)];
      // The children of the one kind cannot be kept as those of the other: OTP would lose them.
      if (isSimple(plan.flags) !== simple) return ['error', ['bad_flags', plan.flags]];
      children.update(plan.flags, plan.specs);
      kind.module = next;
      return 'ok';
    },
  };
  return kind;
}

interface Plan {
  readonly flags: Flags;
  readonly specs: readonly CheckedSpec[];
}

/** What cannot be begun with, and the tag of `init/1` for it. */
interface Refusal {
  readonly wrong: 'bad_return' | 'supervisor_data' | 'start_spec' | 'bad_start_spec';
  readonly what: unknown;
}

function readInit(module: SupervisorModule, arg: unknown): Plan | 'ignore' | Refusal {
  const answer: unknown = module.init(arg);
  if (answer === 'ignore' || isIgnore(answer)) return 'ignore';
  const tagged = Array.isArray(answer) && typeof answer[0] === 'string';
  const pair: unknown = tagged ? answer[0] === 'ok' && answer.length === 2 && answer[1] : answer;
  if (!Array.isArray(pair) || pair.length !== 2) {
    return { wrong: 'bad_return', what: [module.name, 'init', answer] };
  }
  const [givenFlags, givenSpecs] = pair as [SupervisorFlags, ChildSpec[]];
  const checked = checkFlags(givenFlags);
  if ('error' in checked) return { wrong: 'supervisor_data', what: checked.error };
  const { flags } = checked;
  if (isSimple(flags) && (!Array.isArray(givenSpecs) || givenSpecs.length !== 1)) {
    return { wrong: 'bad_start_spec', what: givenSpecs };
  }
  const all = checkAll(givenSpecs, flags.autoShutdown);
  if ('error' in all) return { wrong: 'start_spec', what: all.error };
  return { flags, specs: all.specs };
}

/** As each answer of a start here has its tag at `[0]`. */
function isIgnore(answer: unknown): boolean {
  return Array.isArray(answer) && answer.length === 1 && answer[0] === 'ignore';
}

/** `code_change/3` says why without the tags of a start, but for flags that are none, and what `init` returned if that is nothing. */
function upgradeError({ wrong, what }: Refusal): unknown {
  if (wrong === 'bad_return') return (what as readonly unknown[])[2];
  if (wrong === 'bad_start_spec') return [wrong, what];
  const noFlags = wrong === 'supervisor_data' && Array.isArray(what) && what[0] === 'invalid_type';
  return noFlags ? ['bad_flags', what[1]] : what;
}

function isSimple({ strategy }: Flags): boolean {
  return strategy === 'simple_one_for_one';
}

function begin(plan: Plan): Eventually<InitResult<Children>> {
  const { flags, specs } = plan;
  const [template] = specs;
  if (isSimple(flags) && template !== undefined) {
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
export function getChildspec(
  supervisor: SupervisorRef,
  id: ChildId | Pid,
): Promise<readonly ['ok', CheckedSpec] | readonly ['error', unknown]> {
  return call(ask(supervisor), { kind: 'getChildspec', id }, Infinity);
}

/** One child's row of {@link whichChildren}, or `'not_found'`; of a simple_one_for_one by pid. */
export function whichChild(
  supervisor: SupervisorRef,
  id: ChildId | Pid,
): Promise<readonly ['ok', ChildRow] | readonly ['error', unknown]> {
  return call(ask(supervisor), { kind: 'whichChild', id }, Infinity);
}

/** All children, the newest first; those of a simple_one_for_one the oldest first. */
export function whichChildren(supervisor: SupervisorRef): Promise<readonly ChildRow[]> {
  return call(ask(supervisor), { kind: 'whichChildren' }, Infinity);
}

/** How many specifications, living children, supervisors and workers there are. */
export function countChildren(supervisor: SupervisorRef): Promise<ChildCounts> {
  return call(ask(supervisor), { kind: 'countChildren' }, Infinity);
}

/** The callback module that it runs now, as `sys.getStatus` shows it. */
export async function getCallbackModule(supervisor: SupervisorRef): Promise<SupervisorModule> {
  const { state } = (await getStatus(supervisor)) as { state: { callback: SupervisorModule } };
  return state.callback;
}
