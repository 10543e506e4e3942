import t from 'tap';
import type { GroupId, UserId } from '../../../protocol/ids.ts';
import type { Addressing } from '../../../protocol/packets.ts';
import { clearTables, publish } from '../../../server/directory/tables.ts';
import { resolve } from '../../../server/sessions/resolve.ts';
import type { Account } from '../../../storage/accounts/contract.ts';
import { dev } from '../../contract/shard/fixture.ts';

const group = 'g_AAAAAAAAAAAAAAAAAAAAAA' as GroupId;

/** An account with devices 1 to `count`; its version is their number. */
function account(user: string, count: number, blocked: string[] = []): Account {
  const devices = Array.from({ length: count }, (_, i) => ({
    device: dev(user, i + 1),
    key: Buffer.alloc(32),
    addedBy: null,
    signature: null,
    addedAt: 0,
  }));
  const all = { user: user as UserId, version: count, devices, removed: [] };
  return { ...all, blocked: blocked as UserId[] };
}

function know(user: string, what: Account | null): void {
  publish({ kind: 'account', user: user as UserId }, what);
}

function knowGroup(version: number, ...users: string[]): void {
  const members = users.map(user => ({ user: user as UserId, admin: false, joinedAt: 0 }));
  publish({ kind: 'group', group }, { group, name: 'x', version, members });
}

const own = account('ann', 2);
const me = dev('ann');
const direct = (users: [string, number][], ownVersion = 2): Addressing => ({
  kind: 'direct',
  users: users as [UserId, number][],
  own: ownVersion,
});
const toGroup = (version: number): Addressing => ({ kind: 'group', group, version });
const list = ({ user, version, devices }: Account) => ({
  user,
  version,
  devices: devices.map(({ device }) => device),
});

t.beforeEach(() => {
  clearTables();
});

void t.test('a direct send reaches all devices of all addressed and the own others', async t => {
  know('bob', account('bob', 2));
  know('cid', account('cid', 1));
  t.same(
    resolve(
      me,
      own,
      direct([
        ['bob', 2],
        ['cid', 1],
      ]),
    ),
    {
      // prettier-ignore
      kind: 'targets',
      targets: [dev('ann', 2), dev('bob', 1), dev('bob', 2), dev('cid', 1)],
    },
  );
  t.same(resolve(me, own, direct([])), { kind: 'targets', targets: [dev('ann', 2)] });
  const twice = direct([['bob', 2], ['bob', 2]]); // prettier-ignore
  const targets = [dev('ann', 2), dev('bob', 1), dev('bob', 2)];
  t.same(resolve(me, own, twice), { kind: 'targets', targets }, 'each device once');
});

void t.test('to one user: its devices and the own others, each once', async t => {
  know('ann', own);
  know('bob', account('bob', 2));
  const targets = (to: Addressing, from = own) => {
    const resolution = resolve(me, from, to);
    if (resolution.kind !== 'targets') throw new Error('not resolved', { cause: resolution });
    return resolution.targets.toSorted();
  };
  const others = [dev('bob', 1), dev('bob', 2)];
  t.same(targets(direct([['bob', 2]])), [dev('ann', 2), ...others]);
  t.same(targets(direct([['bob', 2]], 1), account('ann', 1)), others);
  t.same(targets(direct([['ann', 2]])), [dev('ann', 2)], 'to oneself');
});

void t.test('who is not in memory is loaded, all at once', async t => {
  know('bob', account('bob', 1));
  const to = direct([['bob', 1], ['cid', 1], ['dan', 1]]); // prettier-ignore
  t.same(resolve(me, own, to), { kind: 'load', users: ['cid', 'dan'], group: null });
});

void t.test('an unknown user refuses', async t => {
  know('nobody', null);
  const refused = { kind: 'refuse', why: { code: 'unknown_user', user: 'nobody' } };
  t.same(resolve(me, own, direct([['nobody', 1]])), refused);
});

void t.test('who is blocked is refused, also with a list that is stale', async t => {
  know('bob', account('bob', 1, ['ann']));
  const refused = { kind: 'refuse', why: { code: 'blocked', user: 'bob' } };
  t.same(resolve(me, own, direct([['bob', 1]])), refused);
  t.same(resolve(me, own, direct([['bob', 7]])), refused, 'the devices are not told');
});

void t.test('every list that is stale is told at once, the own one too', async t => {
  know('bob', account('bob', 3));
  know('cid', account('cid', 1));
  const to = direct([['bob', 2], ['cid', 1]], 1); // prettier-ignore
  t.same(resolve(me, own, to), {
    kind: 'refuse',
    why: { code: 'stale_devices', lists: [list(own), list(account('bob', 3))] },
  });
  t.match(resolve(me, own, direct([['bob', 4]])), { why: { lists: [{ version: 3 }] } }); // prettier-ignore
});

void t.test('a group send reaches the members’ devices without the sending one', async t => {
  know('ann', own);
  know('bob', account('bob', 2));
  knowGroup(4, 'bob', 'ann');
  const targets = [dev('bob', 1), dev('bob', 2), dev('ann', 2)];
  t.same(resolve(me, own, toGroup(4)), { kind: 'targets', targets });
});

void t.test('a group send is for one version, of a group that one is in', async t => {
  know('ann', own);
  t.same(resolve(me, own, toGroup(1)), { kind: 'load', users: [], group });
  publish({ kind: 'group', group }, null);
  t.same(resolve(me, own, toGroup(1)), { kind: 'refuse', why: { code: 'unknown_group', group } });
  knowGroup(4, 'bob');
  t.same(resolve(me, own, toGroup(4)), { kind: 'refuse', why: { code: 'not_member', group } });
  knowGroup(5, 'bob', 'ann', 'cid');
  const why = { code: 'stale_group', group, version: 5 };
  t.same(resolve(me, own, toGroup(4)), { kind: 'refuse', why });
  t.same(resolve(me, own, toGroup(5)), { kind: 'load', users: ['bob', 'cid'], group: null });
});

void t.test('in a group nobody is blocked', async t => {
  know('ann', own);
  know('bob', account('bob', 1, ['ann']));
  knowGroup(1, 'bob', 'ann');
  t.match(resolve(me, own, toGroup(1)), { kind: 'targets' });
});
