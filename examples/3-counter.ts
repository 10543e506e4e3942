/** Lesson 3, gen_server: docs/course/3-gen-server.md */
import { call, cast, describeReason, Exit, serverName, startLink, stop } from '../actors/index.ts';
import type { GenServer, Request } from '../actors/index.ts';

/** What can be asked, each with the type of its answer. */
type Call =
  | Request<'ring', { line: number }, number>
  | Request<'total', object, number>
  | Request<'audit', object, string>;
/** What can be told. */
type Cast = { readonly kind: 'reset'; readonly line: number };

/** Counts the calls of each line. */
type State = ReadonlyMap<number, number>;

const counter: GenServer<readonly number[], State, Call, Cast> = {
  init: lines => ['ok', new Map(lines.map(line => [line, 0]))],

  handleCall(request, _from, state) {
    switch (request.kind) {
      case 'ring': {
        const count = (state.get(request.line) ?? 0) + 1;
        return ['reply', count, new Map(state).set(request.line, count)];
      }
      case 'total':
        return ['reply', [...state.values()].reduce((sum, count) => sum + count, 0), state];
      case 'audit':
        // The answer comes later, from somewhere else, or never: whoever asks waits.
        return ['noreply', state];
    }
  },

  handleCast: (message, state) => ['noreply', new Map(state).set(message.line, 0)],

  terminate(reason, state) {
    console.log(`the counter ends (${describeReason(reason)}) with ${state.size} lines`);
  },
};

const name = serverName<Call, Cast>('counter');
await startLink(counter, [1, 2], { name, label: 'counter' });

console.log('line 1:', await call(name, { kind: 'ring', line: 1 }));
console.log('line 1:', await call(name, { kind: 'ring', line: 1 }));
console.log('line 2:', await call(name, { kind: 'ring', line: 2 }));
cast(name, { kind: 'reset', line: 1 });
console.log('total:', await call(name, { kind: 'total' }));

/** A call that is not answered ends whoever waits, unless it is caught here. */
async function orWhy(answer: Promise<unknown>): Promise<string> {
  try {
    return String(await answer);
  } catch (thrown) {
    if (!(thrown instanceof Exit)) throw thrown;
    return `no answer: ${describeReason(thrown.reason)}`;
  }
}

console.log('audit:', await orWhy(call(name, { kind: 'audit' }, 50)));
await stop(name);
console.log('total:', await orWhy(call(name, { kind: 'total' })));
