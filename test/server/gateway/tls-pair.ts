import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import type { Test } from 'tap';

/** The paths of a key and its certificate, in a directory that goes with the test. */
export interface TlsPair {
  readonly keyFile: string;
  readonly certificateFile: string;
}

export function tlsPair(t: Test): TlsPair {
  const directory = mkdtempSync(join(tmpdir(), 'strowger-tls-'));
  t.teardown(() => rmSync(directory, { recursive: true }));
  return {
    keyFile: join(directory, 'key.pem'),
    certificateFile: join(directory, 'certificate.pem'),
  };
}

/** Writes a new key and a certificate for this name over what is there. */
export function makeCertificate({ keyFile, certificateFile }: TlsPair, name: string): void {
  execFileSync(
    'openssl',
    ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
      .concat(['-keyout', keyFile, '-out', certificateFile])
      .concat(['-subj', `/CN=${name}`, '-days', '1']),
    { stdio: 'ignore' },
  );
}

/** The name that the certificate of whoever listens here is for. */
export function nameServed(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false }, () => {
      resolve(String(socket.getPeerCertificate().subject.CN));
      socket.destroy();
    });
    socket.once('error', reject);
  });
}
