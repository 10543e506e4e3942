/** Accounts, devices, blocks and invites. */
import t from 'tap';
import type { DeviceId, UserId } from '../../../protocol/ids.ts';
import { limits } from '../../../protocol/limits.ts';
import type { Account } from '../../../storage/accounts/contract.ts';
import type { Command } from '../../../storage/shard/contract.ts';
import { ack, begin, decoded, dev, read, send, type ShardContract } from './fixture.ts';

const ann = 'ann' as UserId;
const key = (n: number): Buffer => Buffer.alloc(32, n);
const signature = Buffer.alloc(64, 9);

const register = (n = 1, user = ann): Command<'register'> => ({
  kind: 'register',
  user,
  key: key(n),
  at: 7,
});
const add = (n: number, by: DeviceId = dev('ann')): Command<'add_device'> => ({
  kind: 'add_device',
  by,
  key: key(n),
  signature,
  at: 8,
});
const remove = (number: number): Command<'remove_device'> => ({
  kind: 'remove_device',
  device: dev('ann', number),
});

const devicesOf = (account: unknown): DeviceId[] =>
  (account as Account).devices.map(({ device }) => device);

export function accountsContract(contract: ShardContract): void {
  const name = (text: string) => `${contract.name}: ${text}`;

  void t.test(name('an account begins with one device, and once'), async t => {
    const shard = begin(t, contract);
    t.equal(await shard.one({ kind: 'account', user: ann }), null);
    const first = { device: dev('ann'), key: key(1), addedBy: null, signature: null, addedAt: 7 };
    const account = { user: ann, version: 1, devices: [first], removed: [], blocked: [] };
    t.same(await shard.one(register()), account);
    t.same(await shard.one({ ...register(), at: 99 }), account, 'again: the same answer');
    t.equal(await shard.one(register(2)), 'handle_taken');
    shard.reopen();
    t.same(await shard.one({ kind: 'account', user: ann }), account);
  });

  void t.test(name('one of two registrations in a batch wins'), async t => {
    const shard = begin(t, contract);
    const { outcomes } = await shard.commit(register(1), register(2));
    t.match(outcomes, [{ version: 1 }, 'handle_taken']);
  });

  void t.test(name('a device lets another in'), async t => {
    const shard = begin(t, contract);
    await shard.one(register());
    const account = await shard.one(add(2));
    t.match(account, { version: 2, devices: [{ device: 'ann:1' }, { device: 'ann:2' }] });
    t.same((account as Account).devices[1], {
      device: dev('ann', 2),
      key: key(2),
      addedBy: dev('ann'),
      signature,
      addedAt: 8,
    });
    t.same(await shard.one(add(2)), account, 'again: the same answer');
    t.same(await shard.one(add(1)), account, 'the key of one that is in');
    t.match(await shard.one(add(3, dev('ann', 2))), { version: 3 });
    t.equal(await shard.one(add(4, dev('ann', 9))), 'device_removed');
    t.equal(await shard.one(add(4, dev('nobody'))), 'device_removed');
  });

  void t.test(name('a user has so many devices and no more'), async t => {
    const shard = begin(t, contract);
    await shard.one(register());
    for (let n = 2; n <= limits.devicesPerUser; n++) t.type(await shard.one(add(n)), 'object');
    t.equal(await shard.one(add(99)), 'too_many_devices');
    t.type(await shard.one(add(2)), 'object', 'one that is in is answered all the same');
    await shard.one(remove(2));
    t.match(devicesOf(await shard.one(add(99))), ['ann:1', 'ann:3', 'ann:4', 'ann:5', 'ann:6']);
  });

  void t.test(name('a device is removed once, and its number never given again'), async t => {
    const shard = begin(t, contract);
    await shard.one(register());
    t.equal(await shard.one(remove(1)), 'last_device');
    await shard.one(add(2));
    const account = await shard.one(remove(2));
    t.match(account, { version: 3, removed: ['ann:2'] });
    t.same(devicesOf(account), ['ann:1']);
    t.same(await shard.one(remove(2)), account, 'again: the same answer');
    t.equal(await shard.one(remove(7)), 'unknown_device');
    t.equal(await shard.one({ kind: 'remove_device', device: dev('nobody') }), 'unknown_device');
    t.equal(await shard.one(add(5, dev('ann', 2))), 'device_removed', 'it lets nobody in');
    shard.reopen();
    t.same(devicesOf(await shard.one(add(2))), ['ann:1', 'ann:3']);
  });

  void t.test(name('the first device may go, and its key registers nobody'), async t => {
    const shard = begin(t, contract);
    await shard.commit(register(), add(2));
    t.same(devicesOf(await shard.one(remove(1))), ['ann:2']);
    t.equal(await shard.one(register()), 'handle_taken');
  });

  void t.test(name('a removed device takes nothing more; its senders are told'), async t => {
    const shard = begin(t, contract);
    const [bob, gone] = [dev('bob'), dev('ann', 2)];
    await shard.commit(register(), add(2));
    await shard.commit(send(bob, 1, [gone]), send(bob, 2, [gone]), send(bob, 3, [gone]));
    await shard.one(ack(gone, 1));
    // What waits for it besides messages goes as well.
    await shard.commit(send(gone, 1, [bob]), ack(bob, 2));
    const { appended } = await shard.commit(remove(2));
    t.match(decoded(appended.get(bob)), [{ kind: 'undelivered', peer: gone, after: 1, upTo: 3 }]);
    t.same(await shard.rows(gone), []);
    shard.reopen();
    // Sent by who had not heard of it, in a direct conversation and with company.
    t.equal((await shard.one(send(bob, 4, [gone]))).kind, 'accepted');
    t.equal((await shard.one(send(bob, 5, [gone, dev('ann')]))).kind, 'accepted');
    t.match(
      (await shard.rows(bob)).filter(row => row.kind === 'undelivered'),
      [
        { peer: gone, after: 1, upTo: 3 },
        { peer: gone, after: 3, upTo: 4 },
        { peer: gone, after: 4, upTo: 5 },
      ],
    );
    t.match(await shard.rows(dev('ann')), [{ seq: 5 }]);
    // Receipts and marks for it are for nobody.
    await shard.commit(ack(bob, 100), read(bob, 6, { sender: gone, upTo: 1 }));
    t.same(await shard.rows(gone), []);
    t.equal((await shard.one({ kind: 'expire', after: '', before: 1e9, devices: 9 })).expired, 1);
  });

  void t.test(name('a removed device takes nothing in the batch that removes it'), async t => {
    const shard = begin(t, contract);
    const [bob, gone] = [dev('bob'), dev('ann', 2)];
    await shard.commit(register(), add(2), send(bob, 1, [gone]), remove(2), send(bob, 2, [gone]));
    t.same(await shard.rows(gone), []);
    t.match(await shard.rows(bob), [
      { kind: 'undelivered', after: 0, upTo: 1 },
      { kind: 'undelivered', after: 1, upTo: 2 },
    ]);
  });

  void t.test(name('users block and unblock others'), async t => {
    const shard = begin(t, contract);
    const block = (other: string, blocked: boolean) =>
      shard.one({ kind: 'set_blocked', user: ann, other: other as UserId, blocked });
    t.equal(await block('bob', true), 'unknown_user');
    await shard.one(register());
    t.match(await block('bob', true), { blocked: ['bob'], version: 1 });
    t.match(await block('bob', true), { blocked: ['bob'] });
    t.match(await block('eve', true), { blocked: ['bob', 'eve'] });
    shard.reopen();
    t.match(await block('bob', false), { blocked: ['eve'] });
    t.match(await block('bob', false), { blocked: ['eve'] });
  });

  void t.test(name('a user blocks so many others and no more'), async t => {
    const shard = begin(t, contract);
    await shard.one(register());
    const block = (other: string) =>
      ({ kind: 'set_blocked', user: ann, other: other as UserId, blocked: true }) as const;
    await shard.store.commit(
      Array.from({ length: limits.blockedUsers }, (_, i) => block(`other${i}`)),
    );
    t.equal(await shard.one(block('one-more')), 'block_list_full');
    t.match(await shard.one(block('other0')), { user: ann });
  });

  void t.test(name('an invite is used up, by as many users as it has uses'), async t => {
    const shard = begin(t, contract);
    const use = (user: string, code = 'one', at = 5) =>
      shard.one({ kind: 'use_invite', code, user, at });
    t.same(await shard.one({ kind: 'make_invite', code: 'one', uses: 2, expiresAt: 10 }), {
      code: 'one',
    });
    t.equal(await use('ann', 'other'), 'bad_invite');
    t.equal(await use('ann'), 'ok');
    t.equal(await use('ann'), 'ok', 'who has used it repeats it');
    shard.reopen();
    t.equal(await use('bob', 'one', 10), 'bad_invite', 'it has expired');
    t.equal(await use('bob'), 'ok');
    t.equal(await use('cid'), 'bad_invite');
    t.equal(await use('ann', 'one', 99), 'ok', 'who has used it repeats it, also later');
  });
}
