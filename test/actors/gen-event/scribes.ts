/** Handlers that write down what they hear and do what they are told, for the tests of gen_event. */
import { exit, genEvent } from '../../../actors/index.ts';
import type { GenEvent, Pid, Request } from '../../../actors/index.ts';

type Call =
  | Request<'greet', object, string>
  | Request<'state', object, unknown>
  | Request<'act', { result: unknown }, unknown>
  | Request<'throw'>;

/** What happened to handlers, in order. */
export const heard: unknown[] = [];

/** A handler that hears everything and does what an event tells it: `{ do: result }`. */
function handler(name: string): GenEvent<unknown, unknown, unknown, Call, unknown> {
  const obey = (event: unknown, state: unknown): never => {
    heard.push([name, event]);
    if (typeof event === 'object' && event !== null) {
      if ('do' in event) return event.do as never;
      if ('throw' in event) throw new Error('thrown');
      if ('exit' in event) exit(event.exit);
      if ('later' in event) return Promise.resolve(['ok', event.later]) as never;
    }
    return ['ok', state] as never;
  };
  return {
    name,
    init(arg) {
      heard.push([name, 'init', arg]);
      if (arg === 'throw') throw new Error('thrown');
      if (arg === 'exit') exit('chosen');
      if (arg === 'error') return ['error', 'my_error'];
      if (arg === 'hibernate') return ['ok', arg, 'hibernate'];
      if (arg === 'later') return Promise.resolve(['ok', arg]);
      return ['ok', arg];
    },
    handleEvent: obey,
    handleInfo: obey,
    handleCall(request, state) {
      if (request.kind === 'throw') throw new Error('thrown');
      if (request.kind === 'act') return request.result as never;
      return ['ok', request.kind === 'greet' ? `hello from ${name}` : state, state];
    },
    terminate(arg, state) {
      heard.push([name, 'terminate', arg, state]);
      if (arg === 'throw') throw new Error('thrown in terminate');
      return ['ended', arg];
    },
  };
}

export const one = handler('one');
export const two = handler('two');

export async function started(options: genEvent.EventManagerOptions = {}): Promise<Pid> {
  heard.length = 0;
  const result = await genEvent.start(options);
  if (result[0] !== 'ok') throw new Error('did not start');
  return result[1];
}

/** What is shown of a thrown error: `{'EXIT', {Reason, Stack}}`. */
export const EXIT = ['EXIT', { reason: { message: 'thrown' } }];
