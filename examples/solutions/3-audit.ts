/** Lesson 3, exercise 2: an answer that comes later, while the server goes on with other work. */
import { call, reply, self, sendAfter, serverName, startLink } from '../../actors/index.ts';
import type { From, GenServer, Request } from '../../actors/index.ts';

type Call = Request<'audit', object, string> | Request<'ring', object, number>;
interface Audited {
  readonly kind: 'audited';
  readonly from: From<string>;
}

const counter: GenServer<undefined, number, Call, never, Audited> = {
  init: () => ['ok', 0],
  handleCall(request, from, count) {
    if (request.kind === 'ring') return ['reply', count + 1, count + 1];
    sendAfter(20, self(), { kind: 'audited', from: from as From<string> } satisfies Audited);
    return ['noreply', count];
  },
  handleInfo(message, count) {
    if (message.kind === 'audited') reply(message.from, `${count} calls, all in order`);
    return ['noreply', count];
  },
};

const name = serverName<Call>('counter');
await startLink(counter, undefined, { name });
const audit = call(name, { kind: 'audit' });
console.log('ring:', await call(name, { kind: 'ring' }), 'while the audit goes on');
console.log('audit:', await audit);
