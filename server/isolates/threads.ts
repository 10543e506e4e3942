/** The isolates that run: started and ended under their supervisor. */
import { describeReason, thisIsolate } from '../../actors/index.ts';
import { supervisor, type ChildSpec } from '../../supervisors/index.ts';
import { setWorkerEntry, workerEntry } from './worker-entry.ts';
import type { Refused } from './protocol.ts';
import { renewSpare } from './spare.ts';

/** The registered name of the supervisor of the isolates. */
export const isolatesName = 'isolates';

/** Pids have ten bits for the isolate; the last number is nobody's. */
const MOST = 1022;

export class Threads {
  private readonly spec: (isolate: number) => ChildSpec;
  private numbers: readonly number[];
  /** The program to go back to while new isolates with another one are being started. */
  private proved: string | URL | undefined;

  /** @param spec the child that owns an isolate's thread */
  constructor(count: number, spec: (isolate: number) => ChildSpec) {
    this.spec = spec;
    this.numbers = count === 0 ? [thisIsolate()] : Array.from({ length: count }, (_, i) => i + 1);
  }

  /** Those that may have shards. */
  running(): readonly number[] {
    return this.numbers;
  }

  /** The children that the supervisor starts with, also when it is restarted itself. */
  specs(): ChildSpec[] {
    return this.numbers.filter(number => number !== thisIsolate()).map(this.spec);
  }

  /** Starts so many more, with the program at `entry`; none when one of them does not come up. */
  async start(
    entry: string | undefined,
    count: number,
  ): Promise<{ readonly isolates: readonly number[] } | Refused> {
    await renewSpare();
    const before = workerEntry();
    this.proved = before;
    if (entry !== undefined) setWorkerEntry(entry);
    const isolates: number[] = [];
    for (let number = 1; isolates.length < count && number <= MOST; number++) {
      if (this.numbers.includes(number)) continue;
      const started = await supervisor.startChild(isolatesName, this.spec(number));
      if (started[0] !== 'ok') {
        setWorkerEntry(before);
        this.proved = undefined;
        await this.end(isolates);
        const why = started[0] === 'error' ? describeReason(started[1]) : 'it was ignored';
        return {
          code: 'upgrade_failed',
          message: `An isolate with the new program did not start, so nothing was changed: ${why}`,
        };
      }
      isolates.push(number);
    }
    this.numbers = [...this.numbers, ...isolates];
    this.proved = undefined;
    return { isolates };
  }

  /** Ends those that somebody has started who died before anybody knew, and forgets the program that was not proved. */
  async endStrays(): Promise<void> {
    if (this.numbers.includes(thisIsolate())) return;
    const known = new Set<unknown>(this.specs().map(({ id }) => id));
    const children = await supervisor.whichChildren(isolatesName);
    for (const { id } of children) if (id !== undefined && !known.has(id)) await endChild(id);
    if (this.proved !== undefined) setWorkerEntry(this.proved);
    this.proved = undefined;
  }

  async end(isolates: readonly number[]): Promise<void> {
    this.numbers = this.numbers.filter(number => !isolates.includes(number));
    for (const number of isolates) await endChild(this.spec(number).id);
  }
}

async function endChild(id: NonNullable<ChildSpec['id']>): Promise<void> {
  await supervisor.terminateChild(isolatesName, id);
  await supervisor.deleteChild(isolatesName, id);
}
