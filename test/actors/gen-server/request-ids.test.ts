/** Requests whose response is fetched later, one by one and as a collection. */
import t from 'tap';
import type { Test } from 'tap';
import {
  checkResponse,
  exit,
  receiveResponse,
  reply,
  reqidsAdd,
  reqidsNew,
  reqidsSize,
  reqidsToList,
  send,
  sendRequest,
  setClock,
  spawn,
  start,
  waitResponse,
} from '../../../actors/index.ts';
import type { From, GenServer, Request, ServerPid } from '../../../actors/index.ts';
import { createVirtualClock, settle } from '../../../actors/testing.ts';
import { captureLog } from '../capture-log.ts';
import { until } from '../until.ts';

type Call = Request<'now', { value: number }, number> | Request<'hold', { as: number }, number>;

const held = new Map<number, From<number>>();
const module: GenServer<null, null, Call> = {
  init: () => ['ok', null],
  handleCall(request, from) {
    if (request.kind === 'now') return ['reply', request.value, null];
    held.set(request.as, from);
    return ['noreply', null];
  },
};

async function begin(): Promise<ServerPid<Call, never>> {
  const result = await start(module, null);
  if (result[0] !== 'ok') throw new Error('did not start');
  return result[1];
}

const hold = (as: number) => ({ kind: 'hold', as }) as const;
const now = (value: number) => ({ kind: 'now', value }) as const;

async function release(as: number, value = as): Promise<void> {
  await until(() => held.has(as));
  reply(held.get(as)!, value);
  held.delete(as);
}

/** Runs a function as a process, and gives what it returns. */
function asProcess<T>(body: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const pid = spawn(message => (message === 'go' ? body().then(resolve, reject) : undefined));
    send(pid, 'go');
  });
}

/** Once as a process, whose responses wait in its mailbox, and once outside of any. */
function both(name: string, body: (t: Test) => Promise<void>): void {
  void t.test(`${name} (in a process)`, t => asProcess(() => body(t)));
  void t.test(`${name} (outside)`, body);
}

both('a collection is built, counted and listed, and never changes', async t => {
  const server = await begin();
  const empty = reqidsNew<string>();
  t.equal(reqidsSize(empty), 0);
  t.same(reqidsToList(empty), []);
  const id = sendRequest(server, now(1));
  const one = reqidsAdd(id, 'one', empty);
  const two = sendRequest(server, now(2), 'two', one);
  t.equal(reqidsSize(empty), 0);
  t.equal(reqidsSize(one), 1);
  t.equal(reqidsSize(two), 2);
  t.same(
    reqidsToList(two).map(([, label]) => label),
    ['one', 'two'],
  );
  t.equal(reqidsToList(two)[0]?.[0], id);
  t.throws(() => reqidsAdd(id, 'again', two), TypeError);
  for (const bad of [null, {}, [], id] as never[]) {
    t.throws(() => reqidsSize(bad), TypeError);
    t.throws(() => reqidsToList(bad), TypeError);
    t.throws(() => reqidsAdd(id, 'x', bad), TypeError);
    t.throws(() => sendRequest(server, now(3), 'x', bad), TypeError);
    t.throws(() => waitResponse(bad, 0, true), TypeError);
    t.throws(() => checkResponse('x', bad, true), TypeError);
  }
  t.throws(() => reqidsAdd({} as never, 'x', empty), TypeError);
  t.throws(() => receiveResponse({} as never), TypeError);
  t.throws(() => receiveResponse(one, 0, 'yes' as never), TypeError);
  t.throws(() => receiveResponse(one, -1, true), RangeError);
});

both('the first of a collection that is answered, until none is left', async t => {
  captureLog(t);
  const server = await begin();
  let requests = sendRequest(server, hold(1), 'first', reqidsNew<string>());
  requests = sendRequest(server, now(2), 'second', requests);
  requests = sendRequest(server, hold(3), 'third', requests);
  requests = sendRequest(await ended(), hold(4), 'fourth', requests);
  const seen: unknown[] = [];
  const next = async () => {
    const result = await receiveResponse(requests, Infinity, true);
    if (typeof result === 'string') throw new Error(result);
    const [response, label, rest] = result;
    requests = rest;
    seen.push([label, response]);
  };
  await next();
  await next();
  t.same(new Set(seen.map(entry => (entry as unknown[])[0])), new Set(['second', 'fourth']));
  await release(3);
  await next();
  const last = next();
  exit(server, 'gone');
  await last;
  t.same(seen.slice(2), [
    ['third', ['reply', 3]],
    ['first', ['error', ['gone', server]]],
  ]);
  t.equal(reqidsSize(requests), 0);
  t.equal(await receiveResponse(requests, Infinity, true), 'no_request');
  t.equal(await waitResponse(requests, Infinity, false), 'no_request');
  t.equal(checkResponse('whatever', requests, true), 'no_request');
});

