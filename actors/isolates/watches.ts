/** The monitors that processes of other isolates have on ours, and the callers there that wait. */
import type { ExitReason } from '../exit.ts';
import type { Pid } from '../pid.ts';
import type { Process, Watcher } from '../process.ts';
import { smallAdd, smallDelete } from '../small-set.ts';
import { downRemote } from './outgoing.ts';

/** By isolate, then by the ref that the watching isolate chose. */
const watches = new Map<number, Map<number, RemoteWatch>>();

class RemoteWatch implements Watcher {
  /** A process in another isolate; undefined when a caller outside of any process waits there. */
  readonly watcherPid: Pid | undefined;
  readonly #isolate: number;
  readonly #ref: number;
  readonly #target: Process;

  constructor(watcherPid: Pid | undefined, isolate: number, ref: number, target: Process) {
    this.watcherPid = watcherPid;
    this.#isolate = isolate;
    this.#ref = ref;
    this.#target = target;
  }

  targetDied(target: Process, reason: ExitReason): void {
    watches.get(this.#isolate)?.delete(this.#ref);
    downRemote(this.#isolate, this.#ref, target.pid, reason);
  }

  release(): void {
    this.#target.watchers = smallDelete<Watcher>(this.#target.watchers, this);
  }
}

/** Tells the isolate, under its ref, when the process dies. */
export function watchFor(
  isolate: number,
  ref: number,
  watcher: Pid | undefined,
  target: Process,
): void {
  const watch = new RemoteWatch(watcher, isolate, ref, target);
  target.watchers = smallAdd<Watcher>(target.watchers, watch);
  const ofIsolate = watches.get(isolate);
  if (ofIsolate === undefined) watches.set(isolate, new Map([[ref, watch]]));
  else ofIsolate.set(ref, watch);
}

/** Ends a watch, if there still is one. */
export function unwatchFor(isolate: number, ref: number): void {
  const ofIsolate = watches.get(isolate);
  ofIsolate?.get(ref)?.release();
  ofIsolate?.delete(ref);
}

/** Ends all that an isolate watched: it is gone. */
export function dropWatches(isolate: number): void {
  for (const watch of watches.get(isolate)?.values() ?? []) watch.release();
  watches.delete(isolate);
}
