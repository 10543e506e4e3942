/**
 * Asks another Node process for a full collection, in all of its threads, through its inspector (Chrome DevTools
 * Protocol: HeapProfiler.collectGarbage; Node's own domain NodeWorker for worker threads): a process that rests keeps
 * its garbage, and memory is to be compared without it.
 */
import { WebSocket } from 'ws';

/** What a process that was started with `--inspect` writes to stderr. */
const announcement = /^Debugger listening on (ws:\/\/\S+)$/;
const timeoutMs = 30_000;

interface Answer {
  readonly id?: number;
  readonly error?: { readonly message: string };
  readonly method?: string;
  readonly params?: { readonly sessionId: string; readonly message?: string };
}

/** @returns the inspector's address, when this line of stderr tells it */
export const inspectorOf = (line: string): string | null => announcement.exec(line)?.[1] ?? null;

/** @throws (rejects) Error when it does not answer in time, or says that it cannot */
export async function collectGarbage(inspector: string): Promise<void> {
  const socket = new WebSocket(inspector);
  try {
    await within(run(socket), 'collected its garbage');
  } finally {
    socket.terminate();
  }
}

function run(socket: WebSocket): Promise<void> {
  return new Promise((resolve, reject) => {
    let nextId = 1;
    const open = new Set<number>();
    const ask = (method: string, params: object = {}): void => {
      open.add(nextId);
      socket.send(JSON.stringify({ id: nextId++, method, params }));
    };
    /** Its answer has an id of its own and comes in an event: it stays open until then. */
    const askWorker = (sessionId: string): void => {
      const id = nextId++;
      open.add(id);
      const message = JSON.stringify({ id, method: 'HeapProfiler.collectGarbage' });
      ask('NodeWorker.sendMessageToWorker', { sessionId, message });
    };
    const take = ({ id, error, method, params }: Answer): void => {
      if (error !== undefined) reject(new Error(error.message));
      if (method === 'NodeWorker.attachedToWorker' && params) askWorker(params.sessionId);
      if (method === 'NodeWorker.receivedMessageFromWorker' && params?.message !== undefined)
        take(JSON.parse(params.message) as Answer);
      if (id !== undefined) open.delete(id);
      if (open.size === 0) resolve();
    };
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('the inspector closed the connection')));
    socket.on('message', data => take(JSON.parse((data as Buffer).toString()) as Answer));
    socket.once('open', () => {
      // Whoever is there is told before this is answered.
      ask('NodeWorker.enable', { waitForDebuggerOnStart: false });
      ask('HeapProfiler.collectGarbage');
    });
  });
}

function within(work: Promise<void>, what: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(
      () => reject(new Error(`the process has not ${what} within ${timeoutMs} ms`)),
      timeoutMs,
    );
    work.then(resolve, reject).finally(() => clearTimeout(late));
  });
}
