/**
 * Process identifiers: numbers that are never reused.
 *
 * A pid is `serial * 1024 + isolate`: whoever holds one can tell which isolate (thread) owns the
 * process. In isolate 0 the first two million are small integers, which V8 stores without a box.
 */
declare const pidBrand: unique symbol;
declare const refBrand: unique symbol;

export type Pid = number & { readonly [pidBrand]: 'pid' };

/** Names one monitor. */
export type MonitorRef = number & { readonly [refBrand]: 'monitor' };

/** A registered name. */
export type Name = string;

const ISOLATES = 1024;

/** The number of the isolate that this copy of the runtime runs in. */
const ownIsolate = 0;

let lastSerial = 0;

/** A pid that no process had before. */
export function makePid(): Pid {
  lastSerial += 1;
  return (lastSerial * ISOLATES + ownIsolate) as Pid;
}

/** The number of the isolate that owns the process. */
export function isolateOf(pid: Pid): number {
  return pid % ISOLATES;
}

/** True for a number that has the shape of a pid, whether or not its process lives. */
export function isPid(value: unknown): value is Pid {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= ISOLATES;
}
