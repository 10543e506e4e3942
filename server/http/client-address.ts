/** Whose address a request comes from: in one spelling, through trusted proxies, and as what limits count. */
import { BlockList, isIP, SocketAddress } from 'node:net';

/**
 * One spelling per address: IPv4 as such (also when it came mapped into IPv6), IPv6 in its short form.
 * Undefined for what is no address.
 */
export function normaliseAddress(text: string): string | undefined {
  const family = isIP(text);
  if (family === 0) return undefined;
  if (family === 4) return text;
  const { address } = new SocketAddress({ address: text, family: 'ipv6' });
  const mapped = /^::ffff:([0-9.]+)$/.exec(address)?.[1];
  return mapped !== undefined && isIP(mapped) === 4 ? mapped : address;
}

/**
 * What limits count: an IPv4 address, or the /64 network of an IPv6 address, which is the least that one
 * customer is given (RFC 6177).
 */
export function addressKey(address: string): string {
  if (isIP(address) !== 6) return address;
  return `${expand(address).slice(0, 4).join(':')}::/64`;
}

/** The eight groups of an IPv6 address in its short form, without leading zeros. */
function expand(address: string): string[] {
  const [head = '', tail] = address.split('::');
  const groups = (part: string): string[] => (part === '' ? [] : part.split(':'));
  if (tail === undefined) return groups(head);
  const [before, after] = [groups(head), groups(tail)];
  const zeros = Math.max(0, 8 - before.length - after.length);
  return [...before, ...Array.from({ length: zeros }, () => '0'), ...after];
}

/** Finds the client behind the peer: {@link clientAddressFinder}. */
export type ClientAddress = (peer: string, forwardedFor: string | undefined) => string;

/**
 * Looks through proxies: as long as the nearest address is a trusted proxy's, the last entry of `X-Forwarded-For`
 * that is not yet used is believed. Anybody can put anything to the left of that.
 *
 * @param trusted addresses and networks (CIDR), checked by the configuration
 */
export function clientAddressFinder(trusted: readonly string[]): ClientAddress {
  const list = new BlockList();
  for (const entry of trusted) {
    const [address = '', prefix] = entry.split('/');
    const family = isIP(address) === 4 ? 'ipv4' : 'ipv6';
    if (prefix === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(prefix), family);
  }
  const isTrusted = (address: string) => list.check(address, isIP(address) === 4 ? 'ipv4' : 'ipv6');

  return (peer, forwardedFor) => {
    let client = normaliseAddress(peer) ?? peer;
    const entries = forwardedFor === undefined ? [] : forwardedFor.split(',');
    while (entries.length > 0 && isIP(client) !== 0 && isTrusted(client)) {
      const next = normaliseAddress((entries.pop() ?? '').trim());
      if (next === undefined) break;
      client = next;
    }
    return client;
  };
}
