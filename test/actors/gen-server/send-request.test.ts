import t from 'tap';
import {
  checkResponse,
  exit,
  receiveResponse,
  sendRequest,
  send,
  spawn,
  start,
  reply,
} from '../../../actors/index.ts';
import type { From, GenServer, Pid, Request } from '../../../actors/index.ts';
import { settle } from '../../../actors/testing.ts';
import { captureLog } from '../capture-log.ts';

type Call = Request<'double', { value: number }, number> | Request<'hold'>;

const held: From[] = [];
const module: GenServer<null, null, Call> = {
  init: () => ['ok', null],
  handleCall(request, from) {
    if (request.kind === 'double') return ['reply', request.value * 2, null];
    held.push(from);
    return ['noreply', null];
  },
};

async function server() {
  const result = await start(module, null);
  if (result[0] !== 'ok') throw new Error('did not start');
  return result[1];
}

void t.test('the response is awaited later, whether it is there already or not', async t => {
  captureLog(t);
  const pid = await server();
  const first = sendRequest(pid, { kind: 'double', value: 2 });
  const second = sendRequest(pid, { kind: 'hold' });
  await settle();
  t.same(await receiveResponse(first), ['reply', 4]);
  t.equal(await receiveResponse(second, 1), 'timeout');
  reply(held.pop()!, undefined);
  const third = sendRequest(pid, { kind: 'hold' });
  exit(pid, 'gone');
  t.same(await receiveResponse(third), ['error', ['gone', pid]]);
  t.same(await receiveResponse(sendRequest(pid as Pid, { kind: 'x' })), ['error', ['noproc', pid]]);
});

void t.test('after a timeout a late reply vanishes', async t => {
  const pid = await server();
  const seen: unknown[] = [];
  const client = spawn(async message => {
    if (message !== 'ask') seen.push(message);
    else seen.push(await receiveResponse(sendRequest(pid, { kind: 'hold' }), 1));
  });
  send(client, 'ask');
  while (seen.length === 0) await settle();
  reply(held.pop()!, undefined);
  await settle();
  t.same(seen, ['timeout']);
});

void t.test('a process that does not wait gets it as a message', async t => {
  const pid = await server();
  const seen: unknown[] = [];
  let id: ReturnType<typeof sendRequest> | undefined;
  let other: typeof id;
  const client = spawn(async message => {
    if (message === 'ask') {
      id = sendRequest(pid, { kind: 'double', value: 4 });
      other = sendRequest(pid, { kind: 'double', value: 5 });
      await settle();
      seen.push(await receiveResponse(other));
    } else seen.push(checkResponse(message, id!), checkResponse(message, other!));
  });
  send(client, 'ask');
  await settle();
  await settle();
  t.same(seen, [['reply', 10], ['reply', 8], 'no_reply']);
});
