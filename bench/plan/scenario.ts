/** Who uses a deployment, and how: what is asked for and what is assumed, each with its source. */
interface Assumption {
  readonly flag: string;
  readonly default: number;
  readonly text: string;
  readonly source: string;
}

/** Named in full among the notes; see plan.ts. */
const reed = 'Reed 2014';
export const sources =
  'Reed 2014: Rick Reed, That\'s "Billion" with a "B": Scaling to the Next Level at WhatsApp, Erlang Factory SF Bay 2014, after the notes of High Scalability, 31 March 2014 (the slides were not at hand): 465 M monthly users, 147 M of them connected at the peak; 19 G messages in and 40 G out a day; at the peak 342,000 in and 230,000 logins a second.';

export const assumptions = {
  users: {
    flag: '--users <n>',
    default: 2_000_000_000,
    text: 'users',
    source: 'Facebook, Two Billion Users – Connecting the World Privately, 12 February 2020',
  },
  messagesPerDay: {
    flag: '--messages-per-day <n>',
    default: 100_000_000_000,
    text: 'messages sent a day by all of them',
    source:
      'Facebook, earnings call of 29 October 2020, after the press: WhatsApp delivers roughly 100 billion a day; taken for what is sent, which asks for more',
  },
  recipients: {
    flag: '--recipients <n>',
    default: 2.1,
    text: 'users that a message is for, groups included',
    source: `${reed}: 40 / 19`,
  },
  devices: {
    flag: '--devices <n>',
    default: 1.2,
    text: 'devices of a user that a message goes to',
    source: 'assumed: one user in five has a second one',
  },
  peakFactor: {
    flag: '--peak-factor <n>',
    default: 1.6,
    text: 'rate at the peak by the mean rate of a day',
    source: `${reed}: 342,000 / (19 G / 86,400 s)`,
  },
  onlineShare: {
    flag: '--online-share <n>',
    default: 0.32,
    text: 'of the devices are connected at the peak',
    source: `${reed}: 147 M / 465 M`,
  },
  loginsPerDay: {
    flag: '--logins-per-day <n>',
    default: 27,
    text: 'logins of a device a day',
    source: `${reed}: 230,000 a second of 465 M at a peak of 1.6`,
  },
  resumeShare: {
    flag: '--resume-share <n>',
    default: 0.95,
    text: 'of the logins show a ticket',
    source: 'assumed: a ticket outlives nearly every interruption',
  },
  bodyBytes: {
    flag: '--body-bytes <n>',
    default: 200,
    text: 'bytes of a body; media travel beside the messages and are not in here',
    source: 'assumed: a line of text, encrypted',
  },
  awayShare: {
    flag: '--away-share <n>',
    default: 0.5,
    text: 'of the deliveries are for a device that is away',
    source: 'assumed; at most 1 less the online share, as people write to who answers',
  },
  retentionHours: {
    flag: '--retention-hours <n>',
    default: 8,
    text: 'hours that such a message waits in the mean',
    source: 'assumed: a night; messages expire after 30 days',
  },
  utilisation: {
    flag: '--utilisation <n>',
    default: 0.5,
    text: 'of a core is used at the peak: the rest is for what fails and what is not foreseen',
    source: 'chosen; see the latencies by utilisation',
  },
  coresPerMachine: {
    flag: '--cores-per-machine <n>',
    default: 32,
    text: 'cores of a machine',
    source: 'chosen',
  },
  memoryPerMachineGib: {
    flag: '--memory-per-machine-gib <n>',
    default: 128,
    text: 'GiB of memory of a machine, three quarters of it for the server',
    source: 'chosen',
  },
} as const satisfies Record<string, Assumption>;

export type ScenarioKey = keyof typeof assumptions;
export type Scenario = Readonly<Record<ScenarioKey, number>>;
export const scenarioKeys = Object.keys(assumptions) as ScenarioKey[];

const shares: readonly ScenarioKey[] = ['onlineShare', 'resumeShare', 'awayShare', 'utilisation'];

/** @throws RangeError that names the flag, for what cannot be */
export function scenario(given: Partial<Scenario>): Scenario {
  const all = Object.fromEntries(
    scenarioKeys.map(key => [key, given[key] ?? assumptions[key].default]),
  ) as Scenario;
  for (const key of scenarioKeys) {
    const highest = shares.includes(key) ? 1 : 1e15;
    if (!(all[key] > 0 && all[key] <= highest))
      throw new RangeError(
        `${assumptions[key].flag} is a number above 0 and at most ${highest}, got ${all[key]}`,
      );
  }
  if (all.utilisation === 1)
    throw new RangeError(
      `${assumptions.utilisation.flag} is below 1: a full core makes everybody wait for ever`,
    );
  return all;
}
