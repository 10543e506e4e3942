/**
 * Which session speaks for a device, as a public ETS table: every process of the isolate may read it. A session enters
 * itself with `claim`; the directory process watches who is in it, takes out who dies, and empties it when it starts.
 */
import type { Pid } from '../../actors/index.ts';
import { userOf, type DeviceId, type UserId } from '../../protocol/ids.ts';
import { roles as roleBits } from '../../protocol/packets.ts';
import type { ConnectionId } from '../gateway/port.ts';

export interface Speaker {
  readonly device: DeviceId;
  /** Bits of the protocol's roles. */
  readonly roles: number;
  /** Tells older from newer. */
  readonly connection: ConnectionId;
  readonly session: Pid;
}

const NOBODY: readonly Speaker[] = [];

/** By user: a mailbox process asks for all devices of its user. Lists are short and never changed in place. */
const speakers = new Map<UserId, readonly Speaker[]>();
let count = 0;

/** How many sessions are logged in. */
export const speakingSessions = (): number => count;

/** Those of all devices of the user. */
export const speakersOf = (user: UserId): readonly Speaker[] => speakers.get(user) ?? NOBODY;

/** Those of one device: one that both sends and receives, or one for each role. */
export const speakersFor = (device: DeviceId): readonly Speaker[] =>
  speakersOf(userOf(device)).filter(speaker => speaker.device === device);

export const isReceiver = ({ roles }: Speaker): boolean => (roles & roleBits.receive) !== 0;

/** The session that receives for the device, if it is connected. */
export const receiverOf = (device: DeviceId): Pid | undefined =>
  speakersFor(device).find(isReceiver)?.session;

/**
 * Enters a speaker; per device and role the newest connection wins.
 * @returns those that it takes the place of, or null when a newer one is there and nothing was done
 */
export function enterSpeaker(wanted: Speaker): readonly Speaker[] | null {
  const rivals = speakersFor(wanted.device).filter(
    ({ roles, session }) => (roles & wanted.roles) !== 0 && session !== wanted.session,
  );
  if (rivals.some(({ connection }) => connection > wanted.connection)) return null;
  for (const rival of rivals) removeSpeaker(rival);
  const user = userOf(wanted.device);
  speakers.set(user, [...speakersOf(user), wanted]);
  count++;
  return rivals;
}

/** Without effect when it is not there any more. */
export function removeSpeaker(speaker: Speaker): void {
  const user = userOf(speaker.device);
  const before = speakersOf(user);
  const left = before.filter(other => other !== speaker);
  count -= before.length - left.length;
  if (left.length === 0) speakers.delete(user);
  else speakers.set(user, left);
}

export function clearSpeakers(): void {
  speakers.clear();
  count = 0;
}
