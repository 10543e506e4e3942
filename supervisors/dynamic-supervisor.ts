/**
 * dynamic-supervisor: one_for_one children that are added while it runs, any number of them, each at
 * the same cost. The names and answers are those of Elixir's `DynamicSupervisor`.
 */
import { requireOptions } from '../actors/bad-argument.ts';
import { self } from '../actors/context.ts';
import type { ChildRow } from './child.ts';
import type { StartResult } from '../actors/gen-server/types.ts';
import type { ServerName, StartName } from '../actors/server-ref.ts';
import { call } from '../actors/gen-server/gen-server.ts';
import type { Pid } from '../actors/pid.ts';
import type { AdminResult, ChildCounts, SupervisorCall } from './children.ts';
import { checkDynamicSpec } from './child-spec.ts';
import type { ChildSpec } from './child-spec.ts';
import { DynamicChildren } from './dynamic-children.ts';
import { checkFlags } from './flags.ts';
import { startSupervisor } from './server.ts';
import type { SupervisorRef } from './supervisor.ts';

/** Ends it and its children with the reason. */
export { stop } from '../actors/gen-server/gen-server.ts';

export interface DynamicSupervisorOptions {
  readonly name?: StartName;
  /** There is no other. */
  readonly strategy?: 'one_for_one';
  /** Children that may run at a time; default `'infinity'`. Past it: `['error', 'max_children']`. */
  readonly maxChildren?: number | 'infinity';
  /** Restarts allowed within the period; default 3, as Elixir's `max_restarts`. */
  readonly intensity?: number;
  /** Seconds; default 5. */
  readonly period?: number;
  /** Ours: `'child'` counts for each child by itself, and gives up only that child. */
  readonly intensityPer?: 'supervisor' | 'child';
  /** Handed to the start of every child. */
  readonly extraArguments?: readonly unknown[];
}

/** Starts one linked to the caller. Bad options fail with `['supervisor_data', why]`. */
export function startLink(options: DynamicSupervisorOptions = {}): Promise<StartResult> {
  requireOptions('startLink()', options);
  const { strategy = 'one_for_one', extraArguments = [] } = options;
  const { intensity = 3, period = 5, intensityPer = 'supervisor' } = options;
  const { maxChildren: most = 'infinity' } = options;
  const maxChildren = most === 'infinity' ? Infinity : most;
  const checked = checkFlags({ strategy, intensity, period, intensityPer });
  const kind = {
    label: 'dynamic_supervisor',
    begin: () => {
      if ('error' in checked) return stop(checked.error);
      if (checked.flags.strategy !== 'one_for_one') return stop(['invalid_strategy', strategy]);
      if (!isCount(maxChildren)) return stop(['invalid_max_children', maxChildren]);
      if (!Array.isArray(extraArguments)) {
        return stop(['invalid_extra_arguments', extraArguments]);
      }
      const children = new DynamicChildren(self(), checked.flags, { maxChildren, extraArguments });
      return ['ok', children] as const;
    },
    // It has no module of its own that a new version could say anything new in.
    upgrade: () => 'ok' as const,
  };
  return startSupervisor(kind, options.name);
}

function isCount(value: number): boolean {
  return value === Infinity || (Number.isSafeInteger(value) && value >= 0);
}

function stop(why: unknown): readonly ['stop', unknown] {
  return ['stop', ['supervisor_data', why]];
}

type TypedSupervisor = ServerName<SupervisorCall, never>;

function ask(supervisor: SupervisorRef): TypedSupervisor {
  return supervisor as TypedSupervisor;
}

/** A child's specification; ids are not needed here. */
export type DynamicChildSpec = Omit<ChildSpec, 'id'> & { readonly id?: ChildSpec['id'] };

/**
 * Starts a child: its start's result, `'max_children'`, or the tag of a bad specification, which no
 * supervisor is asked for.
 */
export function startChild(
  supervisor: SupervisorRef,
  spec: DynamicChildSpec,
): Promise<StartResult> {
  const checked = checkDynamicSpec(spec);
  if ('error' in checked) return Promise.resolve(['error', checked.error]);
  const request = { kind: 'startChild', spec: spec as ChildSpec } as const;
  return call(ask(supervisor), request, Infinity) as Promise<StartResult>;
}

/** Ends a child: `'ok'`, or `['error', 'not_found']`. */
export function terminateChild(supervisor: SupervisorRef, pid: Pid): Promise<AdminResult> {
  return call(ask(supervisor), { kind: 'terminateChild', id: pid }, Infinity);
}

/** All children, the oldest first; their ids are undefined. */
export function whichChildren(supervisor: SupervisorRef): Promise<readonly ChildRow[]> {
  return call(ask(supervisor), { kind: 'whichChildren' }, Infinity);
}

/** How many children there are; `active` leaves out those between two tries of a restart. */
export function countChildren(supervisor: SupervisorRef): Promise<ChildCounts> {
  return call(ask(supervisor), { kind: 'countChildren' }, Infinity);
}
