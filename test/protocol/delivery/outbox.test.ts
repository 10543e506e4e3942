import t from 'tap';
import {
  adoptEra,
  answerRefusal,
  append,
  appendRead,
  isNewEra,
  newOutbox,
  offers,
  prepareOffers,
  repairsPerEntry,
  sentIsRolledBack,
  settle,
  toldVersions,
  type OutboxItem,
} from '../../../protocol/delivery/outbox.ts';
import { deviceId, type GroupId, type UserId } from '../../../protocol/ids.ts';
import type { State } from '../../../protocol/packets.ts';
import type { Refusal } from '../../../protocol/refusal.ts';

const alice = 'alice' as UserId;
const bob = 'bob' as UserId;
const message = (id: string, version = 1): OutboxItem => ({
  kind: 'send',
  id,
  to: { kind: 'direct', users: [[bob, version]], own: 1 },
  body: new Uint8Array([1]),
});
const told = (fields: Partial<State>): State => ({
  kind: 'state',
  upTo: 0,
  seen: 0,
  rev: 0,
  why: null,
  acked: 0,
  era: 1,
  ...fields,
});
const accepted = (upTo: number) => ({ upTo, seen: upTo, rev: 0, why: null });
const blocked: Refusal = { code: 'blocked', user: bob };

void t.test('numbers rise, each offer names the one before it, the window holds', async t => {
  const state = newOutbox();
  for (const id of ['a', 'b', 'c', 'd']) append(state, message(id));
  t.match(offers(state, 0, 3), [
    { seq: 1, prev: 0 },
    { seq: 2, prev: 1 },
    { seq: 3, prev: 2 },
  ]);
  t.same(offers(state, 3, 3), [], 'the window is full');
  t.same(
    settle(state, accepted(2)).accepted.map(e => e.seq),
    [1, 2],
  );
  t.match(offers(state, 1, 3), [{ seq: 4, prev: 3 }]);
  t.match(offers(state, 0, 3)[0], { seq: 3, prev: 2 }, 'from the front: after the accepted one');
});

void t.test('a refused one is dropped and what follows names the one before it', async t => {
  const state = newOutbox();
  for (const id of ['a', 'b', 'c']) append(state, message(id));
  const settled = settle(state, { upTo: 1, seen: 2, rev: 0, why: blocked });
  t.equal(settled.refused?.seq, 2);
  t.equal(settled.why, blocked);
  t.same(answerRefusal(state, settled.refused!, settled.why, alice), { kind: 'dropped' });
  t.match(offers(state, 0, 9), [{ seq: 3, prev: 1 }]);
});

void t.test(
  'a stale one is repaired under its number, and its old refusal no longer counts',
  async t => {
    const state = newOutbox();
    append(state, message('a'));
    const why: Refusal = {
      code: 'stale_devices',
      lists: [
        { user: bob, version: 7, devices: [deviceId(bob, 1)] },
        { user: alice, version: 4, devices: [] },
      ],
    };
    const verdict = { upTo: 0, seen: 1, rev: 0, why };
    const answer = answerRefusal(state, settle(state, verdict).refused!, why, alice);
    t.equal(answer.kind, 'repaired');
    t.match(offers(state, 0, 9), [{ seq: 1, rev: 1, to: { users: [[bob, 7]], own: 4 } }]);
    t.equal(settle(state, verdict).refused, null, 'the verdict was about rev 0');
    t.equal(settle(state, { ...verdict, rev: 1 }).refused?.seq, 1);
    t.same(toldVersions(why), [
      [bob, 7],
      [alice, 4],
    ]);
  },
);

void t.test('a stale group send takes the version told', async t => {
  const state = newOutbox();
  const group = 'g_AAAAAAAAAAAAAAAAAAAAAA' as GroupId;
  const entry = append(state, {
    kind: 'send',
    id: 'a',
    to: { kind: 'group', group, version: 1 },
    body: new Uint8Array(),
  });
  answerRefusal(state, entry, { code: 'stale_group', group, version: 9 }, alice);
  t.match(offers(state, 0, 9), [{ rev: 1, to: { group, version: 9 } }]);
});

void t.test('an entry that stays stale is dropped in the end', async t => {
  const state = newOutbox();
  append(state, message('a'));
  const why: Refusal = { code: 'stale_devices', lists: [] };
  for (let i = 0; i < repairsPerEntry; i++)
    t.equal(answerRefusal(state, state.entries[0]!, why, alice).kind, 'repaired');
  t.equal(answerRefusal(state, state.entries[0]!, why, alice).kind, 'dropped');
});

void t.test('refused under a later number: why is not known', async t => {
  const state = newOutbox();
  append(state, message('a'));
  append(state, message('b'));
  t.equal(settle(state, { upTo: 0, seen: 2, rev: 0, why: blocked }).why, null);
});

void t.test(
  'a read mark raises an older one that was never offered, never one that was',
  async t => {
    const state = newOutbox();
    const read = (upTo: number) =>
      ({ kind: 'read', sender: deviceId(bob, 1), conversation: null, upTo }) as const;
    appendRead(state, read(3));
    t.equal(appendRead(state, read(5)).seq, 1);
    t.equal(appendRead(state, read(4)).seq, 1);
    prepareOffers(state);
    t.match(offers(state, 0, 9), [{ kind: 'read', seq: 1, upTo: 5 }]);
    t.equal(appendRead(state, read(6)).seq, 2, 'number 1 may have been decided with 5');
  },
);

void t.test(
  'a new era: the watermark goes back, what was lost comes again and is not repaired',
  async t => {
    const state = newOutbox();
    for (const id of ['a', 'b', 'c']) append(state, message(id));
    const sent = settle(state, accepted(2)).accepted;
    const restored = told({ upTo: 1, seen: 1, era: 2 });
    t.ok(isNewEra(state, restored));
    adoptEra(state, restored, sent.slice(1));
    t.notOk(isNewEra(state, restored));
    t.match(offers(state, 0, 9), [
      { seq: 2, prev: 1 },
      { seq: 3, prev: 2 },
    ]);
    const { refused } = settle(state, { upTo: 1, seen: 2, rev: 0, why: blocked });
    t.equal(
      answerRefusal(state, refused!, { code: 'stale_devices', lists: [] }, alice).kind,
      'unresolved',
    );
  },
);

void t.test('a device that finds numbers it never offered is an old copy', async t => {
  const state = newOutbox();
  append(state, message('a'));
  t.ok(sentIsRolledBack(state, told({ upTo: 1, seen: 1 })), 'numbered, but not offered');
  prepareOffers(state);
  t.notOk(sentIsRolledBack(state, told({ upTo: 1, seen: 1 })));
  t.ok(sentIsRolledBack(state, told({ upTo: 1, seen: 2 })));
  t.ok(sentIsRolledBack(state, told({ upTo: 1, seen: 2, era: 7 })), 'in any era');
});
