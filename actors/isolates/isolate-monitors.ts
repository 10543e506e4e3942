/** Who is told when isolates come and go: `net_kernel:monitor_nodes/1`. */
import { requireProcess } from '../context.ts';
import type { Holding, Process } from '../process.ts';
import { deliverNotice } from '../signals.ts';
import { smallAdd, smallDelete } from '../small-set.ts';

/** An isolate was connected, or is gone. */
export interface IsolateMessage {
  readonly kind: 'isolate_up' | 'isolate_down';
  readonly isolate: number;
}

class Subscription implements Holding {
  /** As in Erlang: who asked twice is told twice, and has to say twice that it is enough. */
  times = 0;
  readonly process: Process;

  constructor(process: Process) {
    this.process = process;
    process.holdings = smallAdd<Holding>(process.holdings, this);
    subscriptions.set(process, this);
  }

  release(): void {
    subscriptions.delete(this.process);
  }
}

const subscriptions = new Map<Process, Subscription>();

/**
 * Sends the calling process `{ kind: 'isolate_up' | 'isolate_down', isolate }` from here on: up
 * before any signal from that isolate, down after the last one and after what its end causes.
 */
export function monitorIsolates(on: boolean): void {
  const process = requireProcess('monitorIsolates()');
  const known = subscriptions.get(process);
  if (on) {
    (known ?? new Subscription(process)).times += 1;
    return;
  }
  if (known === undefined) return;
  known.times -= 1;
  if (known.times > 0) return;
  known.release();
  process.holdings = smallDelete<Holding>(process.holdings, known);
}

export function announceIsolate(kind: IsolateMessage['kind'], isolate: number): void {
  for (const { process, times } of [...subscriptions.values()]) {
    const message: IsolateMessage = { kind, isolate };
    for (let time = 0; time < times; time += 1) deliverNotice(process, message);
  }
}
