/**
 * Sending, as the device itself keeps it: its numbers, what is not decided yet, and what the server's verdicts do
 * to it. The other half is sender.ts, the home shard's rules. Functions over one plain state that they change in
 * place, without input or output: used by the SDK, by the load generator and by the random model of delivery.
 */
import type { GroupId, UserId } from '../ids.ts';
import type { Addressing, Read, Send, State } from '../packets.ts';
import type { Refusal } from '../refusal.ts';

/** What a number was given to: a message, or a read mark. */
export type OutboxItem =
  | {
      readonly kind: 'send';
      /** The message's id as the application knows it. */
      readonly id: string;
      readonly to: Addressing;
      readonly body: Uint8Array;
    }
  | Pick<Read, 'kind' | 'sender' | 'conversation' | 'upTo'>;

export interface OutboxEntry {
  /** 1, 2, 3 …: never given to anything else. */
  readonly seq: number;
  /** How often it was repaired. */
  readonly rev: number;
  /** It had been accepted once, and a restored server lost it. */
  readonly again: boolean;
  readonly item: OutboxItem;
}

/** What a device keeps as a sender. `entries` rise by `seq` and all lie above `upTo`. */
export interface OutboxState {
  nextSeq: number;
  /** The highest number that was accepted. */
  upTo: number;
  /** The server's era as last met; null before the first `state`. */
  era: number | null;
  /**
   * The highest number that may have been offered, stored before it is: what is above it may still be changed, and a
   * server that knows of more has met a later self of this device.
   */
  tried: number;
  readonly entries: OutboxEntry[];
}

export const newOutbox = (): OutboxState => ({
  nextSeq: 1,
  upTo: 0,
  era: null,
  tried: 0,
  entries: [],
});

/** How often one entry is repaired before its refusal stands: a server whose answers never fit must not loop. */
export const repairsPerEntry = 16;

/** Gives `item` the next number. The entry is offered only after it is stored. */
export function append(state: OutboxState, item: OutboxItem): OutboxEntry {
  const entry: OutboxEntry = { seq: state.nextSeq, rev: 0, again: false, item };
  state.nextSeq += 1;
  state.entries.push(entry);
  return entry;
}

/**
 * A read mark takes the place of an older one of the same sender and conversation that was never offered; else it is
 * appended.
 */
export function appendRead(
  state: OutboxState,
  item: Extract<OutboxItem, { kind: 'read' }>,
): OutboxEntry {
  for (let i = state.entries.length - 1; i >= 0; i--) {
    const entry = state.entries[i];
    if (entry === undefined || entry.seq <= state.tried) break;
    const { item: older } = entry;
    if (older.kind !== 'read' || older.sender !== item.sender) continue;
    if (older.conversation !== item.conversation) continue;
    const raised = { ...entry, item: { ...item, upTo: Math.max(older.upTo, item.upTo) } };
    state.entries[i] = raised;
    return raised;
  }
  return append(state, item);
}

/** To be stored before anything above the old `tried` is offered; not before the server’s `state` was compared with it. */
export function prepareOffers(state: OutboxState): void {
  state.tried = state.nextSeq - 1;
}

/**
 * The packets to offer next on a connection: of what was prepared and stored.
 * @param offered how many entries at the front this connection has offered since it last began anew
 * @param window how many undecided entries may be under way
 */
export function offers(state: OutboxState, offered: number, window: number): (Send | Read)[] {
  const packets: (Send | Read)[] = [];
  const end = Math.min(state.entries.length, window);
  for (let i = offered; i < end; i++) {
    const entry = state.entries[i];
    if (entry === undefined) break;
    packets.push(offerOf(entry, i === 0 ? state.upTo : (state.entries[i - 1]?.seq ?? state.upTo)));
  }
  return packets;
}

/** @param prev the number before it that was not refused */
function offerOf({ seq, rev, item }: OutboxEntry, prev: number): Send | Read {
  if (item.kind === 'send') return { kind: 'send', seq, prev, rev, to: item.to, body: item.body };
  const { sender, conversation, upTo } = item;
  return { kind: 'read', seq, prev, rev, sender, conversation, upTo };
}

/** `accepted {upTo}` is `{ upTo, seen: upTo, rev: 0, why: null }`; `rejected` has `seen: seq`; `state` is one as it stands. */
export type Verdict = Pick<State, 'upTo' | 'seen' | 'rev' | 'why'>;

