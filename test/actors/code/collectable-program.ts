/**
 * Reloads one handler a thousand times, with everything that could keep an old version: processes
 * that run it and are changed, lookups, canaries, crashes with stack traces, failed changes. Prints
 * the heap before and after as JSON. Run with --expose-gc.
 */
import { call, code, setLogger, start } from '../../../actors/index.ts';
import type { GenServer, Pid } from '../../../actors/index.ts';
import { settle } from '../../../actors/testing.ts';

const RELOADS = 1_000;
/** Until V8 has compiled what it will compile. */
const WARMUP = 500;
const name = 'handler';
const builtIn: GenServer<number> = {
  init: count => ['ok', { count }],
  handleCall: ((_request: unknown, _from: unknown, state: unknown) => ['reply', 0, state]) as never,
};
const module = code.define(name, { default: builtIn, plain: (): unknown => 'built-in' });
let alive: WeakRef<object>[] = [];
const { gc: collect } = globalThis as unknown as { gc: () => void };

function source(round: number): string {
  return `
    const large = new Array(2000).fill(${round});
    exports.vsn = ${round};
    exports.default = {
      init: count => ['ok', { count, at: ${round} }],
      handleCall(request, _from, state) {
        if (request.kind === 'crash') throw new Error('crash ' + large.length);
        return ['reply', state.count, { ...state, count: state.count + 1 }];
      },
      codeChange(_old, state, extra) {
        if (extra === 'fail') throw new Error('no ' + large[0]);
        return ['ok', { ...state, at: ${round} }];
      },
    };
    exports.plain = async () => { await null; return large.length; };`;
}

function made(round: number): code.Version {
  const version = code.compile({
    name,
    filename: '/handlers/handler.ts',
    source: source(round),
    resolve: () => ({}),
  });
  alive.push(new WeakRef(version.exports));
  return version;
}

async function reload(round: number, pids: readonly Pid[]): Promise<void> {
  switch (round % 5) {
    case 0:
      await code.upgrade([made(round)], { share: 0.5 });
      await code.promote([name]);
      break;
    case 1:
      await code.upgrade([made(round)], { share: 0.5 });
      await code.revert([name]);
      break;
    case 2:
      await code.upgrade([made(round)], { extra: 'fail' }).catch(() => undefined);
      break;
    default:
      await code.upgrade([made(round)]);
  }
  for (const pid of pids) await call(pid, { kind: 'count' });
  await module.lookup().plain();
  const result = await start(builtIn, round, { codeKey: `key ${round}` });
  if (result[0] === 'ok') await call(result[1] as Pid, { kind: 'crash' }).catch(() => undefined);
}

async function heap(): Promise<number> {
  for (let turn = 0; turn < 5; turn += 1) {
    await settle();
    collect();
  }
  alive = alive.filter(ref => ref.deref() !== undefined);
  return process.memoryUsage().heapUsed;
}

async function main(): Promise<void> {
  setLogger(() => undefined);
  const pids: Pid[] = [];
  for (let index = 0; index < 20; index += 1) {
    const result = await start(builtIn, index, { codeKey: `user ${index}` });
    if (result[0] === 'ok') pids.push(result[1]);
  }
  for (let round = 0; round < WARMUP; round += 1) await reload(round, pids);
  const before = await heap();
  for (let round = 0; round < RELOADS; round += 1) await reload(WARMUP + round, pids);
  const after = await heap();
  process.stdout.write(JSON.stringify({ before, after, versionsAlive: alive.length, reloads: RELOADS })); // prettier-ignore
}

void main();
