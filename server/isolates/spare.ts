/**
 * A spare thread for the next isolate that dies: it has loaded the program already, which is most of the processor time
 * that a start takes, at the moment when the isolate's users wait and the others are to notice nothing. A new one is
 * made some time after the start of the server and after each use, when that is over.
 *
 * A spare runs the program that was there when it was made. So an upgrade, also one to a file of the same name, gives
 * it up first: `renewSpare`.
 */
import {
  call,
  cancelTimer,
  self,
  send,
  sendAfter,
  serverName,
  signal,
  whereis,
  type CallResult,
  type CastResult,
  type GenServer,
  type InitResult,
  type Request,
  type TimerRef,
} from '../../actors/index.ts';
import { startThread, type Thread } from './thread.ts';
import type { IsolateSettings } from './worker-data.ts';
import { workerEntry } from './worker-entry.ts';

export type SpareCall =
  /**
   * The thread goes to the caller, who is in this isolate.
   * @param until when this is aborted before the caller could take care of it, the thread ends
   */
  | Request<'take', { readonly until: AbortSignal }, Thread | undefined>
  /** Ends it: the next one is made from what is in the files by then. */
  | Request<'renew', object, 'ok'>;

export const spareName = serverName<SpareCall>('spare');

/** So long after a start or a use: a recovery has to be over, and the next failure is not to come first. */
export const SPARE_AFTER_MS = 2_000;

interface State {
  readonly settings: IsolateSettings;
  thread: Thread | undefined;
  timer: TimerRef;
}

const MAKE = { kind: 'make' } as const;

type Info =
  typeof MAKE | { readonly kind: 'thread_ended'; readonly thread: Thread; readonly why: string };

export const spare: GenServer<IsolateSettings, State, SpareCall, never, Info> = {
  init(settings): InitResult<State> {
    const state: State = { settings, thread: undefined, timer: makeSoon() };
    signal().addEventListener('abort', () => {
      giveUp(state);
    });
    return ['ok', state];
  },

  handleCall(request, _from, state): CallResult<Thread | undefined | 'ok', State> {
    cancelTimer(state.timer);
    state.timer = makeSoon();
    switch (request.kind) {
      case 'take':
        return ['reply', take(state, request.until), state];
      case 'renew':
        giveUp(state);
        return ['reply', 'ok', state];
    }
  },

  handleInfo(message, state): CastResult<State> {
    switch (message.kind) {
      case 'make':
        make(state);
        return ['noreply', state];
      case 'thread_ended':
        // One that was given away is somebody else's.
        if (message.thread !== state.thread) return ['noreply', state];
        return ['stop', ['spare_ended', message.why], state];
      default:
        return ['noreply', state];
    }
  },
};

/** A thread for the caller's isolate: the spare one, or a new one when there is none. It ends with the caller. */
export async function takeThread(settings: IsolateSettings): Promise<Thread> {
  const until = signal();
  const found =
    whereis(spareName) === undefined ? undefined : await call(spareName, { kind: 'take', until });
  if (found !== undefined) return found;
  const thread = startThread(settings);
  endWith(until, thread);
  return thread;
}

/** Whoever is started from now on runs the program as it is now. */
export async function renewSpare(): Promise<void> {
  if (whereis(spareName) !== undefined) await call(spareName, { kind: 'renew' });
}

const makeSoon = (): TimerRef => sendAfter(SPARE_AFTER_MS, self(), MAKE);

function make(state: State): void {
  if (state.thread !== undefined) return;
  const me = self();
  const thread = startThread(state.settings);
  void thread.ended.then(why => {
    send(me, { kind: 'thread_ended', thread, why } satisfies Info);
  });
  state.thread = thread;
}

function take(state: State, until: AbortSignal): Thread | undefined {
  const { thread } = state;
  if (thread === undefined || until.aborted) return undefined;
  if (thread.entry !== workerEntry()) {
    giveUp(state);
    return undefined;
  }
  state.thread = undefined;
  endWith(until, thread);
  return thread;
}

function giveUp(state: State): void {
  void state.thread?.worker.terminate();
  state.thread = undefined;
}

function endWith(until: AbortSignal, { worker }: Thread): void {
  until.addEventListener('abort', () => {
    void worker.terminate();
  });
}
