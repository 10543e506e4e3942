/**
 * Sends on their way from the frame to the store, in order: each is resolved to its targets (loading what is not in
 * memory), given to the home shard's store with all that wait, and answered when it is committed.
 */
import { call, self, send, sendAfter } from '../../actors/index.ts';
import type { GroupId, UserId } from '../../protocol/ids.ts';
import type { Read, Send } from '../../protocol/packets.ts';
import { shardOf } from '../../protocol/shard.ts';
import type { Decision, Intent } from '../../storage/mailboxes/contract.ts';
import type { Command } from '../../storage/shard/contract.ts';
import { directoryName } from '../directory/directory.ts';
import { accountOf } from '../directory/tables.ts';
import { isHere } from '../isolates/shard-map.ts';
import type { Outcome } from '../stores/protocol.ts';
import { withItem } from '../young-list.ts';
import { closeWith, say, sayAccepted, sayError } from './outgoing.ts';
import { resolve } from './resolve.ts';
import { portTo, type SessionState } from './state.ts';

/** The disk was full; it is time to say `state` again. */
export const RESUME = { kind: 'resume_sends' } as const;

/** Accounts or groups of another isolate are in the tables. */
export const LOADED = { kind: 'loaded' } as const;

const FULL_RETRY_MS = 1_000;

/**
 * A client that keeps to its window may still have two rounds here: those that a refusal has made void, which no
 * answer tells apart for it, and those that it offers again.
 */
const ROUNDS = 2;

/** Takes a send in; {@link advance} gives it to the store with all others of its frame. */
export function offer(state: SessionState, packet: Send | Read): void {
  const { sending } = state;
  if (sending.held) return;
  const mayHold = ROUNDS * state.services.limits.unacceptedSends;
  if (sending.queue.length + sending.underWay >= mayHold) {
    closeWith(state, 'window_exceeded');
    return;
  }
  sending.queue = withItem(sending.queue, packet);
}

/** Gives the store everything at the front of the queue that can be resolved now. One batch at a time is under way. */
export function advance(state: SessionState): void {
  const { sending } = state;
  if (sending.underWay > 0 || sending.loading > 0 || sending.queue.length === 0) return;
  const own = accountOf(state.user);
  if (own === undefined) {
    loadAccounts(state, [state.user]);
    return;
  }
  if (!own?.devices.some(({ device }) => device === state.device)) {
    closeWith(state, 'device_removed');
    return;
  }
  const at = Date.now();
  const commands: Command<'decide'>[] = [];
  for (const packet of sending.queue) {
    let intent: Intent;
    if (packet.kind === 'read') {
      const { sender, conversation, upTo } = packet;
      intent = { kind: 'read', sender, conversation, upTo };
    } else {
      const resolution = resolve(state.device, own, packet.to);
      if (resolution.kind === 'load') {
        loadAccounts(state, resolution.users);
        if (resolution.group !== null) loadGroup(state, resolution.group);
        break;
      }
      const conversation = packet.to.kind === 'group' ? packet.to.group : null;
      intent =
        resolution.kind === 'refuse'
          ? resolution
          : { kind: 'message', conversation, targets: resolution.targets, body: packet.body };
    }
    // The packet is its own offer.
    commands.push({ kind: 'decide', device: state.device, offer: packet, intent, at });
  }
  if (commands.length === 0) return;
  if (commands.length === sending.queue.length) sending.queue = [];
  else sending.queue.splice(0, commands.length);
  sending.underWay = commands.length;
  state.home.submitAll(commands, decided, hold);
}

/** Takes the state as it is by then: its code may have been changed since it asked. */
function decided(outcomes: readonly Outcome[], state: SessionState): void {
  state.sending.underWay = 0;
  tell(state, outcomes as readonly Decision[]);
  advance(state);
}

/** One answer per decision; but of a run of accepted ones the last says all, and of a run of gaps the first. */
function tell(state: SessionState, decisions: readonly Decision[]): void {
  const { sending, services } = state;
  let accepted = 0;
  let upTo = 0;
  for (const decision of decisions) {
    if (decision.kind === 'accepted') {
      sending.gapSeq = 0;
      accepted++;
      ({ upTo } = decision);
      continue;
    }
    if (upTo > 0) sayAccepted(state, upTo);
    upTo = 0;
    if (decision.kind === 'rejected') {
      sending.gapSeq = decision.seq;
      services.metrics.rejected.inc({ code: decision.why.code });
      say(state, decision);
    } else {
      const first = sending.gapSeq === 0 || decision.seq <= sending.gapSeq;
      sending.gapSeq = decision.seq;
      if (first) say(state, { kind: 'state', ...decision.state });
    }
  }
  if (upTo > 0) sayAccepted(state, upTo);
  if (accepted > 0) services.metrics.accepted.inc(accepted);
}

/** Nothing was decided for want of room: what was offered is dropped, and asked for again later. */
function hold(state: SessionState): void {
  const { sending } = state;
  sending.underWay = 0;
  sending.queue = [];
  if (sending.held) return;
  sending.held = true;
  sayError(state, 'storage_full', { retryAfterMs: FULL_RETRY_MS });
  sendAfter(FULL_RETRY_MS, self(), RESUME);
}

/** Says the committed state, upon which the device offers again what is not decided. */
export function resumeSends(state: SessionState): void {
  state.home.submit(
    { kind: 'state', device: state.device },
    (committed, state) => {
      state.sending.held = false;
      state.sending.gapSeq = 0;
      say(state, { kind: 'state', ...committed });
    },
    () => {
      sendAfter(FULL_RETRY_MS, self(), RESUME);
    },
  );
}

function loadAccounts(state: SessionState, users: readonly UserId[]): void {
  const byShard = new Map<number, Command<'account'>[]>();
  for (const user of users) {
    const shard = shardOf(user, state.services.shards);
    const commands = byShard.get(shard) ?? [];
    commands.push({ kind: 'account', user });
    byShard.set(shard, commands);
  }
  for (const [shard, commands] of byShard) load(state, shard, commands);
}

const loadGroup = (state: SessionState, group: GroupId): void => {
  load(state, shardOf(group, state.services.shards), [{ kind: 'group', group }]);
};

/** What is read is published in the tables; then the queue goes on. */
function load(state: SessionState, shard: number, commands: readonly Command[]): void {
  const { sending } = state;
  sending.loading++;
  if (!isHere(shard)) {
    loadFromAfar(shard, commands);
    return;
  }
  portTo(state, shard).submitAll(commands, (_, state) => loaded(state), loaded);
}

/** Asks the directory; it answers when the shard's store has, however long that takes. */
function loadFromAfar(shard: number, commands: readonly Command[]): void {
  const me = self();
  void call(directoryName, { kind: 'load', shard, commands }, Infinity).then(
    () => {
      send(me, LOADED);
    },
    // The directory has died, and every session with it.
    () => undefined,
  );
}

export function loaded(state: SessionState): void {
  state.sending.loading--;
  advance(state);
}