export interface Settled {
  /** No longer in the outbox. */
  readonly accepted: readonly OutboxEntry[];
  /** Still in the outbox: to be given to {@link answerRefusal}. */
  readonly refused: OutboxEntry | null;
  /** Why it was refused; null when the server only remembers that it was. */
  readonly why: Refusal | null;
}

/** Takes what is accepted out of the outbox and finds what is refused: at most one, as all behind it is a gap. */
export function settle(state: OutboxState, { upTo, seen, rev, why }: Verdict): Settled {
  let count = 0;
  while (count < state.entries.length && (state.entries[count]?.seq ?? Infinity) <= upTo) count++;
  const accepted = count === 0 ? [] : state.entries.splice(0, count);
  state.upTo = Math.max(state.upTo, upTo);
  const first = state.entries[0];
  if (first === undefined || first.seq > seen || (first.seq === seen && first.rev > rev))
    return { accepted, refused: null, why: null };
  return { accepted, refused: first, why: first.seq === seen ? why : null };
}

/**
 * - `repaired`: it keeps its number with one `rev` more (`entry`), so order is kept; it is offered anew.
 * - `dropped`: the refusal stands; the application is told.
 * - `unresolved`: it had been accepted before the server was restored; some devices may have it, others never will.
 *
 * After each of them everything left is offered again, as what was pipelined behind it met a gap.
 */
export type RefusalAnswer =
  | { readonly kind: 'repaired'; readonly entry: OutboxEntry }
  | { readonly kind: 'dropped' }
  | { readonly kind: 'unresolved' };

/** @param self the own user, whose device list `own` names */
export function answerRefusal(
  state: OutboxState,
  entry: OutboxEntry,
  why: Refusal | null,
  self: UserId,
): RefusalAnswer {
  const index = state.entries.indexOf(entry);
  if (index < 0) throw new RangeError(`expected an entry of the outbox, got number ${entry.seq}`);
  const item = entry.again || entry.rev >= repairsPerEntry ? null : repair(entry.item, why, self);
  if (item !== null) {
    const repaired: OutboxEntry = { ...entry, rev: entry.rev + 1, item };
    state.entries[index] = repaired;
    return { kind: 'repaired', entry: repaired };
  }
  state.entries.splice(index, 1);
  return { kind: entry.again ? 'unresolved' : 'dropped' };
}

/** The item made for what is current, or null where that does not help. */
function repair(item: OutboxItem, why: Refusal | null, self: UserId): OutboxItem | null {
  if (item.kind !== 'send' || why === null) return null;
  if (why.code === 'stale_devices' && item.to.kind === 'direct') {
    const current = new Map(why.lists.map(list => [list.user, list.version]));
    const users = item.to.users.map(
      ([user, version]) => [user, current.get(user) ?? version] as const,
    );
    return { ...item, to: { ...item.to, users, own: current.get(self) ?? item.to.own } };
  }
  if (why.code === 'stale_group' && item.to.kind === 'group')
    return { ...item, to: { ...item.to, version: why.version } };
  return null;
}

/** The versions that a refusal tells, for the sends that follow. */
export function toldVersions(why: Refusal | null): (readonly [UserId | GroupId, number])[] {
  if (why?.code === 'stale_devices') return why.lists.map(list => [list.user, list.version]);
  if (why?.code === 'stale_group') return [[why.group, why.version]];
  return [];
}

/**
 * The server knows of numbers that this device never offered: its memory is an old copy. It retires and is linked
 * anew. Numbers given since, without a connection, do not hide it, as they are not offered yet.
 */
export const sentIsRolledBack = (state: OutboxState, told: State): boolean =>
  told.seen > state.tried;

/** The server was restored since this device last met it (or this is the first meeting): see {@link adoptEra}. */
export const isNewEra = (state: { readonly era: number | null }, told: State): boolean =>
  told.era !== state.era;

/**
 * Takes over a restored server's watermark; what it lost goes back into the outbox under its old number.
 * @param lost what was accepted above `told.upTo`, rising by `seq`
 * @returns the entries that came back
 */
export function adoptEra(
  state: OutboxState,
  told: State,
  lost: readonly OutboxEntry[],
): readonly OutboxEntry[] {
  const back = lost.map(entry => ({ ...entry, again: true }));
  state.entries.unshift(...back);
  state.upTo = told.upTo;
  state.era = told.era;
  return back;
}
