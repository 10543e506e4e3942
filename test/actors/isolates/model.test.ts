/**
 * Random links, unlinks, monitors, exits and ends: processes that are spread over three isolates
 * must come to the same end as the same processes in one; and done all at once, without waiting
 * for each other, they must at least be of one mind when all is quiet.
 */
import fc from 'fast-check';
import t from 'tap';
import { call, send } from '../../../actors/index.ts';
import type { DownMessage, ExitMessage, Pid } from '../../../actors/index.ts';
import { captureLog } from '../capture-log.ts';
import { connectTwo, startIsolate } from './isolates.ts';
import { puppetsAt, startPuppets } from './puppets.ts';
import type { Order } from './puppets.ts';

await startPuppets();

const PUPPETS = 6;
const REASONS = ['normal', 'boom', 'kill', 'shutdown'] as const;

type Step =
  | {
      readonly do: 'link' | 'unlink' | 'monitor' | 'demonitor';
      readonly a: number;
      readonly b: number;
    }
  | { readonly do: 'exit'; readonly a: number; readonly b: number; readonly reason: string }
  | { readonly do: 'end'; readonly a: number; readonly reason: string }
  | { readonly do: 'trapExit'; readonly a: number; readonly on: boolean };

const puppet = fc.nat(PUPPETS - 1);
const reason = fc.constantFrom(...REASONS);
const pair = (what: 'link' | 'unlink' | 'monitor' | 'demonitor') =>
  fc.record({ do: fc.constant(what), a: puppet, b: puppet });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: pair('link') },
  { weight: 3, arbitrary: pair('unlink') },
  { weight: 4, arbitrary: pair('monitor') },
  { weight: 1, arbitrary: pair('demonitor') },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('exit'), a: puppet, b: puppet, reason }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('end'), a: puppet, reason }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('trapExit'), a: puppet, on: fc.boolean() }) },
);

/** Some puppets, each in the isolate that its number is mapped to. */
class Troupe {
  readonly pids: readonly Pid[];
  readonly #isolates: readonly number[];

  private constructor(pids: readonly Pid[], isolates: readonly number[]) {
    this.pids = pids;
    this.#isolates = isolates;
  }

  static async gather(isolates: readonly number[]): Promise<Troupe> {
    const spawning = isolates.map((isolate, index) =>
      puppetsAt(isolate).spawn({ trapExit: index % 2 === 0 }),
    );
    return new Troupe(await Promise.all(spawning), isolates);
  }

