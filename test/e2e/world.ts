/** A few people on a server, what they say to each other, and the oracle that hears all of it. */
import type { Test } from 'tap';
import { registerUser, registerUsers } from '../../lab/accounts.ts';
import { Oracle } from '../../lab/oracle.ts';
import { describeVerdict, isClean } from '../../lab/verdict.ts';
import { WatchedDevice, type WatchedDeviceOptions } from '../../lab/watched-device.ts';
import type { DeviceId, GroupId } from '../../protocol/ids.ts';
import { seededRandom, type Random } from '../protocol/fuzz/frames.ts';

/** How long everything under way may take to arrive once the faults are over. */
const settleMs = 45_000;

export class World {
  readonly oracle: Oracle;
  readonly devices: WatchedDevice[] = [];
  readonly #t: Test;
  readonly #url: () => string;
  readonly #options: Pick<WatchedDeviceOptions, 'client'>;

  constructor(
    t: Test,
    url: () => string,
    options: Pick<WatchedDeviceOptions, 'client'> = {},
    oracle = new Oracle(),
  ) {
    this.oracle = oracle;
    this.#t = t;
    this.#url = url;
    this.#options = options;
    t.teardown(() => Promise.all(this.devices.map(device => device.close())));
  }

  /** Registers and connects people named `<prefix>0`, `<prefix>1` … */
  async people(count: number, prefix = 'p'): Promise<WatchedDevice[]> {
    const identities = await registerUsers(this.#url(), prefix, count);
    const devices = await Promise.all(
      identities.map(identity =>
        WatchedDevice.start({ identity, oracle: this.oracle, ...this.#options }),
      ),
    );
    this.devices.push(...devices);
    return devices;
  }

  async person(
    handle: string,
    options: Partial<WatchedDeviceOptions> = {},
  ): Promise<WatchedDevice> {
    const identity = options.identity ?? (await registerUser(this.#url(), handle));
    const device = await WatchedDevice.start({
      oracle: this.oracle,
      ...this.#options,
      ...options,
      identity,
    });
    this.devices.push(device);
    return device;
  }

  /** Resolves when so many more messages are accepted than now. */
  async moreAccepted(count: number): Promise<void> {
    const goal = this.oracle.counts.accepted + count;
    await this.oracle.when(
      () => this.oracle.counts.accepted >= goal,
      AbortSignal.timeout(settleMs),
    );
  }

  /** Waits until all has settled and lets the oracle judge. */
  async judge(): Promise<void> {
    try {
      await this.oracle.settled(AbortSignal.timeout(settleMs));
    } catch (error) {
      this.#t.fail(String(error));
    }
    const verdict = this.oracle.verdict();
    this.#t.ok(isClean(verdict), describeVerdict(verdict));
    this.#t.comment(describeVerdict(verdict));
  }
}

/** Messages that a talker has under way at most. */
const underWay = 8;

/**
 * Everybody talks to somebody else, one message after the other, until `over` says so.
 * @param all whom they talk to
 * @param talkers who talks: all unless told
 * @returns resolves when everybody has put in the last one
 */
export function talk(
  all: readonly WatchedDevice[],
  over: () => boolean,
  seed = 1,
  talkers = all,
): Promise<unknown> {
  const random = seededRandom(seed);
  return Promise.all(talkers.map(talker => talkOf(talker, all, over, random)));
}

async function talkOf(
  talker: WatchedDevice,
  all: readonly WatchedDevice[],
  over: () => boolean,
  random: Random,
): Promise<void> {
  const others = all.filter(({ user }) => user !== talker.user);
  const waiting: Promise<unknown>[] = [];
  while (!over()) {
    const peer = others[Math.floor(random() * others.length)];
    if (peer === undefined) return;
    const { accepted } = await talker.send({ to: peer.user }, { targets: [peer.id] });
    waiting.push(accepted.catch(() => undefined));
    if (waiting.length >= underWay) await waiting.shift();
  }
}

/** The talkers talk into a group. @param optional devices of users who are in it at times */
export function talkInGroup(
  talkers: readonly WatchedDevice[],
  members: readonly WatchedDevice[],
  group: GroupId,
  over: () => boolean,
  optional: readonly DeviceId[] = [],
): Promise<unknown> {
  return Promise.all(
    talkers.map(async talker => {
      const targets = idsOf(members.filter(({ user }) => user !== talker.user));
      while (!over()) {
        const { accepted } = await talker.send({ group }, { targets, optional });
        await accepted.catch(() => undefined);
      }
    }),
  );
}

export const idsOf = (devices: readonly WatchedDevice[]): DeviceId[] => devices.map(({ id }) => id);
