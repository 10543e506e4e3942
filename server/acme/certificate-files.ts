/** What ACME keeps in the data directory: the account's key, the certificate's key, the certificate with its chain. */
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  X509Certificate,
} from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { selfSigned } from './self-signed.ts';

const OWNER_ONLY = 0o700;
const OWNER_READS = 0o600;

export class CertificateFiles {
  readonly #directory: string;
  readonly #keyFile: string;
  readonly #certificateFile: string;

  /** @param tls where the gateway reads */
  constructor(tls: { readonly keyFile: string; readonly certificateFile: string }) {
    this.#directory = dirname(tls.keyFile);
    this.#keyFile = tls.keyFile;
    this.#certificateFile = tls.certificateFile;
  }

  /** PEM; made on the first use, and the same ever after: it is who we are to the authority. */
  accountKey(): string {
    return this.#key(join(this.#directory, 'account-key.pem'));
  }

  /**
   * PEM; stays when the certificate is renewed, so that a new certificate is one file that takes the old one's place
   * in one step.
   */
  key(): string {
    return this.#key(this.#keyFile);
  }

  /** The certificate that the gateway uses; a placeholder is made when there is none for the key. */
  async certificate(domains: readonly string[]): Promise<X509Certificate> {
    const found = this.#readCertificate();
    if (found !== undefined) return found;
    this.put(await selfSigned(this.key(), domains));
    return new X509Certificate(readFileSync(this.#certificateFile));
  }

  /** @param chain PEM @throws when it is not for the key */
  put(chain: string): void {
    if (!this.#fits(new X509Certificate(chain)))
      throw new Error('the certificate is not for the key that it was asked for');
    this.#write(this.#certificateFile, chain);
  }

  #readCertificate(): X509Certificate | undefined {
    if (!existsSync(this.#certificateFile)) return undefined;
    const text = readFileSync(this.#certificateFile, 'utf8');
    // Somebody put something else there: it is not used, and replaced.
    if (!text.includes('-----BEGIN CERTIFICATE-----')) return undefined;
    const certificate = new X509Certificate(text);
    return this.#fits(certificate) ? certificate : undefined;
  }

  #fits(certificate: X509Certificate): boolean {
    return certificate.publicKey.equals(createPublicKey(createPrivateKey(this.key())));
  }

  #key(file: string): string {
    if (!existsSync(file)) {
      const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      this.#write(file, privateKey.export({ type: 'pkcs8', format: 'pem' }) as string);
    }
    return readFileSync(file, 'utf8');
  }

  /** In one step: who reads meanwhile has all of the old file or all of the new one. */
  #write(file: string, text: string): void {
    mkdirSync(this.#directory, { recursive: true, mode: OWNER_ONLY });
    chmodSync(this.#directory, OWNER_ONLY);
    const unfinished = `${file}.unfinished`;
    writeFileSync(unfinished, text, { mode: OWNER_READS, flush: true });
    chmodSync(unfinished, OWNER_READS);
    renameSync(unfinished, file);
  }
}
