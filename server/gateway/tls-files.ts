/** Checks key and certificate before uWebSockets.js, which does not say what is wrong with them. */
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import type { GatewayOptions } from './options.ts';

/** A sentence that says what is wrong with the files, undefined when nothing is. */
export function tlsError(tls: GatewayOptions['tls']): string | undefined {
  if (tls === undefined) return undefined;
  let key: Buffer;
  let cert: Buffer;
  try {
    key = readFileSync(tls.keyFile);
    cert = readFileSync(tls.certificateFile);
  } catch (error) {
    const { path = '', code = '' } = error as NodeJS.ErrnoException;
    return `${path} cannot be read (${code}): tls.key and tls.certificate name PEM files.`;
  }
  try {
    createSecureContext({ key, cert });
    return undefined;
  } catch (error) {
    return `${tls.keyFile} and ${tls.certificateFile} are not a PEM key and the certificate that fits it: ${(error as Error).message}.`;
  }
}
