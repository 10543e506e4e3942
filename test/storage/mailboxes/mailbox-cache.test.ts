import t from 'tap';
import { MailboxCache } from '../../../storage/mailboxes/mailbox-cache.ts';
import { MailboxState, newWatermark, PairState } from '../../../storage/mailboxes/mailbox-state.ts';
import { RecentRows } from '../../../storage/mailboxes/recent-rows.ts';
import { noMessage } from '../../../storage/mailboxes/row-tails.ts';
import { dev } from '../../contract/shard/fixture.ts';

const add = (cache: MailboxCache, user: string): MailboxState => {
  const box = new MailboxState(newWatermark(dev(user)));
  cache.add(box);
  return box;
};

const names = (cache: MailboxCache): string[] => [...cache.all()].map(({ device }) => device);

void t.test('those read longest ago are forgotten when there are too many', t => {
  const cache = new MailboxCache(2);
  for (const user of ['a', 'b', 'c']) add(cache, user);
  t.same(names(cache), ['a:1', 'b:1', 'c:1'], 'not within a batch');
  cache.trim();
  t.same(names(cache), ['b:1', 'c:1']);
  t.equal(cache.get(dev('a')), undefined);
  t.end();
});

void t.test('pairs and recent rows count, when they come and when they go', t => {
  const cache = new MailboxCache(4);
  const [a, b] = [add(cache, 'a'), add(cache, 'b')];
  a.pairs = new Map([[dev('x'), new PairState(a.device, dev('x'), undefined)]]);
  a.recent = new RecentRows();
  for (let n = 1; n <= 2; n++) a.recent.append(n, { ...noMessage, peer: null });
  cache.weigh(a);
  a.recent.take(1, 2);
  cache.weigh(a);
  cache.trim();
  t.same(names(cache), ['a:1', 'b:1']);
  b.recent = new RecentRows();
  for (let n = 1; n <= 2; n++) b.recent.append(n, { ...noMessage, peer: null });
  cache.weigh(b);
  cache.trim();
  t.same(names(cache), ['b:1']);
  t.end();
});

void t.test('what only the journal has besides is kept, however much it is', t => {
  const cache = new MailboxCache(2);
  const boxes = ['a', 'b', 'c', 'd', 'e'].map(user => add(cache, user));
  for (const i of [0, 2, 4])
    (boxes[i] as MailboxState).since = { id: 1, bytes: 0, at: 0, needed: 1 };
  cache.trim();
  t.same(names(cache).sort(), ['a:1', 'c:1', 'e:1']);
  (boxes[2] as MailboxState).since = undefined;
  cache.trim();
  t.same(names(cache).sort(), ['a:1', 'e:1']);
  t.end();
});
