/** Child specifications: defaults and checks, with the tags of `supervisor.erl`, `check_childspec/2`. */
import type { Shutdown } from '../actors/termination.ts';
import type { StartResult } from '../actors/gen-server/types.ts';
import type { Pid } from '../actors/pid.ts';
import { keyOf } from './child-id.ts';
import type { ChildId } from './child-id.ts';
import { badCombination } from './flags.ts';
import type { AutoShutdown } from './flags.ts';

export type Restart = 'permanent' | 'transient' | 'temporary';
export type ChildType = 'worker' | 'supervisor';

/** What a start function may answer: `extra` is handed on to who asked for the start. */
export type ChildStart = StartResult | readonly ['ok', Pid, unknown] | 'ignore';

/** A start function; written as a method so that one with typed arguments of its own fits. */
type Start = { start(...args: unknown[]): ChildStart | Promise<ChildStart> }['start'];

export interface ChildSpec {
  /** Names the child inside its supervisor; a dynamic supervisor needs none. */
  readonly id: ChildId;
  /** Starts the process linked to the caller, usually `() => startLink(module, arg, options)`. */
  readonly start: Start;
  /** Default `permanent`. */
  readonly restart?: Restart;
  /** Default 5,000 ms for a worker, `infinity` for a supervisor. The number `Infinity` is `infinity`. */
  readonly shutdown?: Shutdown;
  /** Default `worker`. */
  readonly type?: ChildType;
  /** The callback modules, or their names; shown by `whichChildren`, default `dynamic`. */
  readonly modules?: readonly (object | string)[] | 'dynamic';
  /** Whether its end may end the supervisor, see `autoShutdown`; default false. */
  readonly significant?: boolean;
}

/** A specification with its defaults filled in. */
export type CheckedSpec = Required<ChildSpec>;

const DEFAULT_SHUTDOWN_MS = 5_000;
const RESTARTS: readonly unknown[] = ['permanent', 'transient', 'temporary'];

/** The specification with defaults, or why it is refused. */
export function checkChildSpec(
  given: ChildSpec,
  autoShutdown: AutoShutdown | undefined,
): { spec: CheckedSpec } | { error: unknown } {
  if (typeof given !== 'object' || (given as unknown) === null || Array.isArray(given)) {
    return { error: ['invalid_child_spec', given] };
  }
  // A default stands for what is missing, not for null, which is none of the values.
  const { id, start, type = 'worker', restart = 'permanent' } = given;
  const { modules = 'dynamic', significant = false } = given;
  const shutdown = shutdownOf(given, type);
  const spec: CheckedSpec = { id, start, restart, shutdown, type, modules, significant };
  const error = badField(spec, autoShutdown);
  return error === undefined ? { spec } : { error };
}

/**
 * The specification of a dynamic supervisor's child: it needs no id, and cannot be significant. As
 * Elixir's `validate_child/1`.
 */
export function checkDynamicSpec(given: unknown): { spec: CheckedSpec } | { error: unknown } {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    return { error: ['invalid_child_spec', given] };
  }
  const { significant = false, start } = given as Partial<ChildSpec>;
  if (start === undefined) return { error: ['invalid_child_spec', given] };
  const checked = checkChildSpec(
    { ...(given as ChildSpec), id: 'dynamic', significant: false },
    undefined,
  );
  if ('error' in checked || (significant as unknown) === false) return checked;
  return { error: ['invalid_significant', significant] };
}

function shutdownOf({ shutdown }: ChildSpec, type: ChildType): Shutdown {
  if (shutdown === undefined) return type === 'supervisor' ? 'infinity' : DEFAULT_SHUTDOWN_MS;
  return shutdown === Infinity ? 'infinity' : shutdown;
}

function badField(spec: CheckedSpec, autoShutdown: AutoShutdown | undefined): unknown {
  // The types promise all this; the specification may come from plain JavaScript.
  const given: { readonly [Field in keyof CheckedSpec]: unknown } = spec;
  const { id, start, restart, shutdown, type, modules, significant } = given;
  if (id === undefined) return 'missing_id';
  if (typeof start === 'undefined') return 'missing_start';
  if (typeof start !== 'function') return ['invalid_mfa', start];
  if (!RESTARTS.includes(restart)) return ['invalid_restart_type', restart];
  if (significant === true && autoShutdown === 'never') {
    return badCombination(['auto_shutdown', autoShutdown], ['significant', significant]);
  }
  if (significant === true && restart === 'permanent') {
    return badCombination(['restart', restart], ['significant', significant]);
  }
  if (typeof significant !== 'boolean') return ['invalid_significant', significant];
  if (type !== 'worker' && type !== 'supervisor') return ['invalid_child_type', type];
  if (!isShutdown(shutdown)) return ['invalid_shutdown', shutdown];
  return badModules(modules);
}

function badModules(modules: unknown): unknown {
  if (modules === 'dynamic') return undefined;
  if (!Array.isArray(modules)) return ['invalid_modules', modules];
  const bad = modules.findIndex(one => !isModule(one));
  return bad === -1 ? undefined : ['invalid_module', modules[bad] as unknown];
}

/** A callback module, or the name that one goes by, as Erlang's modules are atoms. */
function isModule(value: unknown): boolean {
  return typeof value === 'string' || (typeof value === 'object' && value !== null);
}

export function isShutdown(value: unknown): value is Shutdown {
  if (value === 'brutal_kill' || value === 'infinity') return true;
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

/** All specifications with defaults, or why the first bad one is refused; ids must differ. */
export function checkAll(
  given: readonly ChildSpec[],
  autoShutdown: AutoShutdown | undefined,
): { specs: CheckedSpec[] } | { error: unknown } {
  if (!Array.isArray(given)) return { error: ['badarg', given] };
  const specs: CheckedSpec[] = [];
  const ids = new Set<unknown>();
  for (const one of given as readonly ChildSpec[]) {
    const checked = checkChildSpec(one, autoShutdown);
    if ('error' in checked) return checked;
    const key = keyOf(checked.spec.id);
    if (ids.has(key)) return { error: ['duplicate_child_name', checked.spec.id] };
    ids.add(key);
    specs.push(checked.spec);
  }
  return { specs };
}

const AUTO_SHUTDOWNS: readonly unknown[] = [
  undefined,
  'never',
  'any_significant',
  'all_significant',
];

/**
 * Says whether a supervisor would take these: `'ok'`, or `['error', why]`; with the second argument
 * one that has this `autoShutdown`.
 */
export function checkChildspecs(
  specs: readonly ChildSpec[],
  autoShutdown?: AutoShutdown,
): 'ok' | readonly ['error', unknown] {
  if (!AUTO_SHUTDOWNS.includes(autoShutdown)) return ['error', ['badarg', autoShutdown]];
  const checked = checkAll(specs, autoShutdown);
  return 'error' in checked ? ['error', checked.error] : 'ok';
}
