/** A supervisor with 100,000 children restarts one at the cost of one with 1,000. */
import t from 'tap';
import { exit, startLink } from '../../actors/index.ts';
import type { GenServer, Pid } from '../../actors/index.ts';
import { dynamicSupervisor, supervisor } from '../../supervisors/index.ts';
import type { ChildSpec } from '../../supervisors/index.ts';
import { captureLog } from '../actors/capture-log.ts';
import { until } from '../actors/until.ts';
import { removeAtEnd } from './children-kit.ts';

const idle: GenServer<undefined, null> = { init: () => ['ok', null] };
const FEW = 1_000;
const MANY = 100_000;
const RESTARTS = 2_000;
const AT_A_TIME = 100;
/** What is gone through child by child costs a hundred times as much for the many. */
const GENEROUS = 8;

interface Family {
  readonly supervisor: Pid;
  /** The child of an index that runs now. */
  readonly children: Pid[];
}

const LIMITS = { intensity: 1_000_000, period: 3_600 };

/** Microseconds that the thread works for one restart. */
async function restartCost({ children }: Family): Promise<number> {
  const from = process.cpuUsage();
  for (let done = 0; done < RESTARTS; done += AT_A_TIME) {
    const victims = Array.from(
      { length: AT_A_TIME },
      (_, index) => ((done + index) * 7_919) % children.length,
    );
    const before = victims.map(victim => children[victim]);
    for (const pid of before) exit(pid as Pid, 'kill');
    await until(() => victims.every((victim, index) => children[victim] !== before[index]));
  }
  const { user, system } = process.cpuUsage(from);
  return (user + system) / RESTARTS;
}

async function staticFamily(count: number): Promise<Family> {
  const children: Pid[] = [];
  const specs: ChildSpec[] = Array.from({ length: count }, (_, id) => child(children, id));
  const result = await supervisor.startLink(() => [LIMITS, specs]);
  return { supervisor: result[1] as Pid, children };
}

async function dynamicFamily(count: number): Promise<Family> {
  const children: Pid[] = [];
  const result = await dynamicSupervisor.startLink(LIMITS);
  const pid = result[1] as Pid;
  for (let done = 0; done < count; done += 500) {
    await Promise.all(
      Array.from({ length: 500 }, (_, index) =>
        dynamicSupervisor.startChild(pid, child(children, done + index)),
      ),
    );
  }
  return { supervisor: pid, children };
}

function child(children: Pid[], id: number): ChildSpec {
  return {
    id,
    start: async () => {
      const result = await startLink(idle, undefined);
      if (result[0] === 'ok') children[id] = result[1];
      return result;
    },
    shutdown: 'brutal_kill',
  };
}

for (const [kind, family] of [
  ['static', staticFamily],
  ['dynamic', dynamicFamily],
] as const) {
  void t.test(`${kind}: a restart among ${MANY} costs what one among ${FEW} does`, async t => {
    captureLog(t);
    const few = await family(FEW);
    removeAtEnd(t, few.supervisor);
    await restartCost(few);
    const least = Math.min(await restartCost(few), await restartCost(few));
    const many = await family(MANY);
    removeAtEnd(t, many.supervisor);
    const most = Math.min(await restartCost(many), await restartCost(many));
    t.ok(
      most < least * GENEROUS,
      `${most.toFixed(1)} µs each among many, ${least.toFixed(1)} µs among few`,
    );
  });
}
