import fc from 'fast-check';
import t from 'tap';
import type { GroupId, UserId } from '../../../protocol/ids.ts';
import { limits } from '../../../protocol/limits.ts';
import { nextGroup, type NextGroup } from '../../../server/groups/membership.ts';
import type { GroupChange } from '../../../server/groups/protocol.ts';
import type { Group } from '../../../storage/groups/contract.ts';

const id = 'g_AAAAAAAAAAAAAAAAAAAAAA' as GroupId;
const users = (...names: string[]): UserId[] => names as UserId[];
const [ann, bob, cid, eve] = users('ann', 'bob', 'cid', 'eve') as [UserId, UserId, UserId, UserId];

const change = (before: Group | null, by: UserId, what: GroupChange, at = 5): NextGroup =>
  nextGroup(id, before, by, what, at);

const names = (next: NextGroup): string[] =>
  next.kind === 'error' ? [] : next.group.members.map(({ user, admin }) => (admin ? `${user}*` : user)); // prettier-ignore

function made(...members: UserId[]): Group {
  const next = change(null, members[0]!, { kind: 'create', name: 'Friends', users: members });
  if (next.kind !== 'next') throw new Error('not made');
  return next.group;
}

void t.test('who creates a group is its admin, each member once', async t => {
  const next = change(null, ann, { kind: 'create', name: 'Friends', users: [bob, cid, bob, ann] });
  t.same(next, {
    kind: 'next',
    event: 'created',
    users: [ann, bob, cid],
    group: {
      group: id,
      name: 'Friends',
      version: 1,
      members: [
        { user: ann, admin: true, joinedAt: 5 },
        { user: bob, admin: false, joinedAt: 5 },
        { user: cid, admin: false, joinedAt: 5 },
      ],
    },
  });
});

void t.test('a repeated creation is the same, another one of the same id is refused', async t => {
  const group = made(ann, bob);
  t.same(change(group, ann, { kind: 'create', name: 'Friends', users: [] }), { kind: 'same', group }); // prettier-ignore
  const exists = { kind: 'error', error: 'group_exists' };
  t.same(change(group, ann, { kind: 'create', name: 'Others', users: [] }), exists);
  t.same(change(group, eve, { kind: 'create', name: 'Friends', users: [] }), exists);
});

void t.test(
  'admins add and remove; members may not; strangers do not learn that it exists',
  async t => {
    const group = made(ann, bob);
    const add = { kind: 'add', users: [cid, bob] } as const;
    const added = change(group, ann, add, 9);
    t.match(added, { kind: 'next', event: 'added', users: [cid], group: { version: 2 } });
    t.same(names(added), ['ann*', 'bob', 'cid']);
    const removed = change(group, ann, { kind: 'remove', users: [bob, eve] });
    t.match(removed, { kind: 'next', event: 'removed', users: [bob], group: { version: 2 } });
    t.same(names(removed), ['ann*']);
    t.same(change(group, bob, add), { kind: 'error', error: 'not_admin' });
    t.same(change(group, bob, { kind: 'remove', users: [ann] }), { kind: 'error', error: 'not_admin' }); // prettier-ignore
    const unknown = { kind: 'error', error: 'unknown_group', field: 'group' };
    t.same(change(group, eve, add), unknown);
    t.same(change(null, eve, add), unknown);
    t.same(change(null, eve, { kind: 'leave' }), unknown);
  },
);

void t.test('what is so already is the same', async t => {
  const group = made(ann, bob);
  t.same(change(group, ann, { kind: 'add', users: [bob] }), { kind: 'same', group });
  t.same(change(group, ann, { kind: 'remove', users: [eve] }), { kind: 'same', group });
  t.same(change(group, eve, { kind: 'leave' }), { kind: 'same', group });
});

void t.test('an admin leaves by leaving', async t => {
  const group = made(ann, bob);
  t.same(change(group, ann, { kind: 'remove', users: [bob, ann] }), {
    kind: 'error',
    error: 'bad_field',
    field: 'users',
  });
});

void t.test('when the last admin leaves, the member of longest standing becomes one', async t => {
  const group = made(ann, bob, cid);
  const left = change(group, ann, { kind: 'leave' });
  t.match(left, { kind: 'next', event: 'left', users: [ann] });
  t.same(names(left), ['bob*', 'cid']);
  t.same(names(change(group, cid, { kind: 'leave' })), ['ann*', 'bob']);
  t.same(names(change(made(ann), ann, { kind: 'leave' })), []);
});

void t.test('a group has so many members and no more', async t => {
  const many = (count: number) => users(...Array.from({ length: count }, (_, i) => `u${i}`));
  const full = { kind: 'error', error: 'group_full' };
  const create = { kind: 'create', name: 'x', users: many(limits.membersPerGroup) } as const;
  t.same(change(null, ann, create), full);
  const group = made(...many(limits.membersPerGroup));
  t.equal(group.members.length, limits.membersPerGroup);
  t.same(change(group, 'u0' as UserId, { kind: 'add', users: [ann] }), full);
  t.equal(change(group, 'u0' as UserId, { kind: 'add', users: many(9) }).kind, 'same');
});

void t.test(
  'whatever is asked: versions rise by one, nobody twice, an admin while there is anybody',
  async t => {
    const user = fc.constantFrom(ann, bob, cid, eve);
    const list = fc.array(user, { maxLength: 4 });
    const step = fc.record({
      by: user,
      change: fc.oneof(
        fc.record({ kind: fc.constant('create' as const), name: fc.constant('x'), users: list }),
        fc.record({ kind: fc.constantFrom('add' as const, 'remove' as const), users: list }),
        fc.record({ kind: fc.constant('leave' as const) }),
      ),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), steps => {
        let group: Group | null = null;
        for (const { by, change: what } of steps) {
          const next = change(group, by, what);
          if (next.kind !== 'next') continue;
          const old = new Set<UserId>(group === null ? [] : group.members.map(m => m.user));
          const now = new Set(next.group.members.map(m => m.user));
          if (next.group.version !== (group?.version ?? 0) + 1) return false;
          if (now.size !== next.group.members.length) return false;
          if (now.size > 0 && !next.group.members.some(m => m.admin)) return false;
          const changed = new Set([...old, ...now].filter(u => old.has(u) !== now.has(u)));
          if (changed.size !== next.users.length || !next.users.every(u => changed.has(u)))
            return false;
          group = next.group;
        }
        return true;
      }),
      { numRuns: 500 },
    );
    t.pass('so it is');
  },
);
