/**
 * What a step may look at beside its message and its state: accounts and groups in memory, registered names, the shard
 * map, loaded code. Of all that there is, what has to do with the users that the step is about.
 */
import { code, registered, whereis, type KeptCrash, type Pid } from '../../actors/index.ts';
import { decodeClientFrame } from '../../protocol/codec/frame.ts';
import { limits } from '../../protocol/limits.ts';
import { userOf, type DeviceId, type GroupId, type UserId } from '../../protocol/ids.ts';
import type { Account } from '../../storage/accounts/contract.ts';
import type { Group } from '../../storage/groups/contract.ts';
import { originOf, type Origin } from '../code/compile-load.ts';
import { moduleNames } from '../code/swappable.ts';
import { accountOf, groupOf } from '../directory/tables.ts';
import type { Picture } from './picture.ts';

export interface Surroundings {
  readonly accounts: readonly Account[];
  readonly groups: readonly Group[];
  readonly names: readonly (readonly [name: string, pid: Pid])[];
  readonly handlers: readonly Origin[];
}

/** @param pictures of the callback's arguments and of the state */
export function surroundingsOf(
  { args, codeKey }: Pick<KeptCrash, 'args' | 'codeKey'>,
  pictures: readonly Picture[],
): Surroundings {
  const words = new Set<string>();
  for (const picture of pictures) collect(picture, words);
  // A frame names users in bytes.
  for (const arg of args) collect(packetsOf(arg), words);
  const groups = [...words].flatMap(word => groupOf(word as GroupId) ?? []);
  for (const group of groups) for (const { user } of group.members) words.add(user);
  return {
    accounts: [...words].flatMap(word => accountOf(word as UserId) ?? []),
    groups,
    names: namesOf(words),
    handlers: moduleNames.flatMap(name => originOf(code.lookup(name, codeKey)) ?? []),
  };
}

/** Each string in it, and of a device's name the user's. */
function collect(value: unknown, into: Set<string>): void {
  if (typeof value === 'string') {
    into.add(value);
    if (value.includes(':')) into.add(userOf(value as DeviceId));
  } else if (typeof value === 'object' && value !== null && !ArrayBuffer.isView(value)) {
    for (const part of Object.values(value)) collect(part, into);
  }
}

function packetsOf(arg: unknown): unknown {
  const { kind, data } = (arg ?? {}) as { kind?: unknown; data?: unknown };
  if (kind !== 'frame' || !(data instanceof Uint8Array)) return undefined;
  try {
    return decodeClientFrame(data, limits);
  } catch {
    // What cannot be read names nobody; the step itself will meet it again.
    return undefined;
  }
}

/** Names of users and groups are many: only those that were met. All others are the server's own. */
function namesOf(words: ReadonlySet<string>): (readonly [string, Pid])[] {
  return registered().flatMap(name => {
    const whose = /^(?:mailbox|group)\.(.*)$/s.exec(name)?.[1];
    const pid = whose === undefined || words.has(whose) ? whereis(name) : undefined;
    return pid === undefined ? [] : [[name, pid] as const];
  });
}
