/**
 * Bench subject `actors`: ping-pong, fan-in, spawn, bytes per process and restarts by a supervisor,
 * next to plain nact (which has no supervisors) and, where it is installed, Erlang. Contestants take turns round by round; the figures are medians.
 */
import { erlangIsInstalled } from '../lab/erlang.ts';
import { erlang } from './actors/erlang.ts';
import { plainNact } from './actors/plain-nact.ts';
import { strowger } from './actors/strowger.ts';
import { fullSizes, quickSizes } from './actors/workload.ts';
import type { Contestant, Figures, Sizes } from './actors/workload.ts';
import { machine, median } from './report.ts';
import type { BenchRatio, BenchReport, BenchResult } from './report.ts';

const MEASURES: readonly { key: keyof Figures; name: string; unit: string }[] = [
  { key: 'roundTripsPerSecond', name: 'ping-pong', unit: 'round trips/s' },
  { key: 'fanInPerSecond', name: 'fan-in over 1,000 processes', unit: 'messages/s' },
  { key: 'spawnsPerSecond', name: 'spawn, one message, end', unit: 'processes/s' },
  { key: 'bytesPerProcess', name: 'idle process', unit: 'bytes' },
  { key: 'restartsPerSecond', name: 'restart among 100,000 children', unit: 'restarts/s' },
];

const ROUNDS = 5;
const QUICK_ROUNDS = 3;

export async function run(options: {
  readonly quick: boolean;
  readonly sizes?: Sizes;
}): Promise<BenchReport> {
  const sizes = options.sizes ?? (options.quick ? quickSizes : fullSizes);
  const contestants: Contestant[] = [strowger, plainNact];
  if (await erlangIsInstalled()) contestants.push(erlang);
  const rounds = new Map(contestants.map(({ name }) => [name, [] as Figures[]]));
  // One round beforehand, not counted: the compilers of both machines have to warm up.
  for (const contestant of contestants) await contestant.measure(options.sizes ?? quickSizes);
  const count = options.quick ? QUICK_ROUNDS : ROUNDS;
  for (let round = 0; round < count; round += 1) {
    for (const contestant of contestants) {
      rounds.get(contestant.name)?.push(await contestant.measure(sizes));
    }
  }
  for (let round = 0; round < count; round += 1) {
    for (const { name, measureLast } of contestants) {
      if (measureLast) rounds.get(name)?.push(await measureLast(sizes));
    }
  }
  const medianOf = (name: string, key: keyof Figures): number =>
    median((rounds.get(name) ?? []).flatMap(figures => figures[key] ?? []));
  const results: BenchResult[] = [];
  const ratios: BenchRatio[] = [];
  for (const { key, name, unit } of MEASURES) {
    for (const contestant of contestants) {
      const value = medianOf(contestant.name, key);
      // It has no such thing.
      if (Number.isNaN(value)) continue;
      results.push({ name: `${name}, ${contestant.name}`, value, unit, chart: name });
      if (contestant === strowger) continue;
      const ratio = medianOf(strowger.name, key) / value;
      ratios.push({ name, value: ratio, baseline: contestant.name });
    }
  }
  return { subject: 'actors', machine: machine(), results, ratios };
}
