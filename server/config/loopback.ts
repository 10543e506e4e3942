/** Which addresses are this machine's own; who registers on them sits at this machine already. */
import { BlockList, isIP } from 'node:net';

const loopback = new BlockList();
// For the mapped form; IPv4 itself is asked about for each socket and told by its first byte.
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** True for `localhost`, 127.0.0.0/8, ::1 and their IPv4-mapped forms. */
export function isLoopback(host: string): boolean {
  if (host === 'localhost') return true;
  const family = isIP(host);
  if (family === 4) return host.startsWith('127.');
  return family === 6 && loopback.check(host, 'ipv6');
}

/** Who may register when nothing is configured: everybody where only this machine can connect, else by invitation. */
export const defaultRegistration = (host: string): 'open' | 'invite' =>
  isLoopback(host) ? 'open' : 'invite';
