/**
 * The modules that can be replaced while the server runs: callback modules of its processes, and handlers that a session
 * looks up for each packet or request. A version's default export is what replaces the built-in one. Nothing of the thread
 * with the sockets is among them: nobody could end that thread if new code never returned.
 */
import { code } from '../../actors/index.ts';
import { methods } from '../../protocol/requests.ts';
import { nearest } from '../config/suggestion.ts';
import { refusePromise, type PacketHandlers } from '../handlers/contract.ts';
import { builtin } from './public/server.ts';
import { smokePackets, smokeState } from './smoke.ts';

export interface Swappable {
  readonly name: string;
  readonly exports: { readonly default: object };
  /** Whether what runs it belongs to one user or group, so that a share of them can try a version. */
  readonly canary: boolean;
  /** @throws TypeError that says what is wrong with a version */
  readonly check: (exports: object) => void;
}

const CALLBACKS = [
  'init',
  'handleCall',
  'handleCast',
  'handleInfo',
  'handleContinue',
  'terminate',
  'codeChange',
  'formatStatus',
] as const;

const callbackModules = ['session', 'mailbox', 'group'] as const;
/** Of these one process serves an isolate, or two shards. */
const shared = ['directory', 'link'] as const;
const packetHandlers = ['login', 'send', 'ack', 'request', 'ping'] as const;

export const swappable: readonly Swappable[] = [
  ...[...callbackModules, ...shared].map((name): Swappable => ({
    name,
    exports: { default: builtin[name] },
    canary: !(shared as readonly string[]).includes(name),
    check: exports => checkCallbacks(name, defaultOf(name, exports)),
  })),
  ...packetHandlers.map((name): Swappable => ({
    name,
    exports: { default: builtin[name] },
    canary: true,
    check: exports => checkPacketHandler(name, defaultOf(name, exports)),
  })),
  ...methods.map((method): Swappable => ({
    name: `requests/${method}`,
    exports: { default: builtin.requests[method] },
    canary: true,
    check: exports => {
      checkFunction(`requests/${method}`, defaultOf(`requests/${method}`, exports));
    },
  })),
];

export const moduleNames: readonly string[] = swappable.map(({ name }) => name);

const byName = new Map(swappable.map(module => [module.name, module]));

/** @throws RangeError for a name that is none */
export function swappableNamed(name: string): Swappable {
  const module = byName.get(name);
  if (module === undefined) throw new RangeError(`expected the name of a module, got "${name}"`);
  return module;
}

/** Tells this isolate's code server what the server was built with. Before any of its processes starts; again is no change. */
export function defineModules(): void {
  for (const { name, exports, check } of swappable) code.define(name, exports, { check });
}

function defaultOf(name: string, exports: object): unknown {
  if ('default' in exports && exports.default !== undefined) return exports.default;
  const named = Object.keys(exports).filter(key => key !== '__esModule');
  throw new TypeError(
    `it exports no default${named.length === 0 ? '' : ` (only ${named.join(', ')})`}: write \`export default\` before what is to be ${name}`,
  );
}

function checkFunction(
  name: string,
  handler: unknown,
): asserts handler is (...args: never[]) => unknown {
  if (typeof handler !== 'function')
    throw new TypeError(
      `its default export is to be a function, as ${name} is a handler; it is ${kindOf(handler)}`,
    );
}

function checkCallbacks(name: keyof typeof builtin, module: unknown): void {
  if (typeof module !== 'object' || module === null)
    throw new TypeError(
      `its default export is to be an object of callbacks, such as { ...builtin.${name}, handleInfo … }; it is ${kindOf(module)}`,
    );
  const needed = Object.keys(builtin[name]).filter(key => isCallback(key));
  for (const callback of needed)
    if (!(callback in module))
      throw new TypeError(`it lacks ${callback}: begin with { ...builtin.${name}, … }`);
  for (const [key, value] of Object.entries(module)) {
    if (isCallback(key)) {
      if (typeof value !== 'function')
        throw new TypeError(`${key} is to be a function, it is ${kindOf(value)}`);
    } else {
      const meant = nearest(key, CALLBACKS);
      if (meant !== undefined) throw new TypeError(`${key} is no callback: did you mean ${meant}?`);
    }
  }
}

const isCallback = (key: string): boolean => (CALLBACKS as readonly string[]).includes(key);

/** A call in which the built-in ones have nothing to do, with a session that nobody hears. */
function checkPacketHandler(name: keyof PacketHandlers, handler: unknown): void {
  checkFunction(name, handler);
  const call = handler as (state: object, packet: object) => unknown;
  for (const packet of smokePackets(name)) {
    refusePromise(call(smokeState(), packet), 'it returns');
  }
}

const kindOf = (value: unknown): string => (value === null ? 'null' : typeof value);
