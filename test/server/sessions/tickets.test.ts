import t from 'tap';
import { Tickets } from '../../../server/sessions/tickets.ts';
import { dev } from '../../contract/shard/fixture.ts';

const ann = dev('ann');
const secret = Buffer.alloc(32, 7);
const lifeMs = 1_000;

void t.test('a ticket is good for its device until it expires', t => {
  const tickets = new Tickets(secret, lifeMs);
  const { ticket, expiresAt } = tickets.issue(ann, 5_000);
  t.equal(expiresAt, 6_000);
  t.ok(tickets.isValid(ann, ticket, 5_000));
  t.ok(tickets.isValid(ann, ticket, 5_999));
  t.notOk(tickets.isValid(ann, ticket, 6_000));
  t.notOk(tickets.isValid(dev('ann', 2), ticket, 5_000));
  t.notOk(tickets.isValid(dev('bob'), ticket, 5_000));
  t.ok(new Tickets(secret, 1).isValid(ann, ticket, 5_000), 'also after a restart');
  t.notOk(
    new Tickets(Buffer.alloc(32, 8), lifeMs).isValid(ann, ticket, 5_000),
    'but not elsewhere',
  );
  t.end();
});

void t.test('a ticket with any bit changed is none, nor one of another length', t => {
  const tickets = new Tickets(secret, lifeMs);
  const { ticket } = tickets.issue(ann, 5_000);
  for (let bit = 0; bit < ticket.length * 8; bit++) {
    const forged = Buffer.from(ticket);
    forged[bit >> 3]! ^= 1 << (bit & 7);
    if (tickets.isValid(ann, forged, 0)) t.fail(`bit ${bit} may be changed`);
  }
  t.notOk(tickets.isValid(ann, ticket.subarray(0, -1), 0));
  t.notOk(tickets.isValid(ann, Buffer.concat([ticket, Buffer.alloc(1)]), 0));
  t.notOk(tickets.isValid(ann, new Uint8Array(0), 0));
  t.end();
});

void t.test('a ticket of a device whose name begins another’s is not its', t => {
  const tickets = new Tickets(secret, lifeMs);
  const { ticket } = tickets.issue(dev('ann', 1), 0);
  t.notOk(tickets.isValid(dev('ann', 11), ticket, 0));
  t.end();
});

void t.test('a short secret is refused', t => {
  t.throws(() => new Tickets(Buffer.alloc(31), lifeMs), new RangeError('a ticket secret takes 32 bytes or more, got 31')); // prettier-ignore
  t.end();
});
