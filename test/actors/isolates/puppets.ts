/** Processes that do what they are told, in every isolate alike: code cannot be sent, orders can. */
import {
  at,
  call,
  cast,
  demonitor,
  exit,
  isAlive,
  link,
  monitor,
  monitorIsolates,
  offer,
  processInfo,
  receiveResponse,
  register,
  reply,
  send,
  sendRequest,
  serverName,
  spawn,
  start,
  startLink,
  sys,
  trapExit,
  unlink,
  whereis,
} from '../../../actors/index.ts';
import { supervisor } from '../../../supervisors/index.ts';
import { CallMessage, CastMessage } from '../../../actors/gen-server/messages.ts';
import type {
  Dest,
  From,
  GenServer,
  MonitorRef,
  Name,
  Pid,
  ProcessInfo,
  Request,
} from '../../../actors/index.ts';

/** What a puppet can be told to do, in its own turn. */
export type Order =
  | { readonly order: 'link' | 'unlink'; readonly pid: Pid }
  | { readonly order: 'monitor' | 'demonitor'; readonly dest: Dest; readonly flush?: boolean }
  | { readonly order: 'exit'; readonly pid: Pid; readonly reason: unknown }
  | { readonly order: 'end'; readonly reason: unknown }
  | { readonly order: 'throw'; readonly message: string }
  | { readonly order: 'trapExit'; readonly on: boolean }
  | { readonly order: 'send'; readonly dest: Dest; readonly messages: readonly unknown[] }
  | { readonly order: 'sendCode'; readonly dest: Dest }
  | { readonly order: 'offer'; readonly dest: Dest; readonly messages: readonly unknown[] }
  | { readonly order: 'call'; readonly dest: Dest; readonly request: AnyCall; timeoutMs?: number }
  | { readonly order: 'mix'; readonly dest: Pid; readonly count: number }
  | { readonly order: 'all'; readonly orders: readonly Order[] }
  | { readonly order: 'monitorIsolates'; readonly on: boolean };

type AnyCall = Extract<PuppetCall, { readonly kind: string }>;

function obey(order: Order, refs: Map<string, MonitorRef>, got: unknown[]): void {
  switch (order.order) {
    case 'link':
      link(order.pid);
      return;
    case 'unlink':
      unlink(order.pid);
      return;
    case 'monitor':
      refs.set(JSON.stringify(order.dest), monitor(order.dest));
      return;
    case 'demonitor': {
      const ref = refs.get(JSON.stringify(order.dest));
      if (ref !== undefined) demonitor(ref, { flush: order.flush ?? false });
      return;
    }
    case 'exit':
      exit(order.pid, order.reason);
      return;
    case 'end':
      exit(order.reason);
      break;
    case 'throw':
      throw new RangeError(order.message);
    case 'trapExit':
      trapExit(order.on);
      return;
    case 'send':
      for (const message of order.messages) send(order.dest, message);
      return;
    case 'sendCode':
      send(order.dest, () => 'code');
      return;
    case 'offer':
      for (const message of order.messages) got.push(offer(order.dest, message));
      return;
    case 'call':
      call(order.dest as Name, order.request, order.timeoutMs).then(
        value => got.push({ value }),
        (error: unknown) => got.push({ error }),
      );
      return;
    case 'mix':
      sendMixed(order.dest, order.count);
      return;
    case 'all':
      for (const one of order.orders) obey(one, refs, got);
      return;
    case 'monitorIsolates':
      monitorIsolates(order.on);
      return;
  }
}

/** Messages, casts and exit signals, numbered in the order in which they leave. */
export function sendMixed(dest: Pid, count: number): void {
  for (let number = 0; number < count; number += 1) {
    if (number % 3 === 0) send(dest, { number });
    else if (number % 3 === 1) exit(dest, { number });
    else cast(dest, { number });
  }
}

export type PuppetCall =
  | Request<'spawn', { trapExit?: boolean; name?: Name; mailboxLimit?: number }, Pid>
  | Request<'got', { pid: Pid }, readonly unknown[]>
  | Request<'alive', { pid: Pid }, boolean>
  | Request<'info', { pid: Pid }, ProcessInfo | undefined>
  | Request<'register', { pid: Pid; name: Name }>
  | Request<'tellOf', { isolate: number; pid: Pid }, readonly unknown[]>
  | Request<'whereis', { name: Name }, Pid>
  | Request<'echo', { value: unknown }, unknown>
  | Request<'big', object, bigint>
  | Request<'code', object, unknown>
  | Request<'hold', { as: string }, unknown>
  | Request<'held', { as: string }, From>
  | Request<'release', { as: string; value: unknown }>
  | Request<'answer', { from: From; value: unknown }>
  | Request<'askAround', { dest: Dest; value: unknown }, unknown>
  | Request<'startServer', { supervisor: Pid; trapExit: boolean; stubborn?: boolean }, Pid>
  | Request<'startSupervisor', object, Pid>
  | Request<'inOrder', { pid: Pid }, { count: number; inOrder: boolean }>
  | Request<'crash', { message: string }>;

export const puppetsName = serverName<PuppetCall>('puppets');

const got = new Map<Pid, unknown[]>();
const held = new Map<string, From>();

