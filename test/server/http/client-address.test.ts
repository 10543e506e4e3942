import t from 'tap';
import {
  addressKey,
  clientAddressFinder,
  normaliseAddress,
} from '../../../server/http/client-address.ts';

void t.test('one spelling per address', async t => {
  t.equal(normaliseAddress('192.0.2.1'), '192.0.2.1');
  t.equal(normaliseAddress('0000:0000:0000:0000:0000:ffff:c000:0201'), '192.0.2.1');
  t.equal(normaliseAddress('::ffff:192.0.2.1'), '192.0.2.1');
  t.equal(normaliseAddress('2001:0DB8:0000:0000:0000:0000:0000:0001'), '2001:db8::1');
  t.equal(normaliseAddress('unknown'), undefined);
});

void t.test('limits count an IPv6 network', async t => {
  t.equal(addressKey('192.0.2.1'), '192.0.2.1');
  t.equal(addressKey('2001:db8::1'), '2001:db8:0:0::/64');
  t.equal(addressKey('2001:db8:1:2:3:4:5:6'), '2001:db8:1:2::/64');
  t.equal(addressKey('::1'), '0:0:0:0::/64');
});

void t.test('X-Forwarded-For is believed as far as trusted proxies wrote it', async t => {
  const find = clientAddressFinder(['10.0.0.0/8', '192.0.2.7', '2001:db8::/32']);
  t.equal(find('198.51.100.1', '203.0.113.1'), '198.51.100.1', 'no proxy of ours');
  t.equal(find('10.1.2.3', undefined), '10.1.2.3');
  t.equal(find('10.1.2.3', '203.0.113.1'), '203.0.113.1');
  t.equal(find('10.1.2.3', '1.1.1.1, 203.0.113.1'), '203.0.113.1', 'the left can be forged');
  t.equal(find('10.1.2.3', '203.0.113.1, 192.0.2.7'), '203.0.113.1', 'a chain of proxies');
  t.equal(find('2001:0db8::1', '2001:DB9::0001'), '2001:db9::1');
  t.equal(find('10.1.2.3', 'nonsense'), '10.1.2.3');
  t.equal(find('10.1.2.3', '203.0.113.1, nonsense'), '10.1.2.3');
  t.equal(find('10.1.2.3', '10.9.9.9'), '10.9.9.9');
  t.equal(clientAddressFinder([])('10.1.2.3', '203.0.113.1'), '10.1.2.3');
  t.equal(find('0000:0000:0000:0000:0000:ffff:0a01:0203', '203.0.113.1'), '203.0.113.1');
});
