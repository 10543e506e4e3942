/**
 * Process identifiers: numbers that are never reused.
 *
 * A pid is `serial * 1024 + isolate`: whoever holds one can tell which isolate (thread) owns the
 * process. In isolate 0 the first two million are small integers, which V8 stores without a box.
 * An isolate that was restarted has a higher *creation*, as an Erlang node has, and counts its
 * serials from `creation * 2^30`: a pid of an earlier creation is a dead process for good.
 */
import { badArgument, shown } from './bad-argument.ts';

declare const pidBrand: unique symbol;
declare const refBrand: unique symbol;

export type Pid = number & { readonly [pidBrand]: 'pid' };

/** Names one monitor. */
export type MonitorRef = number & { readonly [refBrand]: 'monitor' };

/** A registered name. */
export type Name = string;

const ISOLATES = 1024;
const SERIALS_PER_CREATION = 2 ** 30;
const REFS_PER_CREATION = 2 ** 40;
/** More would not fit: a pid has 53 bits, 10 for the isolate and 30 for what one creation counts. */
const CREATIONS = 2 ** 13;

/** The number of the isolate that this copy of the runtime runs in. */
let ownIsolate = 0;
let firstSerial = 0;
let lastSerial = 0;
/** A program that never joins is no isolate among others and may count as far as numbers go. */
let endOfSerials = CREATIONS * SERIALS_PER_CREATION;
let lastRef = 0;

/**
 * Says which isolate this copy of the runtime is, before its first process; the default is isolate
 * 0, creation 0. Each start of an isolate needs a higher creation than its last one (0 to 8,191).
 */
export function joinAs(isolate: number, creation = 0): void {
  checkIsolate('joinAs()', isolate);
  if (!Number.isSafeInteger(creation) || creation < 0 || creation >= CREATIONS) {
    throw new RangeError(
      `joinAs() expects a creation from 0 to ${CREATIONS - 1}, one more for each restart of the ` +
        `isolate, got ${creation}`,
    );
  }
  if (lastSerial !== firstSerial) {
    throw new RangeError('joinAs() must come before the first process: some have a pid already');
  }
  ownIsolate = isolate;
  firstSerial = lastSerial = creation * SERIALS_PER_CREATION;
  endOfSerials = firstSerial + SERIALS_PER_CREATION;
  lastRef = creation * REFS_PER_CREATION;
}

/** The number of the isolate that this code runs in. */
export function thisIsolate(): number {
  return ownIsolate;
}

export function checkIsolate(what: string, isolate: number): void {
  if (Number.isSafeInteger(isolate) && isolate >= 0 && isolate < ISOLATES) return;
  throw new RangeError(
    `${what} expects an isolate from 0 to ${ISOLATES - 1}, got ${shown(isolate)}`,
  );
}

/** A pid that no process had before. */
export function makePid(): Pid {
  lastSerial += 1;
  if (lastSerial >= endOfSerials) {
    throw new RangeError(
      `isolate ${ownIsolate} has used up its pids: restart it with the next creation`,
    );
  }
  return (lastSerial * ISOLATES + ownIsolate) as Pid;
}

/** A number for a monitor or a call that this isolate never used before, in no creation. */
export function makeRef(): MonitorRef {
  lastRef += 1;
  return lastRef as MonitorRef;
}

/** The number of the isolate that owns the process. */
export function isolateOf(pid: Pid): number {
  return pid % ISOLATES;
}

/** True for a number that has the shape of a pid, whether or not its process lives. */
export function isPid(value: unknown): value is Pid {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= ISOLATES;
}

/** @throws TypeError for what has not the shape of a pid, as Erlang's badarg */
export function requirePid(what: string, pid: unknown): void {
  if (!isPid(pid)) throw badArgument(what, 'a pid', pid);
}
