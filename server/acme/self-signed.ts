/**
 * A certificate that nobody trusts, for the time until there is one. With it the server can start and be watched before
 * the authority has answered.
 */
import { createPrivateKey, createPublicKey, webcrypto } from 'node:crypto';

const EC = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const DAY_MS = 24 * 3600 * 1000;

/** @param key PEM, on P-256 @returns PEM */
export async function selfSigned(key: string, domains: readonly string[]): Promise<string> {
  const x509 = await import('@peculiar/x509');
  const privateKey = createPrivateKey(key);
  const pkcs8 = privateKey.export({ type: 'pkcs8', format: 'der' });
  const spki = createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
  const { subtle } = webcrypto;
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: '01',
    name: `CN=${domains[0] ?? ''}`,
    notBefore: new Date(Date.now() - DAY_MS),
    notAfter: new Date(Date.now() + DAY_MS),
    keys: {
      privateKey: await subtle.importKey('pkcs8', pkcs8, EC, true, ['sign']),
      publicKey: await subtle.importKey('spki', spki, EC, true, ['verify']),
    },
    signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
    extensions: [
      new x509.SubjectAlternativeNameExtension(domains.map(value => ({ type: 'dns', value }))),
    ],
  });
  return certificate.toString('pem');
}