const puppets: GenServer<null, null, PuppetCall> = {
  init: () => ['ok', null],
  async handleCall(request, from, state) {
    switch (request.kind) {
      case 'spawn':
        return ['reply', spawnPuppet(request), state];
      case 'got':
        return ['reply', [...(got.get(request.pid) ?? [])], state];
      case 'alive':
        return ['reply', isAlive(request.pid), state];
      case 'info':
        return ['reply', processInfo(request.pid), state];
      case 'register':
        register(request.name, request.pid);
        return ['reply', undefined, state];
      case 'tellOf':
        return ['reply', await puppetsAt(request.isolate).got(request.pid), state];
      case 'whereis':
        return ['reply', whereis(request.name)!, state];
      case 'echo':
        return ['reply', request.value, state];
      case 'big':
        return ['reply', 1n, state];
      case 'code':
        return ['reply', () => 'code', state];
      case 'hold':
        held.set(request.as, from);
        return ['noreply', state];
      case 'held':
        return ['reply', held.get(request.as)!, state];
      case 'release':
        reply(held.get(request.as)!, request.value);
        return ['reply', undefined, state];
      case 'answer':
        reply(request.from, request.value);
        return ['reply', undefined, state];
      case 'askAround': {
        const id = sendRequest(request.dest as typeof puppetsName, {
          kind: 'echo',
          value: request.value,
        });
        // Two that ask each other must not wait for each other.
        void receiveResponse(id).then(response => reply(from, response as never));
        return ['noreply', state];
      }
      case 'startServer': {
        const { supervisor, trapExit: trap, stubborn = false } = request;
        const result = await startLink(
          child,
          { stubborn },
          { parent: supervisor, trapExit: trap, label: 'remote child' },
        );
        if (result[0] !== 'ok') throw new Error('did not start');
        return ['reply', result[1], state];
      }
      case 'startSupervisor':
        return ['reply', await startSupervisor(), state];
      case 'inOrder':
        return ['reply', checkOrder(got.get(request.pid) ?? []), state];
      case 'crash':
        throw new RangeError(request.message);
    }
  },
};

async function startSupervisor(): Promise<Pid> {
  const start = () => startLink(child, { stubborn: false });
  const specs = [{ id: 'w', start, modules: [child] }];
  const result = await supervisor.startLink(() => [{}, specs], undefined, { name: 'a.supervisor' });
  if (result[0] !== 'ok') throw new Error('did not start');
  return result[1];
}

/** Of what `sendMixed` sent: how many came, and whether in the order in which they left. */
export function checkOrder(messages: readonly unknown[]): { count: number; inOrder: boolean } {
  const numbers = messages.map(message => {
    // As itself, as the reason of an EXIT, or in a cast, which a bare process sees as it comes.
    const {
      reason,
      message: inner,
      number,
    } = message as {
      readonly reason?: { readonly number: number };
      readonly message?: { readonly number: number };
      readonly number?: number;
    };
    return number ?? reason?.number ?? inner?.number;
  });
  return { count: numbers.length, inOrder: numbers.every((number, index) => number === index) };
}

/** What a supervisor in another isolate has for a child. */
const child: GenServer<{ stubborn: boolean }, { stubborn: boolean; code: () => void }, PuppetCall> =
  {
    init: ({ stubborn }) => ['ok', { stubborn, code: () => undefined }],
    handleCall: (request, _from, state) => {
      if (request.kind === 'crash') throw new RangeError(request.message);
      return ['reply', 'alive', state];
    },
    terminate: async (_reason, { stubborn }) => {
      if (stubborn) await new Promise(() => undefined);
    },
  };

export function spawnPuppet(options: {
  trapExit?: boolean;
  name?: Name;
  mailboxLimit?: number;
}): Pid {
  const messages: unknown[] = [];
  const refs = new Map<string, MonitorRef>();
  const pid = spawn(
    message => {
      if (isOrder(message)) obey(message, refs, messages);
      else messages.push(asData(message));
    },
    { ...options, label: 'puppet' },
  );
  got.set(pid, messages);
  return pid;
}

/** Calls and casts, which a bare process sees as they come, in a form that can be sent on. */
function asData(message: unknown): unknown {
  if (message instanceof CallMessage) return { request: message.request };
  return message instanceof CastMessage ? { message: message.message } : message;
}

function isOrder(message: unknown): message is Order {
  return typeof message === 'object' && message !== null && 'order' in message;
}

export async function startPuppets(): Promise<void> {
  const result = await start(puppets, null, { name: puppetsName, mailboxLimit: Infinity });
  if (result[0] !== 'ok') throw new Error('the puppets did not start');
}

/** The puppets of an isolate, from anywhere. */
export function puppetsAt(isolate: number) {
  const dest = at(puppetsName, isolate);
  return {
    dest,
    spawn: (options: { trapExit?: boolean; name?: Name; mailboxLimit?: number } = {}) =>
      call(dest, { kind: 'spawn', ...options }),
    got: (pid: Pid) => call(dest, { kind: 'got', pid }),
    alive: (pid: Pid) => call(dest, { kind: 'alive', pid }),
    info: (pid: Pid) => call(dest, { kind: 'info', pid }),
    state: () => sys.getState(dest),
  };
}
