/**
 * Which applications run, and what the end of one means. Each master is watched from outside of it,
 * as `application_controller` does, because one that is killed can tell nothing itself.
 */
import { runOutside, selfOrUndefined } from '../actors/context.ts';
import { describeReason, isOrderly, reasonOf } from '../actors/exit.ts';
import type { ExitReason } from '../actors/exit.ts';
import { log } from '../actors/logger.ts';
import type { Name, Pid } from '../actors/pid.ts';
import { processOf } from '../actors/process-table.ts';
import type { Process, Watcher } from '../actors/process.ts';
import { smallAdd } from '../actors/small-set.ts';
import type { ApplicationSpec } from './loaded-applications.ts';

/**
 * What the end of the tree means. `permanent`: any end of it stops the node; `transient`: any but
 * `normal`; `temporary`: it is logged.
 */
export type StartType = 'permanent' | 'transient' | 'temporary';

/** Ends the node because an application that it needs has ended. */
export type NodeStopper = (application: Name, reason: ExitReason) => void;

let stopNode: NodeStopper = () => process.exit(1);

/** Puts another way to end the node in place (default: exit code 1) and returns the old one. */
export function setNodeStopper(replacement: NodeStopper): NodeStopper {
  const old = stopNode;
  stopNode = replacement;
  return old;
}

/** In the order they came up. Who is stopped on request goes before it ends. */
export const running = new Map<Name, ApplicationWatch>();

/** Sees the end of an application whose tree is up, however its master ends. */
export class ApplicationWatch implements Watcher {
  readonly watcherPid = undefined;
  readonly spec: ApplicationSpec;
  readonly #type: StartType;
  readonly #top: Pid;
  #stopRan = false;

  constructor(master: Process, spec: ApplicationSpec, type: StartType, top: Pid) {
    this.spec = spec;
    this.#type = type;
    this.#top = top;
    master.watchers = smallAdd<Watcher>(master.watchers, this);
  }

  /** The start phases are through. */
  runs(): void {
    running.set(this.spec.name, this);
  }

  /** Runs the application's own `stop`, once; the tree has ended. */
  async runStop(): Promise<void> {
    if (this.#stopRan) return;
    this.#stopRan = true;
    await tryTo('stop', this.spec);
  }

  targetDied(_master: Process, reason: ExitReason): void {
    const { name } = this.spec;
    const meant = running.get(name) !== this;
    if (!meant) running.delete(name);
    // In a turn of its own: foreign code must not hold up what else this death causes.
    runOutside(() =>
      queueMicrotask(() => {
        if (!meant) judge(name, this.#type, reason);
        afterEndOf(this.#top, () => void this.runStop());
      }),
    );
  }
}

/** One that fails is told of and holds nothing up, as `application_master` catches them. */
export async function tryTo(callback: 'prepStop' | 'stop', spec: ApplicationSpec): Promise<void> {
  try {
    await spec[callback]?.();
  } catch (thrown) {
    const text = `application ${spec.name}: ${callback} failed: ${describeReason(reasonOf(thrown))}`;
    log('error', { kind: 'message', text }, selfOrUndefined());
  }
}

/** It ended, and nobody had asked for it. */
function judge(name: Name, type: StartType, reason: ExitReason): void {
  const fatal = type === 'permanent' || (type === 'transient' && reason !== 'normal');
  const text = `application ${name} ended: ${describeReason(reason)}`;
  log(fatal || !isOrderly(reason) ? 'error' : 'notice', { kind: 'message', text, type }, undefined);
  if (fatal) stopNode(name, reason);
}

function afterEndOf(pid: Pid, act: () => void): void {
  const process = processOf(pid);
  if (process === undefined) {
    act();
    return;
  }
  const watch: Watcher = { watcherPid: undefined, targetDied: () => runOutside(() => queueMicrotask(act)) }; // prettier-ignore
  process.watchers = smallAdd(process.watchers, watch);
}
