import type { X509Certificate } from 'node:crypto';

/**
 * Whether another certificate is to be had: this one is a placeholder, is not for all the names, or two thirds of its
 * life are over, which leaves time for many tries.
 * @param nowMs since 1970
 */
export function isDue(
  certificate: X509Certificate,
  domains: readonly string[],
  nowMs: number,
): boolean {
  if (certificate.issuer === certificate.subject) return true;
  if (domains.some(domain => certificate.checkHost(domain) === undefined)) return true;
  const from = Date.parse(certificate.validFrom);
  const to = Date.parse(certificate.validTo);
  return to - nowMs < (to - from) / 3;
}
