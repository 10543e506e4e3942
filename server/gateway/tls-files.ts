/** Checks key and certificate before uWebSockets.js, which does not say what is wrong with them. */
import { readFileSync, statSync } from 'node:fs';
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

/** How often the files are looked at for new ones. */
export const TLS_LOOK_MS = 10_000;

/** Tells one state of the files from another; links are followed, as renewals like to change where they lead. */
export const tlsState = (tls: NonNullable<GatewayOptions['tls']>): string =>
  [tls.keyFile, tls.certificateFile]
    .map(file => {
      const found = statSync(file, { throwIfNoEntry: false });
      return found === undefined ? 'none' : `${found.ino} ${found.size} ${found.mtimeMs}`;
    })
    .join(', ');
