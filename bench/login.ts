/**
 * `login`: how many devices a second the server lets in, each on a connection of its own, by a signed challenge and
 * by a resume ticket: TCP, the upgrade to WebSocket, challenge, login, `welcome` and `state`. The clients sign for
 * real (the challenge is random: nothing can be signed beforehand) in a process of their own on the same machine, so
 * next to the rate by the clock stands the rate per second of the server's processor time, theirs kept out.
 */
import { cpuBetween, cpuOfThreads, totalSeconds } from '../lab/process-costs.ts';
import { CrowdProcess } from './crowd/crowd-process.ts';
import type { Proof } from './crowd/protocol.ts';
import type { BenchOptions } from './options.ts';
import { withServer } from './own-server.ts';
import { planOf } from './plans.ts';
import { keyPairs, preparedIdentities } from './prepared-users.ts';
import { machine, median, type BenchReport, type BenchResult } from './report.ts';

const plans = {
  quick: { connections: 500, rounds: 2 },
  whole: { connections: 5_000, rounds: 7 },
};
const loginsAtOnce = 200;
const requestTimeoutMs = 60_000;
const targets = { signature: 3_000, ticket: 10_000 } as const;
const names = { signature: 'challenges', ticket: 'resumes' } as const;

interface Figures {
  readonly perSecond: number;
  readonly serverMicros: number;
  readonly clientMicros: number;
  /** Of the thread of the server that was busiest. */
  readonly busiestMicros: number;
}

export async function run(options: BenchOptions): Promise<BenchReport> {
  const { connections: count, rounds: times } = planOf(plans, options);
  const keys = await keyPairs(count);
  const keyOf = (index: number) => keys[index % count] ?? raise();
  const crowd = new CrowdProcess(requestTimeoutMs);
  const rounds: Record<Proof, Figures>[] = [];
  try {
    await withServer({ users: count, keyOf, isolates: options.isolates?.[0] }, async server => {
      await crowd.gather(preparedIdentities(server.url, 0, count, keyOf));
      const measure = async (proof: Proof): Promise<Figures> => {
        const before = cpuOfThreads(server.pid);
        const { seconds, cpuSeconds } = await crowd.connect(loginsAtOnce, proof);
        const threads = cpuBetween(before, cpuOfThreads(server.pid));
        await crowd.leave();
        return {
          perSecond: count / seconds,
          serverMicros: (totalSeconds(threads) / count) * 1e6,
          clientMicros: (cpuSeconds / count) * 1e6,
          busiestMicros: (Math.max(...threads.map(each => each.seconds)) / count) * 1e6,
        };
      };
      // The first round is for the compilers of both sides and for the caches.
      for (let i = 0; i <= times; i++) {
        const round = { signature: await measure('signature'), ticket: await measure('ticket') };
        if (i > 0) rounds.push(round);
      }
    });
  } finally {
    await crowd.end();
  }
  return report(rounds, count);
}

function raise(): never {
  throw new RangeError('expected the index of a user');
}

function report(rounds: readonly Record<Proof, Figures>[], count: number): BenchReport {
  const proofs = ['signature', 'ticket'] as const;
  const middle = (proof: Proof, key: keyof Figures): number =>
    median(rounds.map(round => round[proof][key]));
  const results = proofs.flatMap((proof): BenchResult[] => [
    {
      name: `${names[proof]}, by the clock`,
      value: middle(proof, 'perSecond'),
      unit: 'logins/s',
      chart: 'logins a second',
    },
    {
      name: `${names[proof]}, per second of the server's processor time`,
      value: 1e6 / middle(proof, 'serverMicros'),
      unit: 'logins/s',
      chart: 'logins a second',
    },
    { name: `${names[proof]}, server`, value: middle(proof, 'serverMicros'), unit: 'µs of CPU' },
    {
      name: `${names[proof]}, server's busiest thread`,
      value: middle(proof, 'busiestMicros'),
      unit: 'µs of CPU',
    },
    { name: `${names[proof]}, client`, value: middle(proof, 'clientMicros'), unit: 'µs of CPU' },
  ]);
  return {
    subject: 'login',
    machine: machine(),
    results,
    ratios: [],
    costs: {
      microsPerChallenge: middle('signature', 'serverMicros'),
      microsPerResume: middle('ticket', 'serverMicros'),
    },
    targets: proofs.map(proof => ({
      name: `${names[proof]}, by the clock`,
      value: middle(proof, 'perSecond'),
      unit: 'logins/s',
      atLeast: targets[proof],
    })),
    notes: [`${count} devices in each round, ${loginsAtOnce} at once; leaving is not timed.`],
  };
}
