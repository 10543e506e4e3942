/** Processes that do what they are told, in every isolate alike: code cannot be sent, orders can. */
import {
  at,
  call,
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
} from '../../../actors/index.ts';
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
    case 'all':
      for (const one of order.orders) obey(one, refs, got);
      return;
    case 'monitorIsolates':
      monitorIsolates(order.on);
      return;
  }
}

export type PuppetCall =
  | Request<'spawn', { trapExit?: boolean; name?: Name; mailboxLimit?: number }, Pid>
  | Request<'got', { pid: Pid }, readonly unknown[]>
  | Request<'alive', { pid: Pid }, boolean>
  | Request<'info', { pid: Pid }, ProcessInfo | undefined>
  | Request<'register', { pid: Pid; name: Name }>
  | Request<'echo', { value: unknown }, unknown>
  | Request<'code', object, unknown>
  | Request<'hold', { as: string }, unknown>
  | Request<'held', { as: string }, From>
  | Request<'release', { as: string; value: unknown }>
  | Request<'answer', { from: From; value: unknown }>
  | Request<'askAround', { dest: Dest; value: unknown }, unknown>
  | Request<'startServer', { supervisor: Pid; trapExit: boolean; stubborn?: boolean }, Pid>
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
      case 'echo':
        return ['reply', request.value, state];
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
        return ['reply', await receiveResponse(id), state];
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
      case 'crash':
        throw new RangeError(request.message);
    }
  },
};

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
      else messages.push(message);
    },
    { ...options, label: 'puppet' },
  );
  got.set(pid, messages);
  return pid;
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
