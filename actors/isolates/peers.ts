/** Connecting isolates and letting them go: what `net_kernel` does for Erlang's nodes. */
import { requireMethods } from '../bad-argument.ts';
import { runOutside } from '../context.ts';
import { reasonOf } from '../exit.ts';
import { log } from '../logger.ts';
import { checkIsolate, thisIsolate } from '../pid.ts';
import { processes, processOf } from '../process-table.ts';
import { crash } from '../signals.ts';
import { smallList } from '../small-set.ts';
import { decodeBatch } from './codec.ts';
import { obey } from './inbox.ts';
import { announceIsolate } from './isolate-monitors.ts';
import { closeOutbox, openOutbox, Outbox, outboxTo, scheduleFlush } from './outbox.ts';
import type { IsolatePort, RefusedHandler } from './outbox.ts';
import { breakLinks } from './remote-links.ts';
import type { Signal } from './signal.ts';
import { takeAwaiting } from './waiting.ts';
import { dropWatches } from './watches.ts';

/**
 * Opens the channel to another isolate; its other end is connected the same way there, and what is
 * sent meanwhile waits in the port. An isolate of that number that was connected before is let go
 * first: a restarted one takes its place.
 *
 * Channels keep no program alive, as idle processes do not: a program in which nothing else is
 * open ends, and in a worker thread something of its own, such as a listener on its `parentPort`,
 * has to stay.
 */
export function connectIsolate(isolate: number, port: IsolatePort): void {
  checkIsolate('connectIsolate()', isolate);
  if (isolate === thisIsolate()) {
    throw new RangeError(
      `connectIsolate(): this is isolate ${isolate} itself; say which one it is with joinAs()`,
    );
  }
  requireMethods('connectIsolate()', port, ['on', 'postMessage', 'close']);
  disconnectIsolate(isolate);
  const outbox = new Outbox(isolate, port, tellSender);
  openOutbox(outbox);
  announceIsolate('isolate_up', isolate);
  port.on('message', bytes => {
    // What an isolate that was let go still says is not heard.
    if (outboxTo(isolate) === outbox) runOutside(() => receive(isolate, bytes as Uint8Array));
  });
  // Listening has made it one that is waited for.
  port.unref?.();
}

function receive(isolate: number, bytes: Uint8Array): void {
  let signals: readonly Signal[];
  try {
    signals = decodeBatch(bytes) as readonly Signal[];
  } catch (thrown) {
    // As in Erlang: what cannot be read has broken the order, and so the connection.
    const text = `a batch from isolate ${isolate} cannot be decoded: the isolate is let go`;
    log('error', { kind: 'message', text, reason: reasonOf(thrown) }, undefined);
    disconnectIsolate(isolate);
    return;
  }
  for (const signal of signals) obey(isolate, signal);
  scheduleFlush();
}

/** Who sent what its codec refuses made a mistake, and ends for it; outside it is only told. */
const tellSender: RefusedHandler = (sender, error) => {
  if (sender !== undefined) crash(sender, reasonOf(error));
  else log('error', { kind: 'message', text: error.message, reason: error }, undefined);
};

/**
 * Lets an isolate go: its processes are dead to us. Monitors get DOWN, links EXIT and open calls
 * fail, all with `'noconnection'`; what it still says is not heard. What was sent to it before
 * leaves first. Without effect for one that is not connected.
 */
export function disconnectIsolate(isolate: number): void {
  const outbox = outboxTo(isolate);
  if (outbox === undefined) return;
  outbox.flush();
  closeOutbox(isolate);
  outbox.close();
  dropWatches(isolate);
  for (const waiting of takeAwaiting(isolate)) waiting.down(undefined, 'noconnection');
  for (const pid of processes()) {
    const process = processOf(pid);
    if (process !== undefined) breakLinks(process, smallList(process.links), isolate);
  }
  announceIsolate('isolate_down', isolate);
}