  do(one: Step): void {
    send(this.#pid(one.a), this.#order(one));
  }

  #order(one: Step): Order {
    switch (one.do) {
      case 'link':
      case 'unlink':
        return { order: one.do, pid: this.#pid(one.b) };
      case 'monitor':
      case 'demonitor':
        return { order: one.do, dest: this.#pid(one.b), flush: true };
      case 'exit':
        return { order: 'exit', pid: this.#pid(one.b), reason: one.reason };
      case 'end':
        return { order: 'end', reason: one.reason };
      case 'trapExit':
        return { order: 'trapExit', on: one.on };
    }
  }

  #pid(index: number): Pid {
    return this.pids[index]!;
  }

  /**
   * What can be seen of each, in numbers instead of pids, and without the order of messages. Of the dead no
   * messages: whether the DOWN of one process comes before the exit signal of another that ends it is nowhere promised.
   */
  async look() {
    return Promise.all(
      this.pids.map(async (pid, index) => {
        const { info: ask, got: fetch } = puppetsAt(this.#isolates[index]!);
        const [info, got] = await Promise.all([ask(pid), fetch(pid)]);
        const messages = (got as (DownMessage | ExitMessage)[]).map(
          ({ kind, pid: of, reason: why }) => `${kind} ${this.#index(of)} ${String(why)}`,
        );
        return {
          alive: info !== undefined,
          links: (info?.links ?? []).map(peer => this.#index(peer)).toSorted(),
          monitors: (info?.monitors ?? []).map(peer => this.#index(peer as Pid)).toSorted(),
          monitoredBy: (info?.monitoredBy ?? []).map(peer => this.#index(peer)).toSorted(),
          messages: info === undefined ? [] : messages.toSorted(),
        };
      }),
    );
  }

  #index(pid: Pid | undefined): number {
    return this.pids.indexOf(pid!);
  }

  disband(): void {
    for (const pid of this.pids) send(pid, { order: 'end', reason: 'normal' });
  }
}

/** What is on its way between any two isolates has arrived when this is over. */
async function lap(): Promise<void> {
  const ask = (from: number, to: number) =>
    call(puppetsAt(from).dest, { kind: 'askAround', dest: puppetsAt(to).dest, value: 0 });
  await Promise.all([ask(1, 2), ask(2, 1), ask(1, 0), ask(2, 0)]);
}

async function threeIsolates(t: Parameters<typeof startIsolate>[0]): Promise<void> {
  const one = await startIsolate(t, 1);
  const two = await startIsolate(t, 2);
  await connectTwo(one, two);
}

const LAPS = PUPPETS * 4;

void t.test('spread over three isolates they come to the same end as in one', async t => {
  captureLog(t);
  await threeIsolates(t);
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async steps => {
      const together = await Troupe.gather(Array.from({ length: PUPPETS }, () => 0));
      const spread = await Troupe.gather(Array.from({ length: PUPPETS }, (_, index) => index % 3));
      for (const one of steps) {
        together.do(one);
        spread.do(one);
        await lap();
        const expected = JSON.stringify(await together.look());
        let seen = '';
        for (let round = 0; round < LAPS && seen !== expected; round += 1) {
          await lap();
          seen = JSON.stringify(await spread.look());
        }
        if (seen !== expected)
          throw new Error(`after ${JSON.stringify(one)}\n${expected}\n${seen}`);
      }
      together.disband();
      spread.disband();
    }),
    { numRuns: 40 },
  );
});

void t.test('all at once they are of one mind in the end', async t => {
  captureLog(t);
  await threeIsolates(t);
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 60 }), async steps => {
      const spread = await Troupe.gather(Array.from({ length: PUPPETS }, (_, index) => index % 3));
      // In small groups, so that what the first ones cause crosses with the next ones.
      for (const [index, one] of steps.entries()) {
        spread.do(one);
        if (index % 4 === 3) await new Promise(resolve => setImmediate(resolve));
      }
      for (let round = 0; round < LAPS; round += 1) await lap();
      const seen = await spread.look();
      seen.forEach(({ alive, links, monitors, monitoredBy, messages }, index) => {
        if (!alive) return;
        const say = `${index}: ${JSON.stringify(seen)}`;
        for (const peer of links) {
          if (seen[peer]?.alive !== true) throw new Error(`linked to a dead one, ${say}`);
          if (!seen[peer].links.includes(index)) throw new Error(`linked one way only, ${say}`);
        }
        for (const peer of monitors) {
          if (seen[peer]?.alive !== true) throw new Error(`monitors a dead one, ${say}`);
        }
        for (const peer of monitoredBy) {
          if (seen[peer]?.alive !== true) throw new Error(`monitored by a dead one, ${say}`);
        }
        if (steps.some(one => one.do === 'demonitor' && one.a === index)) return;
        for (let target = 0; target < PUPPETS; target += 1) {
          const asked = steps.filter(
            one => one.do === 'monitor' && one.a === index && one.b === target,
          );
          const told = messages.filter(message => message.startsWith(`DOWN ${target} `)).length;
          const open = monitors.filter(peer => peer === target).length;
          if (told + open !== asked.length) throw new Error(`not one DOWN each, ${say}`);
        }
      });
      spread.disband();
    }),
    { numRuns: 60 },
  );
});