async function ended(): Promise<ServerPid<Call, never>> {
  const server = await begin();
  exit(server, 'kill');
  return server;
}

both('without remove the answered request stays, and is not received again', async t => {
  const server = await begin();
  const requests = sendRequest(server, now(1), 'label', reqidsNew());
  const result = await waitResponse(requests, Infinity, false);
  t.match(result, [['reply', 1], 'label']);
  t.equal(reqidsSize(result[2] as typeof requests), 1);
  t.equal(await waitResponse(requests, 0, true), 'timeout');
});

both('waiting can be repeated after a timeout, receiving gives up', async t => {
  const clock = createVirtualClock();
  const old = setClock(clock);
  t.teardown(() => {
    setClock(old);
  });
  const server = await begin();
  const id = sendRequest(server, hold(1));
  const waiting = waitResponse(id, 1_000);
  await clock.advance(1_000);
  t.equal(await waiting, 'timeout');
  const until = waitResponse(id, ['abs', 1_500]);
  await clock.advance(500);
  t.equal(await until, 'timeout');
  t.equal(clock.pending, 0);
  t.equal(await waitResponse(id, ['abs', 3]), 'timeout', 'a moment that has passed');
  await release(1);
  await settle();
  t.same(await waitResponse(id, 0), ['reply', 1]);
  let requests = sendRequest(server, hold(2), 'a', reqidsNew());
  requests = sendRequest(server, hold(3), 'b', requests);
  t.equal(await receiveResponse(requests, 0, true), 'timeout');
  await release(2);
  await release(3);
  await settle();
  t.equal(await waitResponse(requests, 0, true), 'timeout', 'all were given up');
});

void t.test('a server finds the response in a message, of one request or a collection', async t => {
  const server = await begin();
  const checked: unknown[] = [];
  let requests = reqidsNew<string>();
  let single: ReturnType<typeof sendRequest> | undefined;
  const client = spawn(message => {
    if (message === 'ask') {
      requests = sendRequest(server, now(1), 'one', requests);
      requests = sendRequest(server, now(2), 'two', requests);
      single = sendRequest(server, now(3));
      return;
    }
    const of = checkResponse(message, requests, true);
    checked.push([checkResponse(message, single!), typeof of === 'string' ? of : of.slice(0, 2)]);
    if (typeof of !== 'string') requests = of[2];
  });
  send(client, 'ask');
  await settle();
  send(client, { kind: 'response', id: 'forged', response: ['reply', 0] });
  await settle();
  t.same(checked, [
    ['no_reply', [['reply', 1], 'one']],
    ['no_reply', [['reply', 2], 'two']],
    [['reply', 3], 'no_request'],
    ['no_reply', 'no_request'],
  ]);
});

void t.test('the oldest response in the mailbox comes first; other messages stay', async t => {
  const server = await begin();
  const order: unknown[] = [];
  const client = spawn(async message => {
    if (message !== 'ask') return void order.push(message);
    let requests = sendRequest(server, hold(1), 'one', reqidsNew<string>());
    requests = sendRequest(server, hold(2), 'two', requests);
    await release(2);
    send(client, 'between');
    await release(1);
    await settle();
    for (let i = 0; i < 2; i += 1) {
      const result = await waitResponse(requests, 0, true);
      if (typeof result === 'string') throw new Error(result);
      order.push(result[1]);
      requests = result[2];
    }
  });
  send(client, 'ask');
  await until(() => order.length === 3);
  t.same(order, ['two', 'one', 'between']);
});

void t.test('who dies while it waits leaves no timer behind', async t => {
  const clock = createVirtualClock();
  const old = setClock(clock);
  t.teardown(() => {
    setClock(old);
  });
  const server = await begin();
  const client = spawn(async () => {
    await receiveResponse(sendRequest(server, hold(9)), 60_000);
  });
  send(client, 'go');
  await settle();
  t.equal(clock.pending, 1);
  exit(client, 'kill');
  t.equal(clock.pending, 0);
});
