import t from 'tap';
import { call, code, start, sys } from '../../../actors/index.ts';
import type { GenServer, Pid, Request } from '../../../actors/index.ts';
import { freshName, listed, version } from './versions.ts';

type Call = Request<'count', object, number> | Request<'version', object, unknown>;

/** Counts; its state is a number. */
function counter(): GenServer<number, number, Call> {
  return {
    init: from => ['ok', from],
    handleCall: (request, _from, state) =>
      request.kind === 'count' ? ['reply', state + 1, state + 1] : ['reply', 'built-in', state],
  };
}

/** The same with an object for a state. */
const SECOND = `
exports.vsn = 2;
exports.default = {
  init: from => ['ok', { count: from }],
  handleCall(request, _from, state) {
    if (request.kind === 'version') return ['reply', 2, state];
    const next = { ...state, count: state.count + 1 };
    return ['reply', next.count, next];
  },
  codeChange(oldVsn, state, extra) {
    if (Array.isArray(oldVsn)) return ['ok', state.count];
    return ['ok', { count: state, oldVsn, extra }];
  },
};`;

async function started(module: object, arg: unknown, options = {}): Promise<Pid> {
  const result = await start(module as GenServer, arg, options);
  if (result[0] !== 'ok') throw new Error(`did not start: ${String(result[1])}`);
  return result[1];
}

void t.test('running processes, and those that start, run the new version', async t => {
  const name = freshName();
  const module = counter();
  code.define(name, { default: module });
  const running = await started(module, 5);
  t.equal(await call(running, { kind: 'count' }), 6);
  const second = version(name, SECOND);
  const outcome = await code.upgrade([second], { extra: 'more' });
  t.same(outcome, { modules: [name], unchanged: [], processes: 1 });
  t.same(await sys.getState(running), { count: 6, oldVsn: 'built-in', extra: 'more' });
  t.equal(await call(running, { kind: 'count' }), 7);
  t.equal(await call(await started(module, 1), { kind: 'version' }), 2);
  t.match(listed(name), {
    current: { vsn: 2, hash: second.hash, processes: 2, crashes: 0 },
    old: { vsn: 'built-in', processes: 0 },
    canary: undefined,
  });
  t.same((await code.upgrade([second])).unchanged, [name], 'the same once more is no load');
});
